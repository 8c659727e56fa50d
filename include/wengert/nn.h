/* Layers and whole models, built from graph calls alone. A layer is an open struct of its parameters, made once and applied as
 * often as one likes; applying it twice shares them. */
#ifndef WENGERT_NN_H
#define WENGERT_NN_H

#include <wengert/ops.h>
#include <wengert/scan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* y = x w + b for x (.., in): w is NAME/w (in, out), b is NAME/b (out), zero at first. */
typedef struct wg_dense {
    wg_node *w, *b;
} wg_dense;
WG_API wg_dense wg_dense_new(wg_graph *, const char *name, wg_dtype, int64_t in, int64_t out, wg_init);
WG_API wg_node *wg_dense_apply(wg_dense, wg_node *x);

/* Convolution of x (N, in, spatial ..) with as many spatial axes as the kernel has, one to three: NAME/w is (out, in / groups,
 * kernel ..), NAME/b (out), zero at first; b may be set to NULL. The options are kept. */
typedef struct wg_conv {
    wg_node *w, *b;
    wg_conv_opts opts;
} wg_conv;
WG_API wg_conv wg_conv_new(wg_graph *, const char *name, wg_dtype, int64_t in, int64_t out, wg_axes kernel,
                           const wg_conv_opts *, wg_init);
WG_API wg_node *wg_conv_apply(wg_conv, wg_node *x);
/* Its transpose, from `in` to `out` channels: NAME/w is (in, out / groups, kernel ..). */
typedef struct wg_conv_transpose {
    wg_node *w, *b;
    wg_axes output_padding;
    wg_conv_opts opts;
} wg_conv_transpose;
WG_API wg_conv_transpose wg_conv_transpose_new(wg_graph *, const char *name, wg_dtype, int64_t in, int64_t out,
                                               wg_axes kernel, wg_axes output_padding, const wg_conv_opts *, wg_init);
WG_API wg_node *wg_conv_transpose_apply(wg_conv_transpose, wg_node *x);

/* Rows of a table, NAME/w (rows, width), by index: result (.., width) for indices (..), i32 or i64. */
typedef struct wg_embed {
    wg_node *w;
} wg_embed;
WG_API wg_embed wg_embed_new(wg_graph *, const char *name, wg_dtype, int64_t rows, int64_t width, wg_init);
WG_API wg_node *wg_embed_apply(wg_embed, wg_node *index);

/* Normalisation, then times NAME/gamma (1 at first) plus NAME/beta (0 at first). eps may be changed before a layer is applied;
 * gamma and beta may be NULL there, where the operator of the name may leave them out. */
/* Over the last axes, as many as `shape` has, of those sizes. */
typedef struct wg_layernorm {
    wg_node *gamma, *beta;
    double eps; /* 1e-5 */
} wg_layernorm;
WG_API wg_layernorm wg_layernorm_new(wg_graph *, const char *name, wg_dtype, wg_shape);
WG_API wg_node *wg_layernorm_apply(wg_layernorm, wg_node *x);
typedef struct wg_rmsnorm {
    wg_node *gamma;
    double eps; /* 1e-6 */
} wg_rmsnorm;
WG_API wg_rmsnorm wg_rmsnorm_new(wg_graph *, const char *name, wg_dtype, wg_shape);
WG_API wg_node *wg_rmsnorm_apply(wg_rmsnorm, wg_node *x);
/* x (N, channels, ..) */
typedef struct wg_groupnorm {
    wg_node *gamma, *beta;
    int64_t groups;
    double eps; /* 1e-5 */
} wg_groupnorm;
WG_API wg_groupnorm wg_groupnorm_new(wg_graph *, const char *name, wg_dtype, int64_t channels, int64_t groups);
WG_API wg_node *wg_groupnorm_apply(wg_groupnorm, wg_node *x);
/* x (N, channels, spatial ..) */
typedef struct wg_instancenorm {
    wg_node *gamma, *beta;
    double eps; /* 1e-5 */
} wg_instancenorm;
WG_API wg_instancenorm wg_instancenorm_new(wg_graph *, const char *name, wg_dtype, int64_t channels);
WG_API wg_node *wg_instancenorm_apply(wg_instancenorm, wg_node *x);
/* x (N, channels, ..): in WG_TRAIN by the batch's mean and variance, in WG_INFER by the running ones, the variables NAME/mean
 * and NAME/var. These follow the batches' in the step of any optimiser whose gradients depend on the layer: nothing else
 * need be added to the plan, and a run without a step changes nothing (see wg_track; wg_tracked for steps of one's own). A
 * layer applied twice is updated twice, in that order. */
