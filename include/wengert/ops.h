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
WG_API wg_node *wg_softplus(wg_node *); /* log(1 + exp(x)), without overflow; x itself beyond 20, as in PyTorch */
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

/* softmax(scale q k^T + mask) v, for q (.., T, D), k (.., S, D), v (.., S, E): (.., T, E). Batch dimensions broadcast. The mask, or
 * NULL, broadcasts to (.., T, S): bool, true where a query attends to a key, or added to the scores. Causal: query i attends to keys
 * 0 .. i. Scale 0 stands for 1 / sqrt(D). A query that may attend to nothing gives zeros, and passes no gradient. */
WG_API wg_node *wg_scaled_dot_product_attention(wg_node *q, wg_node *k, wg_node *v, wg_node *mask, bool causal, double scale);
/* Rotary position embedding of x (.., T, D), D even: of row t, pair i of features turns by (offset + t) base^(-2 i / D). Pairs are
 * (i, i + D/2), or (2 i, 2 i + 1) where they are interleaved. base is 10000 as a rule. WG_ERR_ARG: base <= 0. */
WG_API wg_node *wg_rope(wg_node *x, bool interleaved, double base, int64_t offset);

/* shape */
WG_API wg_node *wg_reshape(wg_node *, wg_shape); /* one size may be -1 (WG_ANY): what is left; 0 copies that axis */
WG_API wg_node *wg_flatten(wg_node *, int from_axis); /* (N,64,64,3) from 1: (N,12288) */
WG_API wg_node *wg_transpose(wg_node *);              /* all axes reversed */
WG_API wg_node *wg_permute(wg_node *, wg_axes);
WG_API wg_node *wg_expand_dims(wg_node *, wg_axes);
WG_API wg_node *wg_squeeze(wg_node *, wg_axes);
WG_API wg_node *wg_broadcast_to(wg_node *, wg_shape);
WG_API wg_node *wg_concat(wg_nodes, int axis);
WG_API wg_node *wg_stack(wg_nodes, int axis); /* all of one shape, along a new axis, which is the result's `axis` */
/* Parts along the axis. A list of one number: so many parts of equal size, at most 64; a longer list: their sizes, which
 * must add up. {NULL, 0} on failure; the array lives as long as the graph. */
WG_API wg_nodes wg_split(wg_node *, int axis, wg_list sections);

/* x[start:stop:step] along each axis, by Python's rules: negative bounds count from the end, bounds beyond the ends mean
 * the ends, a negative step walks backwards. A list has one number an axis, WG_ABSENT where it is left out; WG_NO_LIST
 * leaves out all. WG_ERR_ARG: a list of another length, a step of 0. */
WG_API wg_node *wg_slice(wg_node *, wg_list start, wg_list stop, wg_list step);
WG_API wg_node *wg_slice1(wg_node *, int axis, int64_t start, int64_t stop); /* x[start:stop] along one axis */
WG_API wg_node *wg_slice_like(wg_node *x, wg_node *like); /* cut, or filled up with zeros, at each axis' end to like's shape */
/* More elements before and after each axis, one number an axis; fewer where it is negative. Reflection leaves out the edge
 * itself and, as in NumPy, goes to and fro where it is longer than the axis. */
typedef enum wg_pad_mode { WG_PAD_CONSTANT, WG_PAD_REFLECT, WG_PAD_EDGE } wg_pad_mode;
WG_API wg_node *wg_pad(wg_node *, wg_list before, wg_list after, wg_pad_mode, double value);
WG_API wg_node *wg_flip(wg_node *, wg_axes);
WG_API wg_node *wg_roll(wg_node *, wg_list shifts, wg_axes); /* element i moves to i + shift, around the ends */
WG_API wg_node *wg_tile(wg_node *, wg_list reps); /* as numpy.tile: the shorter of shape and reps gets leading ones */
WG_API wg_node *wg_repeat(wg_node *, int64_t repeats, int axis); /* each element so many times, as numpy.repeat */

