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

typedef enum wg_reduction { WG_MEAN, WG_SUM, WG_NONE } wg_reduction;

/* linear algebra: op(a) op(b), where op transposes the last two axes; batch dimensions broadcast, vectors as in NumPy */
WG_API wg_node *wg_matmul(wg_node *a, wg_node *b);
WG_API wg_node *wg_matmul_t(wg_node *a, bool transpose_a, wg_node *b, bool transpose_b);
WG_API wg_node *wg_outer(wg_node *a, wg_node *b); /* a_i b_j of two vectors */
/* Einstein's summation: "ij,jk->ik"; without "->" the letters that stand once, in alphabetic order; "..." for axes that
 * broadcast; a letter twice in one operand is its diagonal; sizes of 1 broadcast. WG_ERR_ARG: the equation; WG_ERR_SHAPE. At most
 * 63 characters. */
WG_API wg_node *wg_einsum(const char *equation, wg_nodes);
/* Square matrices a (.., n, n), each of a batch by itself. Where one is singular, or not positive definite, the run fails:
 * WG_ERR_RANGE; det and logdet (log |det|) have values there, 0 and -inf, but no gradients. */
WG_API wg_node *wg_cholesky(wg_node *a); /* the lower triangle L of L L^T = (a + a^T) / 2 */
WG_API wg_node *wg_inv(wg_node *a);
WG_API wg_node *wg_det(wg_node *a);
WG_API wg_node *wg_logdet(wg_node *a);
/* x with a x = b; b is (n), a vector, or (.., n, k); batches broadcast. */
WG_API wg_node *wg_solve(wg_node *a, wg_node *b);
/* The same for op(a) x = b, where only a's lower (upper) triangle is read, and op transposes it. Never fails: a zero on the
 * diagonal gives infinities. */
WG_API wg_node *wg_triangular_solve(wg_node *a, wg_node *b, bool lower, bool transpose);

/* arithmetic */
WG_API wg_node *wg_add(wg_node *, wg_node *);
WG_API wg_node *wg_sub(wg_node *, wg_node *);
WG_API wg_node *wg_mul(wg_node *, wg_node *);
WG_API wg_node *wg_div(wg_node *, wg_node *);
WG_API wg_node *wg_pow(wg_node *, wg_node *);
WG_API wg_node *wg_maximum(wg_node *, wg_node *); /* a tie shares its gradient equally */
WG_API wg_node *wg_minimum(wg_node *, wg_node *);
WG_API wg_node *wg_scale(wg_node *, double factor); /* x * factor */
WG_API wg_node *wg_shift(wg_node *, double offset); /* x + offset */
WG_API wg_node *wg_neg(wg_node *);
WG_API wg_node *wg_abs(wg_node *); /* gradient 0 at 0 */
WG_API wg_node *wg_sign(wg_node *);
WG_API wg_node *wg_exp(wg_node *);
WG_API wg_node *wg_expm1(wg_node *);
WG_API wg_node *wg_log(wg_node *);
WG_API wg_node *wg_log1p(wg_node *);
WG_API wg_node *wg_square(wg_node *);
WG_API wg_node *wg_sqrt(wg_node *);
WG_API wg_node *wg_rsqrt(wg_node *);
WG_API wg_node *wg_reciprocal(wg_node *);
WG_API wg_node *wg_sin(wg_node *);
WG_API wg_node *wg_cos(wg_node *);
WG_API wg_node *wg_tanh(wg_node *);
WG_API wg_node *wg_sigmoid(wg_node *);
WG_API wg_node *wg_softplus(wg_node *); /* log(1 + exp(x)), without overflow */
WG_API wg_node *wg_relu(wg_node *);     /* gradient 0 at 0 */
WG_API wg_node *wg_leaky_relu(wg_node *, double slope);

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
WG_API wg_node *wg_prod(wg_node *, wg_axes, bool keepdims); /* of bool and integers in i64 */
/* sum((x - mean)^2) / (n - correction), and its root; correction 1 is the sample's variance, 0 the population's. The
 * gradient of wg_std is 0 where it is 0. WG_ERR_ARG: a negative correction. */
WG_API wg_node *wg_var(wg_node *, wg_axes, bool keepdims, int64_t correction);
WG_API wg_node *wg_std(wg_node *, wg_axes, bool keepdims, int64_t correction);
WG_API wg_node *wg_logsumexp(wg_node *, wg_axes, bool keepdims); /* of no elements: -inf */
/* sum(|x|^p)^(1/p); INFINITY and -INFINITY: the largest and smallest magnitude, ties share the gradient equally; 0: how
 * many elements are not 0. Gradient 0 where x or the norm is 0. */
WG_API wg_node *wg_norm(wg_node *, double p, wg_axes, bool keepdims);
WG_API wg_node *wg_any(wg_node *, wg_axes, bool keepdims); /* bool, of any type: is an element not 0? */
WG_API wg_node *wg_all(wg_node *, wg_axes, bool keepdims);
WG_API wg_node *wg_argmax(wg_node *, int axis); /* i64, the first of equals; the axis is dropped */
WG_API wg_node *wg_argmin(wg_node *, int axis);
WG_API wg_node *wg_softmax(wg_node *, int axis);
WG_API wg_node *wg_log_softmax(wg_node *, int axis);

/* normalisation: (x - mean) / sqrt(var + eps), var the population's, times gamma, plus beta. Operands may be NULL where it is
 * said: then they are left out. WG_ERR_SHAPE: gamma, beta, mean or var are not of the sizes below; WG_ERR_ARG: eps < 0. */
/* Over the axes; gamma and beta (or NULL) have x's sizes along them. */
WG_API wg_node *wg_layer_norm(wg_node *x, wg_node *gamma, wg_node *beta, wg_axes, double eps);
/* x / sqrt(mean(x^2) + eps) over the axes; gamma or NULL. */
WG_API wg_node *wg_rms_norm(wg_node *x, wg_node *gamma, wg_axes, double eps);
/* x (N, C, ..), by channel, over all other axes; gamma and beta (C). The second takes mean and var (C) as given. */
WG_API wg_node *wg_batch_norm(wg_node *x, wg_node *gamma, wg_node *beta, double eps);
WG_API wg_node *wg_batch_norm_by(wg_node *x, wg_node *gamma, wg_node *beta, wg_node *mean, wg_node *var, double eps);
/* x (N, C, ..), over `groups` groups of neighbouring channels of each example; gamma and beta (C), or NULL. WG_ERR_ARG: the groups do
 * not divide the channels. */
WG_API wg_node *wg_group_norm(wg_node *x, wg_node *gamma, wg_node *beta, int64_t groups, double eps);
/* x (N, C, spatial ..), over the spatial axes; gamma and beta (C), or NULL. */
WG_API wg_node *wg_instance_norm(wg_node *x, wg_node *gamma, wg_node *beta, double eps);

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
WG_API wg_node *wg_mse(wg_node *x, wg_node *y, wg_reduction);
typedef struct wg_cross_entropy_opts {
    size_t size;
    wg_reduction reduction;
    double label_smoothing;
    const int64_t *ignore_index; /* labels of this value count for nothing, and where all do the loss is 0; NULL: none */
} wg_cross_entropy_opts;
/* Labels are indices (i32, i64; the logits' shape without `axis`) or probabilities (the logits' shape). */
WG_API wg_node *wg_cross_entropy(wg_node *logits, wg_node *labels, int axis, const wg_cross_entropy_opts *);

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
