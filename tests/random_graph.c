/* Random graphs: every node is made from earlier ones by an operator drawn at random, whatever fits their shapes. */
#include "random_graph.h"

#include "base/random.h"

typedef struct pool {
    wg_graph *g;
    uint64_t seed, drawn;
    wg_node *node[512];
    int n;
} pool;

static int draw(pool *p, int below)
{
    uint32_t word[4];
    wg__philox(word, p->seed, p->drawn++, 0);
    return (int)(word[0] % (uint32_t)below);
}

static wg_node *any(pool *p) { return p->node[draw(p, p->n)]; }

/* An earlier node of surely that shape; the node itself when there is none. */
static wg_node *like(pool *p, wg_node *x)
{
    wg_shape s = wg_node_shape(x);
    bool sure = true;
    for (int d = 0; d < s.rank; d++)
        sure = sure && s.dim[d] != WG_ANY;
    for (int tries = 0; tries < 30 && sure; tries++) {
        wg_node *other = any(p);
        if (wg_shape_equal(wg_node_shape(other), wg_node_shape(x)))
            return other;
    }
    return x;
}

static wg_node *unary(pool *p, wg_node *x)
{
    switch (draw(p, 14)) {
    case 0:
        return wg_relu(x);
    case 1:
        return wg_tanh(x);
    case 2:
        return wg_sigmoid(x);
    case 3:
        return wg_exp(wg_tanh(x));
    case 4:
        return wg_square(x);
    case 5:
        return wg_neg(x);
    case 6:
        return wg_scale(x, 0.25 + draw(p, 4));
    case 7:
        return wg_shift(x, draw(p, 3) - 1);
    case 8:
        return wg_abs(x);
    case 9:
        return wg_sqrt(wg_shift(wg_square(x), 1));
    case 10:
        return wg_log(wg_shift(wg_square(x), 0.5));
    case 11:
        return wg_sin(x);
    case 12:
        return wg_dropout(x, 0.25);
    default:
        return wg_stop_gradient(x);
    }
}

static wg_node *binary(pool *p, wg_node *x, wg_node *y)
{
    switch (draw(p, 8)) {
    case 0:
        return wg_add(x, y);
    case 1:
        return wg_sub(x, y);
    case 2:
        return wg_mul(x, y);
    case 3:
        return wg_div(x, wg_shift(wg_square(y), 1));
    case 4:
        return wg_maximum(x, y);
    case 5:
        return wg_where(wg_gt(x, y), x, y);
    case 6:
        return wg_where(wg_le(x, wg_const(p->g, 0.1)), wg_neg(y), x);
    default:
        return wg_minimum(x, y);
    }
}

static wg_node *reduce(pool *p, wg_node *x)
{
    int rank = wg_node_shape(x).rank;
    wg_axes axes = rank && draw(p, 3) ? WG_AXES(draw(p, rank)) : WG_ALL_AXES;
    bool keep = draw(p, 2);
    switch (draw(p, 3)) {
    case 0:
        return wg_scale(wg_sum(x, axes, keep), 0.125);
    case 1:
        return wg_mean(x, axes, keep);
    default:
        return wg_max(x, axes, keep);
    }
}

/* A matrix times a matrix of parameters or of other values. */
static wg_node *product(pool *p, wg_node *x, wg_dtype type)
{
    wg_shape s = wg_node_shape(x);
    if (s.rank != 2)
        return unary(p, x);
    wg_node *other = like(p, x);
    switch (draw(p, 3)) {
    case 0:
        return wg_scale(wg_matmul_t(x, true, other, false), 0.0625);
    case 1:
        return s.dim[1] > 0 ? wg_scale(wg_matmul(x, wg_transpose(other)), 0.0625) : unary(p, x);
    default: {
        if (s.dim[1] < 0)
            return unary(p, x);
        wg_node *w = wg_param(p->g, NULL, type, WG_SHAPE(s.dim[1], 1 + draw(p, 7)), wg_init_he());
        return wg_matmul(x, w);
    }
    }
}

static wg_node *reshaped(pool *p, wg_node *x)
{
    wg_shape s = wg_node_shape(x);
    switch (draw(p, 5)) {
    case 0:
        return wg_transpose(x);
    case 1:
        return s.rank < 4 ? wg_expand_dims(x, WG_AXES(draw(p, s.rank + 1))) : x;
    case 2:
        return s.rank ? wg_flatten(x, 0) : x;
    case 3:
        return s.rank ? wg_concat(WG_NODES(x, like(p, x)), s.rank - 1) : x;
    default:
        return s.rank ? wg_softmax(x, -1) : x;
    }
}

/* A trailing part of x's shape, or columns of 1, so that it broadcasts. */
static wg_node *broadcasting(pool *p, wg_node *x)
{
    wg_shape s = wg_node_shape(x);
    if (s.rank == 0)
        return x;
    switch (draw(p, 3)) {
    case 0:
        return wg_mean(x, WG_AXES(0), false);
    case 1:
        return wg_mean(x, WG_AXES(s.rank - 1), true);
    default:
        return wg_mean(x, WG_ALL_AXES, false);
    }
}

