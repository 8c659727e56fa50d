/* What the parts of the ops suite share: a graph for each test, constants from lists, values of nodes. */
#ifndef OPS_TEST_H
#define OPS_TEST_H

#include <check.h>
#include <math.h>
#include <string.h>
#include <wengert.h>

TCase *ops_elementwise_tests(void);
TCase *ops_extremes_tests(void);
TCase *ops_shape_tests(void);
TCase *ops_reduction_tests(void);
TCase *ops_loss_tests(void);
TCase *ops_activation_tests(void);
TCase *ops_random_tests(void);
TCase *ops_control_tests(void);
TCase *ops_moves_tests(void);
TCase *ops_index_tests(void);
TCase *ops_linear_tests(void);
TCase *ops_precision_tests(void);
TCase *ops_conv_tests(void);
TCase *ops_pool_tests(void);
TCase *ops_attention_tests(void);

extern wg_graph *g; /* new for each test */
void set_up(void);
void tear_down(void);

/* The value of a node of constants, contiguous, valid until the test ends. When there is none, the test fails. */
wg_view value_in(wg_node *, wg_mode, int threads);
wg_view value(wg_node *);
double element(wg_node *, int64_t index);
/* The status of compiling and running it. */
wg_status run_status(wg_node *);

/* An f64 constant from a list: VECTOR(1, 2, 3), or of a shape: TENSOR(WG_SHAPE(2, 2), 1, 2, 3, 4). */
wg_node *constant(wg_dtype, wg_shape, const double *values);
#define VECTOR(...) OF_TYPE(WG_F64, __VA_ARGS__)
#define OF_TYPE(type, ...) \
    constant((type), WG_SHAPE((int64_t)WG_COUNT(((double[]){ __VA_ARGS__ }))), (double[]){ __VA_ARGS__ })
#define TENSOR(shape, ...) constant(WG_F64, (shape), (double[]){ __VA_ARGS__ })
/* Values that look random, in -1..1, each a multiple of 1/1024. */
wg_node *scattered(wg_dtype, wg_shape, uint64_t seed);

/* All elements, equal as doubles; NaN equals NaN. */
#define ASSERT_VALUES(node, ...) ASSERT_NEAR(node, 0, __VA_ARGS__)
#define ASSERT_NEAR(node, tolerance, ...) \
    assert_values(#node, (node), (tolerance), WG_COUNT(((double[]){ __VA_ARGS__ })), (double[]){ __VA_ARGS__ })
void assert_values(const char *what, wg_node *, double tolerance, size_t n, const double *expected);
void assert_shape(wg_node *, wg_shape);
/* The call failed with that status and a text that holds `part`; clears the graph for the next one. */
#define ASSERT_FAILS(node, status, part) assert_fails(#node, (node), (status), (part))
void assert_fails(const char *what, wg_node *, wg_status, const char *part);

#endif
