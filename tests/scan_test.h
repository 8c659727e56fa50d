/* What the files of the suite of scans share: a recurrent net of one cell, as a scan and written out. */
#ifndef WG_TESTS_SCAN_TEST_H
#define WG_TESTS_SCAN_TEST_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include <wengert.h>

#define OK(call) ck_assert_msg((call) == WG_OK, "%s", wg_error())

enum { N = 2, C = 3, H = 4, LONGEST = 7 };

extern wg_graph *g;                 /* of each test */
extern wg_node *x, *h0, *w, *u, *b; /* (N, T, C), (N, H), (C, H), (H, H), (H) */
extern double xs[N * LONGEST * C], starts[N * H];

void set_up(void);
void tear_down(void);
wg_exec *exec_of(wg_nodes wanted, int threads);
/* The first `length` steps of the input, and the first state. */
void feed(wg_exec *, int64_t length);
wg_node *total(wg_node *);

typedef struct net {
    wg_node *y, *last; /* (N, T, H), (N, H) */
} net;
net by_scan(void);
net by_scan_in(int64_t stretch);

void assert_alike(wg_exec *, wg_node *, wg_node *, double tolerance);
/* Runs and interpreter give the same bits. */
void assert_interpreted(wg_exec *, wg_node *);

TCase *scan_file_tests(void);
TCase *scan_mistake_tests(void);
TCase *scan_recurrent_tests(void);

#endif
