/* What the parts of the nn suite share. */
#ifndef NN_TEST_H
#define NN_TEST_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wengert.h>

TCase *nn_layer_tests(void);
TCase *nn_init_tests(void);

extern wg_graph *g; /* new for each test */
void set_up(void);
void tear_down(void);

/* All elements of y, with one input fed (x may be NULL); to be freed. */
double *values_of(wg_node *y, wg_node *x, wg_view fed);

#endif