typedef struct wg_batchnorm {
    wg_node *gamma, *beta, *mean, *var; /* (channels) */
    double momentum;                    /* 0.1: running = 0.9 running + 0.1 batch; var with divisor n - 1 */
    double eps;                         /* 1e-5 */
} wg_batchnorm;
WG_API wg_batchnorm wg_batchnorm_new(wg_graph *, const char *name, wg_dtype, int64_t channels);
WG_API wg_node *wg_batchnorm_apply(wg_batchnorm, wg_node *x);

/* How many elements they have together: wg_param_count(wg_trainable(loss)). NULL nodes count for nothing. */
WG_API int64_t wg_param_count(wg_nodes params);

/* Recurrent layers over whole sequences: x (N, T, C), mask (N, T) of any type or NULL for all steps, states (N, H) or NULL for
 * zeros. y (N, T, H) has the state after each step, h (and c) that after the last; a step that is masked (0) keeps the
 * state. Gates stand in PyTorch's order. Weights are at first uniform within 1/sqrt(H), biases zero. `stretch`: see
 * wg_scan_remat; 0 keeps everything. All NULL after WG_ERR_ARG (names that are taken), WG_ERR_SHAPE, WG_ERR_DTYPE. */
typedef struct wg_rnn { /* h' = tanh(x w_x + h w_h + b) */
    wg_node *w_x, *w_h, *b; /* NAME/w_x (C, H), NAME/w_h (H, H), NAME/b (H) */
    int64_t stretch;
} wg_rnn;
typedef struct wg_lstm { /* i f g o: c' = s(f) c + s(i) tanh(g), h' = s(o) tanh(c') */
    wg_node *w_x, *w_h, *b; /* NAME/w_x (C, 4 H), NAME/w_h (H, 4 H), NAME/b (4 H) */
    int64_t stretch;
} wg_lstm;
typedef struct wg_gru { /* r z n: h' = (1 - s(z)) n + s(z) h, n = tanh(x w_n + b_n + s(r) (h u_n + b_hn)) */
    wg_node *w_x, *w_h, *b, *b_hn; /* NAME/w_x (C, 3 H), NAME/w_h (H, 3 H), NAME/b (3 H), NAME/b_hn (H) */
    int64_t stretch;
} wg_gru;
typedef struct wg_rnn_out {
    wg_node *y, *h;
} wg_rnn_out;
typedef struct wg_lstm_out {
    wg_node *y, *h, *c;
} wg_lstm_out;
WG_API wg_rnn wg_rnn_new(wg_graph *, const char *name, wg_dtype, int64_t in, int64_t hidden);
WG_API wg_lstm wg_lstm_new(wg_graph *, const char *name, wg_dtype, int64_t in, int64_t hidden);
WG_API wg_gru wg_gru_new(wg_graph *, const char *name, wg_dtype, int64_t in, int64_t hidden);
WG_API wg_rnn_out wg_rnn_apply(wg_rnn, wg_node *x, wg_node *mask, wg_node *h0);
WG_API wg_lstm_out wg_lstm_apply(wg_lstm, wg_node *x, wg_node *mask, wg_node *h0, wg_node *c0);
WG_API wg_rnn_out wg_gru_apply(wg_gru, wg_node *x, wg_node *mask, wg_node *h0);