/* matrices: the last two axes */
WG_API wg_node *wg_tril(wg_node *, int64_t k); /* zero above diagonal k */
WG_API wg_node *wg_triu(wg_node *, int64_t k); /* zero below diagonal k */
WG_API wg_node *wg_diag(wg_node *, int64_t k); /* a vector to a square matrix, a matrix to the vector of its diagonal k */
WG_API wg_node *wg_trace(wg_node *);

/* Indexing. Indices are i32 or i64, and negative ones count from the end, as in NumPy, except in embedding and one_hot, which
 * refuse them as PyTorch does. One that is out of range makes the run fail with WG_ERR_RANGE. Adjoints add up in the order of
 * the indices, with the same bits for any number of threads. */
/* result[i][j] = x[index[i][j]][j] for axis 0: index has the result's shape, and along other axes at most x's sizes. */
WG_API wg_node *wg_gather(wg_node *x, wg_node *index, int axis);
/* x, with source[i][j] added to element [index[i][j]][j] for axis 0: index is along no axis longer than source, and than x
 * along none but `axis`. */
WG_API wg_node *wg_scatter_add(wg_node *x, wg_node *index, wg_node *source, int axis);
WG_API wg_node *wg_take(wg_node *x, wg_node *index, int axis); /* x's shape with the index's in place of the axis */
WG_API wg_node *wg_embedding(wg_node *weight, wg_node *index); /* weight[index]: the index's shape, then a row's */
WG_API wg_node *wg_one_hot(wg_node *index, int64_t depth, wg_dtype); /* a new last axis, 1 at the index, 0 elsewhere */
WG_API wg_node *wg_iota(wg_node *like, int axis, wg_dtype); /* of like's shape: the position along the axis */

/* Order along an axis: equal elements keep theirs, and a NaN counts as larger than any number. */
WG_API wg_node *wg_sort(wg_node *, int axis, bool descending);
WG_API wg_node *wg_argsort(wg_node *, int axis, bool descending); /* i64 */
/* The k largest, largest first; *indices (may be NULL) is the i64 node of where they were. */
WG_API wg_node *wg_topk(wg_node *, int64_t k, int axis, wg_node **indices);
/* The lower of the two in the middle, as in PyTorch; it alone gets the gradient. NaN where there is one. */
WG_API wg_node *wg_median(wg_node *, int axis, bool keepdims);

/* Running totals along an axis, each element's own included; reverse: from the end. Integers and bool count in i64. The
 * gradient of cumprod holds where elements are zero. */
WG_API wg_node *wg_cumsum(wg_node *, int axis, bool reverse);
WG_API wg_node *wg_cumprod(wg_node *, int axis, bool reverse);

/* convolution and pooling of (N, C, spatial..): windows slide over the spatial axes */
typedef struct wg_conv_opts {
    size_t size;
    wg_axes stride, padding, dilation; /* a number an axis, or one for all; n = 0: 1 (pooling: the kernel), 0, 1 */
    int groups;                        /* of channels, each convolved by itself; 0 means 1 */
} wg_conv_opts;
/* b + the sum over a window's elements and channels of w times x, zeros around it: x (N, C, spatial..), w (out, C / groups,
 * kernel..), b (out) or NULL; options may be NULL. WG_ERR_SHAPE: channels do not fit, or a window does not; WG_ERR_ARG:
 * options. */
WG_API wg_node *wg_conv1d(wg_node *x, wg_node *w, wg_node *b, const wg_conv_opts *);
WG_API wg_node *wg_conv2d(wg_node *x, wg_node *w, wg_node *b, const wg_conv_opts *);
WG_API wg_node *wg_conv3d(wg_node *x, wg_node *w, wg_node *b, const wg_conv_opts *);
/* The adjoint of such a convolution: x (N, C, spatial..) times w (C, out / groups, kernel..), added up where the windows would
 * lie, and b. Of the sizes that come down to x's, the result's is the least, and output_padding more: a number an axis,
 * or one for all, less than the stride or the dilation (n = 0: 0). */
