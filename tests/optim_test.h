/* What the cases of test_optim share: a small problem, and a loop over an optimiser's published formula. */
#ifndef WG_TESTS_OPTIM_TEST_H
#define WG_TESTS_OPTIM_TEST_H

#include "suite.h"
#include <wengert.h>

/* loss = sum(w^4 / 4 + w^2) of the param layer/w (N), in the type that `problem_dtype` says; made anew for each test. */
enum { N = 3, STEPS = 25 };
extern const double start[N];
extern wg_graph *g;
extern wg_node *w, *loss;
extern wg_dtype problem_dtype;
void set_up(void);
void tear_down(void);

double slope(double x); /* of one element's loss */
wg_grads gradients(void);
wg_node *rate(double);
/* Runs a plan of loss and update. */
void run(wg_node *update, int times);
/* The values of a node before each of the first n updates (of the step counter alone). */
void values_over_time(wg_node *scalar, double *value, int n);

TCase *rules_case(void);
TCase *schedules_case(void);
TCase *gradients_case(void);
TCase *averages_case(void);

#endif
