/* The built-in operators. Names and attributes follow NumPy and PyTorch; docs: `wengert ops`.
 *
 * Every function returns a node of its operands' graph, or NULL (see wg_apply in op.h for the statuses), and accepts
 * NULL operands, which make the result NULL. Operands of two-operand functions broadcast as in NumPy unless said. `axis`
 * may be negative. Element types must agree (wg_cast), except that wg_const takes the type it meets.
 */
#ifndef WENGERT_OPS_H
#define WENGERT_OPS_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wg_reduction {
    WG_MEAN,
    WG_SUM,
    WG_NONE,
    WG_BATCHMEAN /* the sum, divided by the size of axis 0: kl_div alone */
} wg_reduction;

/* linear algebra: op(a) op(b), where op transposes the last two axes; batch dimensions broadcast, vectors as in NumPy */
WG_API wg_node *wg_matmul(wg_node *a, wg_node *b);
WG_API wg_node *wg_matmul_t(wg_node *a, bool transpose_a, wg_node *b, bool transpose_b);

/* arithmetic */
WG_API wg_node *wg_add(wg_node *, wg_node *);
WG_API wg_node *wg_sub(wg_node *, wg_node *);
WG_API wg_node *wg_mul(wg_node *, wg_node *);
WG_API wg_node *wg_div(wg_node *, wg_node *);
WG_API wg_node *wg_pow(wg_node *, wg_node *);
WG_API wg_node *wg_maximum(wg_node *, wg_node *); /* a tie shares its gradient equally */
WG_API wg_node *wg_minimum(wg_node *, wg_node *);
WG_API wg_node *wg_hypot(wg_node *, wg_node *); /* sqrt(x^2 + y^2), no overflow; gradient NaN at the origin */
WG_API wg_node *wg_atan2(wg_node *y, wg_node *x); /* the angle of (x, y) in -pi..pi; gradient NaN at the origin */
WG_API wg_node *wg_scale(wg_node *, double factor); /* x * factor */
WG_API wg_node *wg_shift(wg_node *, double offset); /* x + offset */
WG_API wg_node *wg_neg(wg_node *);
WG_API wg_node *wg_abs(wg_node *); /* gradient 0 at 0 */
WG_API wg_node *wg_sign(wg_node *);
WG_API wg_node *wg_floor(wg_node *); /* floor, ceil, round: gradient 0 everywhere; integers pass unchanged */
WG_API wg_node *wg_ceil(wg_node *);
WG_API wg_node *wg_round(wg_node *); /* halves to the even neighbour */
WG_API wg_node *wg_exp(wg_node *);
WG_API wg_node *wg_expm1(wg_node *);
WG_API wg_node *wg_log(wg_node *);
WG_API wg_node *wg_log2(wg_node *);
WG_API wg_node *wg_log1p(wg_node *);
WG_API wg_node *wg_square(wg_node *);
WG_API wg_node *wg_sqrt(wg_node *);
WG_API wg_node *wg_rsqrt(wg_node *);
WG_API wg_node *wg_reciprocal(wg_node *);
WG_API wg_node *wg_sin(wg_node *);
WG_API wg_node *wg_cos(wg_node *);
WG_API wg_node *wg_tan(wg_node *);
WG_API wg_node *wg_asin(wg_node *);
WG_API wg_node *wg_acos(wg_node *);
WG_API wg_node *wg_atan(wg_node *);
WG_API wg_node *wg_sinh(wg_node *);
WG_API wg_node *wg_cosh(wg_node *);
WG_API wg_node *wg_tanh(wg_node *);
WG_API wg_node *wg_asinh(wg_node *);
WG_API wg_node *wg_acosh(wg_node *);
WG_API wg_node *wg_atanh(wg_node *);
WG_API wg_node *wg_erf(wg_node *);
WG_API wg_node *wg_erfc(wg_node *);
WG_API wg_node *wg_lgamma(wg_node *);  /* log |gamma(x)|; infinite at 0, -1, -2 .. */
WG_API wg_node *wg_digamma(wg_node *); /* its derivative; -infinity at 0, NaN at -1, -2 .. */
/* The n-th derivative of digamma, n in 0..100 or WG_ERR_ARG. The gradient is that of n + 1. */
WG_API wg_node *wg_polygamma(int64_t n, wg_node *);