/* The L-layer model [LINEAR -> hidden]*(L-1) -> LINEAR -> output of Andrew Ng's course. */
typedef enum wg_layout {
    WG_COLUMNS, /* one example a column: x (n_0, N), Wl (n_l, n_l-1), bl (n_l, 1), named W1, b1, W2, .. */
    WG_ROWS     /* one example a row: x (N, n_0), Wl (n_l-1, n_l), bl (n_l) */
} wg_layout;
typedef enum wg_activation { WG_LINEAR, WG_RELU, WG_TANH, WG_SIGMOID, WG_SOFTMAX } wg_activation;
typedef enum wg_mlp_init {
    WG_MLP_HE,         /* normal, sqrt(2 / fan in) */
    WG_MLP_XAVIER,     /* uniform, sqrt(6 / (fan in + fan out)) */
    WG_MLP_NUMPY,      /* np.random.seed(seed); randn(n, n_prev) / sqrt(n_prev), layer after layer, whatever the layout */
    WG_MLP_NUMPY_SMALL /* the same times 0.01 instead */
} wg_mlp_init;
typedef struct wg_mlp_opts {
    size_t size;
    wg_layout layout;
    wg_activation hidden; /* WG_LINEAR (0) stands for WG_RELU */
    wg_activation output;
    wg_mlp_init init;
    uint32_t numpy_seed;
    double dropout; /* after each hidden activation */
} wg_mlp_opts;
typedef struct wg_mlp {
    wg_node *z;      /* the last linear layer's result, before `output` */
    wg_node *y;      /* the model's result */
    wg_nodes params; /* W1, b1, W2, ..; belongs to the graph */
} wg_mlp;
/* `width[0..n-1]`: the sizes of the layers, the input's first. x as the layout says. All NULL: WG_ERR_ARG (fewer than two
 * sizes, a size < 1, names that are taken: a second model wants a scope), WG_ERR_SHAPE, WG_ERR_DTYPE. */
WG_API wg_mlp wg_mlp_new(wg_graph *, wg_node *x, const int64_t *width, size_t n, const wg_mlp_opts *);
/* The same layers on another input: the parameters are shared, the options must be those that the model was made with. */
WG_API wg_mlp wg_mlp_apply(const wg_mlp *, wg_node *x, const wg_mlp_opts *);
/* Fills a store's parameters by the NumPy initialisers (their draws depend on the order of layers, so they are values, not
 * per-variable streams). Other initialisers need nothing. WG_ERR_BUSY, WG_ERR_NOMEM. */
WG_API WG_MUST wg_status wg_mlp_numpy(wg_store *, const wg_mlp *, const wg_mlp_opts *);

/* Attention with several heads: softmax(q k^T / sqrt(C / heads) + mask) v of each, side by side, through one more dense
 * layer. Parameters NAME/q/w (C, C), NAME/q/b, .. of k, v and out. All NULL: WG_ERR_ARG (heads do not divide the width C). */
typedef struct wg_attention {
    wg_dense q, k, v, out;
    int64_t heads;
} wg_attention;
typedef struct wg_attention_opts {
    size_t size;
    bool causal;    /* row t attends to rows 0 .. t */
    bool rope;      /* queries and keys are turned by their places (wg_rope): no other encoding of position is needed */
    double dropout; /* of the result; the softmax's weights are never in memory */
} wg_attention_opts;
WG_API wg_attention wg_attention_new(wg_graph *, const char *name, wg_dtype, int64_t width, int64_t heads, wg_init);
/* x (.., T, C) attends to memory (.., S, C), or where that is NULL to itself: (.., T, C). mask, or NULL, broadcasts to
 * (.., heads, T, S), as in wg_scaled_dot_product_attention. NULL: WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARG (the options). */
WG_API wg_node *wg_attention_apply(wg_attention, wg_node *x, wg_node *memory, wg_node *mask, const wg_attention_opts *);

/* The transformer's block, normalised before each part: x + attention(layer_norm(x)), then to that
 * down(gelu(up(layer_norm(x)))), four times as wide inside. Dropout falls on what is added. Parameters NAME/norm1/gamma,
 * NAME/norm1/beta, NAME/attention/q/w, .., NAME/norm2/.., NAME/up/w (C, 4 C), NAME/up/b, NAME/down/w, NAME/down/b. */
typedef struct wg_norm_params {
    wg_node *gamma, *beta;
} wg_norm_params;
typedef struct wg_transformer_block {
    wg_norm_params before_attention, before_mlp;
    wg_attention attention;
    wg_dense up, down;
} wg_transformer_block;
WG_API wg_transformer_block wg_transformer_block_new(wg_graph *, const char *name, wg_dtype, int64_t width, int64_t heads,
                                                     wg_init);
/* x (.., T, C); mask and options as in wg_attention_apply. */
WG_API wg_node *wg_transformer_block_apply(const wg_transformer_block *, wg_node *x, wg_node *mask,
                                           const wg_attention_opts *);

#ifdef __cplusplus
}
#endif
#endif
