/* The notebooks' numbers, read from tests/golden/seed_values.json. */
#ifndef WG_TESTS_GOLDEN_BENCH_H
#define WG_TESTS_GOLDEN_BENCH_H

#include <check.h>
#include <jansson.h>
#include <wengert.h>

/* A matrix of the file; up to 32 elements. */
typedef struct golden {
    wg_shape shape;
    double data[32];
} golden;
wg_view golden_view(const golden *);

/* Opens the file; `section` is "cases" or "gradient_checks". Closed by golden_close. Fails the test where something is
 * missing. */
void golden_open(const char *section, const char *name);
void golden_close(void);
/* A member of the open case: golden_get("inputs", "W1"). */
golden golden_get(const char *part, const char *name);
double golden_number(const char *part, const char *name); /* part NULL: of the case itself */

/* ---- the case under test: a graph in the making, with inputs that have values ---- */

void begin(const char *section, const char *name); /* golden_open, and an empty graph */
void tear_down(void);
wg_graph *the_graph(void);
wg_node *given(const char *name);                       /* an input, of the case's "inputs" */
wg_node *given_param(const char *name);                 /* a param, with its value from there */
wg_node *linear(wg_node *w, wg_node *a, wg_node *bias); /* w a + bias */
wg_node *log_loss(wg_node *p, wg_node *y);              /* as the notebooks write it */
/* An exec for these nodes with everything fed, after one run. */
wg_exec *run(wg_nodes wanted);
/* The node's value is the case's "outputs" member, to 13 digits of its largest element. */
void expect(wg_node *, const char *output);
void golden_compare(wg_view got, wg_view expected, const char *what);

TCase *golden_checks(void);

#endif
