/* The L-layer model: [LINEAR -> hidden] (L-1 times) -> LINEAR -> output. */
#include <math.h>
#include <stdio.h>

#include "base/options.h"
#include "graph/graph.h"
#include <wengert/grad.h>
#include <wengert/nn.h>

static const wg_mlp no_mlp = { NULL, NULL, { NULL, 0 } };

/* Each layout writes its fans out: of an (n_out, n_in) matrix the shape alone would give them the wrong way round. The
 * NumPy initialisers get the same spread here, for those who never call wg_mlp_numpy. */
static wg_init init_of(wg_mlp_init kind, int64_t in, int64_t out)
{
    switch (kind) {
    case WG_MLP_XAVIER:
        return wg_init_xavier_fan(in, out);
    case WG_MLP_NUMPY:
        return wg_init_normal(0, 1 / sqrt((double)in));
    case WG_MLP_NUMPY_SMALL:
        return wg_init_normal(0, 0.01);
    case WG_MLP_HE:
        break;
    }
    return wg_init_he_fan(in);
}

static wg_node *activate(wg_node *z, wg_activation kind, wg_layout layout)
{
    switch (kind) {
    case WG_RELU:
        return wg_relu(z);
    case WG_TANH:
        return wg_tanh(z);
    case WG_SIGMOID:
        return wg_sigmoid(z);
    case WG_SOFTMAX:
        return wg_softmax(z, layout == WG_COLUMNS ? 0 : -1);
    case WG_LINEAR:
        break;
    }
    return z;
}

static wg_node *linear(wg_node *w, wg_node *a, wg_node *b, wg_layout layout)
{
    /* columns: (n, n_prev) (n_prev, N) + (n, 1); rows: (N, n_prev) (n_prev, n) + (n) */
    return wg_add(layout == WG_COLUMNS ? wg_matmul(w, a) : wg_matmul(a, w), b);
}

/* `number` names the nodes after the layer, Z3 and A3; 0 leaves them without a name. */
static wg_node *hidden_layer(wg_node *z, const wg_mlp_opts *o, size_t number)
{
    wg_node *a = activate(z, o->hidden == WG_LINEAR ? WG_RELU : o->hidden, o->layout);
    if (number) {
        wg_name(z, "Z%zu", number);
        wg_name(a, "A%zu", number);
    }
    return o->dropout > 0 ? wg_dropout(a, o->dropout) : a;
}

wg_mlp wg_mlp_apply(const wg_mlp *mlp, wg_node *x, const wg_mlp_opts *opts)
{
    wg_mlp_opts o;
    wg_nodes p = mlp ? mlp->params : (wg_nodes){ NULL, 0 };
    if (!p.at || p.n < 2) {
        wg__fail_null("mlp", "model");
        return no_mlp;
    }
    if (!wg__options(&o, sizeof o, opts, "wg_mlp_opts")) {
        wg__graph_fail_again(wg_node_graph(p.at[0]));
        return no_mlp;
    }
    wg_node *z = linear(p.at[0], x, p.at[1], o.layout);
    for (size_t l = 2; l < p.n; l += 2)
        z = linear(p.at[l], hidden_layer(z, &o, 0), p.at[l + 1], o.layout);
    wg_node *y = activate(z, o.output, o.layout);
    return y ? (wg_mlp){ z, y, p } : no_mlp;
}

wg_mlp wg_mlp_new(wg_graph *g, wg_node *x, const int64_t *width, size_t n, const wg_mlp_opts *opts)
{
    wg_mlp_opts o;
    if (!g || !x) {
        wg__fail_null("mlp", g ? "input" : "graph");
        wg__graph_fail_again(g);
        return no_mlp;
    }
    if (!wg__options(&o, sizeof o, opts, "wg_mlp_opts")) {
        wg__graph_fail_again(g);
        return no_mlp;
    }
    if (!width || n < 2) {
        wg__graph_fail(g, WG_ERR_ARG, "mlp: needs at least two layer sizes");
        return no_mlp;
    }
    wg_dtype dtype = wg_node_dtype(x);
    bool columns = o.layout == WG_COLUMNS;
    wg_node *z = NULL, *a = x;
    for (size_t l = 1; l < n; l++) {
        int64_t in = width[l - 1], out = width[l];
        if (in < 1 || out < 1) {
            wg__graph_fail(g, WG_ERR_ARG, "mlp: layer %zu has %lld units", in < 1 ? l - 1 : l,
                           (long long)(in < 1 ? in : out));
            return no_mlp;
        }
        char name[2][24];
        snprintf(name[0], sizeof name[0], "W%zu", l);
        snprintf(name[1], sizeof name[1], "b%zu", l);
        wg_node *w =
            wg_param(g, name[0], dtype, columns ? WG_SHAPE(out, in) : WG_SHAPE(in, out), init_of(o.init, in, out));
        wg_node *b = wg_param(g, name[1], dtype, columns ? WG_SHAPE(out, 1) : WG_SHAPE(out), wg_init_zeros());
        z = linear(w, a, b, o.layout);
        if (l + 1 < n)
            a = hidden_layer(z, &o, l);
    }
    wg_name(z, "Z%zu", n - 1);
    wg_node *y = activate(z, o.output, o.layout);
    /* In creation order ours come last: x, and what it was made of, were there before. */
    wg_nodes all = wg_trainable(y);
    size_t ours = 2 * (n - 1);
    if (!y || all.n < ours)
        return no_mlp;
    return (wg_mlp){ z, y, { all.at + (all.n - ours), ours } };
}