/* activations: the gradients at kinks are PyTorch's */
WG_API wg_node *wg_sigmoid(wg_node *);
WG_API wg_node *wg_softplus(wg_node *); /* log(1 + exp(x)), without overflow */
WG_API wg_node *wg_relu(wg_node *);     /* gradient 0 at 0 */
WG_API wg_node *wg_leaky_relu(wg_node *, double slope);
/* log(1 + exp(beta x)) / beta; x itself where beta x > threshold. beta > 0, or WG_ERR_ARG. */
WG_API wg_node *wg_softplus_at(wg_node *, double beta, double threshold);
WG_API wg_node *wg_log_sigmoid(wg_node *);
WG_API wg_node *wg_softsign(wg_node *); /* x / (1 + |x|) */
WG_API wg_node *wg_silu(wg_node *);     /* x sigmoid(x) */
WG_API wg_node *wg_mish(wg_node *);     /* x tanh(softplus(x)) */
WG_API wg_node *wg_gelu(wg_node *);     /* x times the normal distribution function of x */
WG_API wg_node *wg_gelu_tanh(wg_node *); /* its approximation by tanh */
WG_API wg_node *wg_elu(wg_node *, double alpha);  /* x, below 0 alpha (exp(x) - 1); gradient alpha at 0 */
WG_API wg_node *wg_selu(wg_node *);
WG_API wg_node *wg_celu(wg_node *, double alpha); /* x, below 0 alpha (exp(x / alpha) - 1); alpha = 0: WG_ERR_ARG */
WG_API wg_node *wg_relu6(wg_node *);              /* gradient 0 at 0 and 6 */
/* min(max(x, min), max), of floats or integers; either bound may be infinite, and where min > max the result is max.
 * The gradient passes at the bounds. WG_ERR_ARG: a bound is NaN, or no whole number and x of integers. */
WG_API wg_node *wg_clip(wg_node *, double min, double max);
/* The same of floats, with gradient 0 at the bounds. WG_ERR_ARG: min > max. */
WG_API wg_node *wg_hardtanh(wg_node *, double min, double max);
WG_API wg_node *wg_hard_sigmoid(wg_node *); /* min(max(x + 3, 0), 6) / 6; gradient 0 at -3 and 3 */
WG_API wg_node *wg_hard_swish(wg_node *);   /* x hard_sigmoid(x); gradient 0 at -3, 1 at 3 */

/* comparisons give bool; where selects by bool */
WG_API wg_node *wg_eq(wg_node *, wg_node *);
WG_API wg_node *wg_ne(wg_node *, wg_node *);
WG_API wg_node *wg_lt(wg_node *, wg_node *);
WG_API wg_node *wg_le(wg_node *, wg_node *);
WG_API wg_node *wg_gt(wg_node *, wg_node *);
WG_API wg_node *wg_ge(wg_node *, wg_node *);
WG_API wg_node *wg_logical_and(wg_node *, wg_node *);
WG_API wg_node *wg_logical_or(wg_node *, wg_node *);
WG_API wg_node *wg_logical_not(wg_node *);
WG_API wg_node *wg_where(wg_node *condition, wg_node *a, wg_node *b);

/* types and copies of shape */
WG_API wg_node *wg_cast(wg_node *, wg_dtype); /* float to integer truncates; anything to bool is x != 0 */
WG_API wg_node *wg_zeros_like(wg_node *);
WG_API wg_node *wg_ones_like(wg_node *);
WG_API wg_node *wg_zeros(wg_graph *, wg_dtype, wg_shape); /* named sizes as given in the run */
WG_API wg_node *wg_sum_to_like(wg_node *x, wg_node *like); /* undoes a broadcast: sums x down to like's shape */
WG_API wg_node *wg_broadcast_like(wg_node *x, wg_node *like);
WG_API wg_node *wg_reshape_like(wg_node *x, wg_node *like);

/* reductions; sums of bool and integers count in i64 */
WG_API wg_node *wg_sum(wg_node *, wg_axes, bool keepdims);
WG_API wg_node *wg_mean(wg_node *, wg_axes, bool keepdims);
WG_API wg_node *wg_max(wg_node *, wg_axes, bool keepdims); /* ties share the gradient equally */
WG_API wg_node *wg_min(wg_node *, wg_axes, bool keepdims);
WG_API wg_node *wg_argmax(wg_node *, int axis); /* i64, the first of equals; the axis is dropped */
WG_API wg_node *wg_softmax(wg_node *, int axis);
WG_API wg_node *wg_log_softmax(wg_node *, int axis);

/* shape */
WG_API wg_node *wg_reshape(wg_node *, wg_shape); /* one size may be -1 (WG_ANY): what is left; 0 copies that axis */
WG_API wg_node *wg_flatten(wg_node *, int from_axis); /* (N,64,64,3) from 1: (N,12288) */
WG_API wg_node *wg_transpose(wg_node *);              /* all axes reversed */
WG_API wg_node *wg_permute(wg_node *, wg_axes);
WG_API wg_node *wg_expand_dims(wg_node *, wg_axes);
WG_API wg_node *wg_squeeze(wg_node *, wg_axes);
WG_API wg_node *wg_broadcast_to(wg_node *, wg_shape);
WG_API wg_node *wg_concat(wg_nodes, int axis);