static wg_node *grow(pool *p, wg_dtype type)
{
    wg_node *x = any(p);
    switch (draw(p, 10)) {
    case 0:
    case 1:
    case 2:
        return unary(p, x);
    case 3:
    case 4:
        return binary(p, x, like(p, x));
    case 5:
        return reduce(p, x);
    case 6:
        return product(p, x, type);
    case 7:
        return reshaped(p, x);
    case 8:
        return binary(p, x, broadcasting(p, x));
    default:
        return wg_add(x, unary(p, x));
    }
}

static void want(random_graph *r, wg_node *n)
{
    if (n && r->n_wanted < 64)
        r->wanted[r->n_wanted++] = n;
}

/* Everything that was made, squashed, adds up to the loss. */
static wg_node *loss_of(pool *p, wg_node *y)
{
    wg_node *loss = wg_mean(wg_cast(y, wg_node_dtype(p->node[0])), WG_ALL_AXES, false);
    for (int i = 0; i < p->n; i++)
        if (draw(p, 3) == 0)
            loss = wg_add(loss, wg_mean(wg_tanh(p->node[i]), WG_ALL_AXES, false));
    return wg_add(loss, wg_mean(wg_square(wg_tanh(p->node[p->n - 1])), WG_ALL_AXES, false));
}

static wg_node *optimise(pool *p, wg_grads gr, wg_node *lr)
{
    switch (draw(p, 8)) {
    case 0:
        return wg_sgd(gr, lr);
    case 1:
        return wg_momentum(gr, lr, WG_OPTS(wg_sgd_opts, .nesterov = true, .weight_decay = 0.01));
    case 2:
        return wg_rmsprop(gr, lr, WG_OPTS(wg_rmsprop_opts, .centered = true, .momentum = 0.5, .eps = 0.01));
    case 3:
        return wg_adagrad(gr, lr, WG_OPTS(wg_adagrad_opts, .lr_decay = 0.1));
    case 4:
        return wg_adadelta(gr, lr, NULL);
    case 5:
        return wg_lamb(gr, lr, WG_OPTS(wg_lamb_opts, .weight_decay = 0.01));
    default:
        return wg_adam(gr, lr, WG_OPTS(wg_adam_opts, .amsgrad = draw(p, 2) == 0));
    }
}

static wg_node *update(pool *p, wg_grads gr)
{
    wg_node *step = wg_step_counter(p->g);
    wg_node *lr = draw(p, 2) ? wg_const(p->g, 0.01) : wg_schedule_cosine(step, 0.01, 0.001, 50);
    if (draw(p, 3) == 0)
        gr = wg_accumulate(gr, 2);
    if (draw(p, 3) == 0)
        gr = wg_clip_by_global_norm(gr, 0.5, NULL);
    if (draw(p, 4) == 0)
        gr = wg_add_l2(gr, 0.01);
    wg_node *all = optimise(p, gr, lr);
    return draw(p, 3) ? all : wg_ema(all, 0.9, NULL);
}

random_graph random_graph_new(uint64_t seed, int size, wg_dtype type)
{
    random_graph r = { .graph = wg_graph_new_with(WG_OPTS(wg_graph_opts, .seed = seed + 1)) };
    pool p = { .g = r.graph, .seed = seed };
    r.x = wg_input(p.g, "x", type, WG_SHAPE(WG_BATCH, 6));
    r.y = wg_input(p.g, "y", WG_I64, WG_SHAPE(WG_BATCH));
    p.node[p.n++] = r.x;
    p.node[p.n++] = wg_param(p.g, "bias", type, WG_SHAPE(6), wg_init_normal(0, 1));
    p.node[p.n++] = wg_matmul(r.x, wg_param(p.g, "w", type, WG_SHAPE(6, 5), wg_init_he()));
    p.node[p.n] = wg_add(r.x, p.node[1]);
    p.n++;
    while (p.n < size) {
        wg_node *n = grow(&p, type);
        if (!n)
            return r;
        p.node[p.n++] = n;
        if (draw(&p, 6) == 0)
            want(&r, n);
    }
    wg_node *loss = loss_of(&p, r.y);
    want(&r, loss);
    wg_nodes params = wg_trainable(loss);
    if (params.n && draw(&p, 4)) {
        wg_grads gr = wg_grads_of(loss, params);
        if (draw(&p, 2))
            want(&r, gr.of.n ? gr.of.at[draw(&p, (int)gr.of.n)] : NULL);
        if (draw(&p, 2) && params.n < 20)
            r.assign[r.n_assigns++] = update(&p, gr);
        if (draw(&p, 3) == 0)
            want(&r, params.at[0]);
    }
    return r;
}