WG_API wg_node *wg_conv_transpose1d(wg_node *x, wg_node *w, wg_node *b, wg_axes output_padding, const wg_conv_opts *);
WG_API wg_node *wg_conv_transpose2d(wg_node *x, wg_node *w, wg_node *b, wg_axes output_padding, const wg_conv_opts *);
WG_API wg_node *wg_conv_transpose3d(wg_node *x, wg_node *w, wg_node *b, wg_axes output_padding, const wg_conv_opts *);
/* What each window sees, as columns: (N, C k, windows), where k counts the kernel's elements; no groups. */
WG_API wg_node *wg_unfold(wg_node *x, wg_axes kernel, const wg_conv_opts *);
/* Its adjoint: such columns added up where the windows lay, as (N, C, output_size..), a number for each axis. */
WG_API wg_node *wg_fold(wg_node *x, wg_axes output_size, wg_axes kernel, const wg_conv_opts *);
/* Pooling: `kernel` is a number an axis, or one for all; a stride left out is the kernel, and there are no groups. Padding, at
 * most half of the kernel, is no element: a maximum never sees it, a mean counts it with count_include_pad. WG_ERR_ARG: the
 * options; WG_ERR_SHAPE: the kernel does not fit. */
/* The largest of each window; its gradient goes to the first of equals. A NaN is larger than any number. */
WG_API wg_node *wg_max_pool1d(wg_node *x, int kernel, const wg_conv_opts *);
WG_API wg_node *wg_max_pool2d(wg_node *x, wg_axes kernel, const wg_conv_opts *);
WG_API wg_node *wg_avg_pool1d(wg_node *x, int kernel, const wg_conv_opts *, bool count_include_pad);
WG_API wg_node *wg_avg_pool2d(wg_node *x, wg_axes kernel, const wg_conv_opts *, bool count_include_pad);
/* x (N, C, H, W) down (or up) to these sizes, or one for both; WG_ABSENT keeps the axis' own. Part i of m is the mean of
 * elements floor(i n / m) .. ceil((i + 1) n / m) - 1. */
WG_API wg_node *wg_adaptive_avg_pool2d(wg_node *x, wg_list output_size);
/* x (N, C, L) or (N, C, H, W) with spatial sizes times scale, rounded down: element i is x's at floor(i / scale), or between the
 * two whose centres are next to (i + 1/2) / scale (PyTorch's align_corners=False). WG_ERR_ARG: scale is not above 0. */
typedef enum wg_upsample_mode { WG_NEAREST, WG_BILINEAR } wg_upsample_mode;
WG_API wg_node *wg_upsample(wg_node *x, double scale, wg_upsample_mode);
/* (.., C r^2, H, W) to (.., C, H r, W r), and back. WG_ERR_SHAPE: r does not divide. */
WG_API wg_node *wg_pixel_shuffle(wg_node *x, int64_t r);
WG_API wg_node *wg_pixel_unshuffle(wg_node *x, int64_t r);

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
/* x, with a note: a training step of any optimiser whose gradients depend on it also moves the variable towards the value, by
 * momentum (value - variable). Several notes of one variable follow in the order in which they were made. WG_ERR_ARG: x or the value
 * is inside a scan. */
WG_API wg_node *wg_track(wg_node *x, wg_node *value, wg_node *variable, double momentum);
/* y itself, and a mark: what is computed on the ways from the nodes `at` to y (from the leaves, where there are none) is not
 * kept for what is built later. The backward pass, or whatever else reads one of those values, computes it again from
 * `at`, with the same bits and the same random draws, just before it is needed: less memory for more work. Build what follows
 * on the result. A chain of blocks, each block = wg_remat(f(x), WG_NODES(x)), keeps the x alone; marks may be nested. */
WG_API wg_node *wg_remat(wg_node *y, wg_nodes at);
/* When a plan that wants it runs, the variable gets the value at the run's end. The result stands for that effect. */
WG_API wg_node *wg_assign(wg_node *variable, wg_node *value);
WG_API wg_node *wg_group(wg_nodes effects); /* one name for several effects */

#ifdef __cplusplus
}
#endif
#endif