/* losses: operands of equal shape, never broadcast. WG_NONE keeps the operands' shape. */
WG_API wg_node *wg_bce(wg_node *p, wg_node *y, wg_reduction); /* probabilities; labels in [0, 1] or the run fails: WG_ERR_RANGE */
WG_API wg_node *wg_bce_logits(wg_node *z, wg_node *y, wg_reduction);
/* Positive examples count pos_weight times (not negative: WG_ERR_ARG). */
WG_API wg_node *wg_bce_logits_weighted(wg_node *z, wg_node *y, double pos_weight, wg_reduction);
WG_API wg_node *wg_mse(wg_node *x, wg_node *y, wg_reduction);
WG_API wg_node *wg_l1(wg_node *x, wg_node *y, wg_reduction); /* gradient 0 where x = y */
/* With d = x - y: d^2 / 2 up to |d| = delta, then delta (|d| - delta / 2). delta > 0, or WG_ERR_ARG. */
WG_API wg_node *wg_huber(wg_node *x, wg_node *y, double delta, wg_reduction);
/* d^2 / (2 beta) below |d| = beta, then |d| - beta / 2. beta >= 0, or WG_ERR_ARG; with 0 it is l1. */
WG_API wg_node *wg_smooth_l1(wg_node *x, wg_node *y, double beta, wg_reduction);
WG_API wg_node *wg_hinge(wg_node *x, wg_node *y, wg_reduction); /* max(0, 1 - x y); labels -1, 1 (not checked) */
/* p (log p - log_q), 0 where p = 0 (as is the gradient with respect to p); with log_target, p is given as log p.
 * WG_MEAN divides by all elements, as in PyTorch; the divergence of distributions is WG_BATCHMEAN or WG_SUM. */
WG_API wg_node *wg_kl_div(wg_node *log_q, wg_node *p, bool log_target, wg_reduction);
/* The cosine of the angle between a and b, of one shape, along the axis, which is dropped. Norms below 1e-8 (the
 * attribute eps) are taken for that. */
WG_API wg_node *wg_cosine_similarity(wg_node *a, wg_node *b, int axis);
typedef struct wg_cross_entropy_opts {
    size_t size;
    wg_reduction reduction;
    double label_smoothing;
    const int64_t *ignore_index; /* labels of this value count for nothing, and where all do the loss is 0; NULL: none */
} wg_cross_entropy_opts;
/* Labels are indices (i32, i64; the logits' shape without `axis`) or probabilities (the logits' shape). */
WG_API wg_node *wg_cross_entropy(wg_node *logits, wg_node *labels, int axis, const wg_cross_entropy_opts *);
/* The same of log-probabilities. */
WG_API wg_node *wg_nll(wg_node *log_p, wg_node *labels, int axis, const wg_cross_entropy_opts *);

/* Random leaves, f32 or f64 (bernoulli: or bool), of a shape whose named sizes are as given in the run: drawn anew at
 * each step (wg_step_counter), in either mode, without a gradient. Element i depends on the graph's seed, the leaf, the
 * step and i, not on threads. WG_ERR_ARG: low >= high, std < 0, p outside 0..1; WG_ERR_DTYPE; WG_ERR_SHAPE: a size is unknown. */
WG_API wg_node *wg_uniform(wg_graph *, wg_dtype, wg_shape, double low, double high); /* low <= x < high */
WG_API wg_node *wg_normal(wg_graph *, wg_dtype, wg_shape, double mean, double std);
WG_API wg_node *wg_bernoulli(wg_graph *, wg_dtype, wg_shape, double p); /* 1 with probability p, else 0 */

/* control */
WG_API wg_node *wg_dropout(wg_node *, double p); /* zero with probability p, else times 1/(1-p); x itself in WG_INFER */
WG_API wg_node *wg_by_mode(wg_node *training, wg_node *inference); /* which of the two, by the mode it is compiled in */
WG_API wg_node *wg_stop_gradient(wg_node *);
/* When a plan that wants it runs, the variable gets the value at the run's end. The result stands for that effect. */
WG_API wg_node *wg_assign(wg_node *variable, wg_node *value);
WG_API wg_node *wg_group(wg_nodes effects); /* one name for several effects */

#ifdef __cplusplus
}
#endif
#endif
