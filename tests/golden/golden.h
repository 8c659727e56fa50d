/* The notebooks' numbers, read from tests/golden/seed_values.json. */
#ifndef WG_TESTS_GOLDEN_H
#define WG_TESTS_GOLDEN_H

#include <jansson.h>
#include <wengert.h>

/* A matrix of the file; up to 32 elements. */
typedef struct golden {
    wg_shape shape;
    double data[32];
} golden;
wg_view golden_view(const golden *);

/* Opens the file; `section` is "cases" or "gradient_checks". Closed by golden_close. Fails the test where something is missing. */
void golden_open(const char *section, const char *name);
void golden_close(void);
/* A member of the open case: golden_get("inputs", "W1"). */
golden golden_get(const char *part, const char *name);
double golden_number(const char *part, const char *name); /* part NULL: of the case itself */

/* A graph in the making, and the inputs that have values. */
typedef struct bench {
    wg_graph *graph;
    wg_node *fed[16];
    golden value[16];
    int n;
} bench;
bench *bench_new(void);
void bench_free(bench *);
wg_node *bench_input(bench *, const char *name, golden value); /* of its shape, to be fed with it */
wg_node *bench_param(bench *, const char *name, golden value); /* a param with that value */
/* An exec for these nodes with everything fed, after one run. */
wg_exec *bench_run(bench *, wg_nodes wanted);
/* The node's value is the file's outputs member, to 13 digits of its largest element. */
void bench_expect(bench *, wg_node *, const char *output);
void golden_compare(wg_view got, wg_view expected, const char *what);

#endif
