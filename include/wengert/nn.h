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

#ifdef __cplusplus
}
#endif
#endif
