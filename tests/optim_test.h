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
/* Of layer/w and of three more params of two elements each: layer/b, norm/gamma, norm/beta. */
wg_grads two_layers(void);
wg_node *rate(double);
/* Runs a plan of loss and update. */
void run(wg_node *update, int times);
/* The values of a node before each of the first n updates (of the step counter alone). */
void values_over_time(wg_node *scalar, double *value, int n);

/* An optimiser, and its formula for one element x with derivative d, or for the whole of w; s are pieces of state, t counts
 * from 1. */
struct optimiser {
    wg_node *(*make)(wg_grads);
    double (*one)(double x, double d, double s[3], int t);
    void (*whole)(double x[N], double s[N][3], int t);
    const char *state[4]; /* the variables that it must have, and no more */
};
enum { ADAM = 3, LAMB = 10, OPTIMISERS };
extern const struct optimiser optimisers[OPTIMISERS];
/* One step of w by the formula, in place. */
void follow(const struct optimiser *, double x[N], double s[N][3], int t);

TCase *rules_case(void);
TCase *schedules_case(void);
TCase *gradients_case(void);
TCase *accumulation_case(void);
TCase *averages_case(void);

#endif
