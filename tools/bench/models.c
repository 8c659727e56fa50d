/* Models, a chain, products, operators: as graphs. */
#include "models.h"

#include <stddef.h>

/* The models of dense layers. */
static const struct size {
    char name;
    const char *text;
    int64_t width[5];
    size_t n;
    int64_t batch;
    wg_layout layout;
} sizes[] = {
    { 'a', "2-4-1, batch 32", { 2, 4, 1 }, 3, 32, WG_ROWS },
    { 'b', "12288-20-7-5-1, batch 209", { 12288, 20, 7, 5, 1 }, 5, 209, WG_COLUMNS },
    { 'c', "784-512-256-10, batch 128", { 784, 512, 256, 10 }, 4, 128, WG_ROWS },
    { 'd', "1024-2048-2048-1024-1, batch 256", { 1024, 2048, 2048, 1024, 1 }, 5, 256, WG_ROWS },
};

static const struct size *size_of(char name)
{
    for (size_t i = 0; i < WG_COUNT(sizes); i++)
        if (sizes[i].name == name)
            return &sizes[i];
    return NULL;
}

const char *bench_model_text(char name)
{
    return name == 'e'   ? "convolutions 32 and 64, dense 128, batch 64"
           : name == 'f' ? "transformer block 256, 8 heads, T 128, batch 8"
                         : size_of(name)->text;
}

static wg_node *input(bench_graph *b, wg_graph *g, const char *name, wg_dtype dtype, wg_shape shape, int64_t classes)
{
    wg_node *node = wg_input(g, name, dtype, shape);
    b->input[b->n_inputs++] = (bench_input){ node, shape, classes };
    return node;
}

static void want(bench_graph *b, wg_node *node)
{
    b->wanted[b->n_wanted++] = node;
}

/* A cost, and the step of its optimiser. */
static void want_step(bench_graph *b, wg_graph *g, wg_node *cost, bool adam)
{
    wg_grads grads = wg_grads_of(cost, wg_trainable(cost));
    wg_node *rate = wg_const(g, 0.001);
    want(b, cost);
    want(b, adam ? wg_adam(grads, rate, NULL) : wg_sgd(grads, rate));
}

/* Dense layers as `s` says, to train (batch 0) or for so many examples. */
static void build_dense(bench_graph *b, wg_graph *g, const struct size *s, wg_dtype dtype, int64_t batch, bool adam)
{
    bool columns = s->layout == WG_COLUMNS;
    int64_t units = s->width[s->n - 1], n = batch ? batch : s->batch;
    wg_node *x = input(b, g, "x", dtype, columns ? WG_SHAPE(s->width[0], n) : WG_SHAPE(n, s->width[0]), 0);
    wg_mlp m = wg_mlp_new(g, x, s->width, s->n,
                          WG_OPTS(wg_mlp_opts, .layout = s->layout, .output = units > 1 ? WG_SOFTMAX : WG_SIGMOID));
    if (batch) {
        want(b, m.y);
    } else if (units > 1) {
        want_step(b, g, wg_cross_entropy(m.z, input(b, g, "y", WG_I64, WG_SHAPE(n), units), 1, NULL), adam);
    } else {
        wg_node *y = input(b, g, "y", dtype, columns ? WG_SHAPE(1, n) : WG_SHAPE(n, 1), 2);
        want_step(b, g, wg_bce(m.y, y, WG_MEAN), adam);
    }
}

static wg_node *relu_of_conv(wg_graph *g, const char *name, int64_t in, int64_t out, wg_node *x)
{
    wg_dtype dtype = wg_node_dtype(x);
    return wg_relu(wg_conv_apply(wg_conv_new(g, name, dtype, in, out, WG_AXES(3, 3), NULL, wg_init_he()), x));
}

static void build_convnet(bench_graph *b, wg_graph *g, wg_dtype dtype, bool adam)
{
    enum { BATCH = 64, FLAT = 64 * 12 * 12 };
    wg_node *x = input(b, g, "x", dtype, WG_SHAPE(BATCH, 1, 28, 28), 0);
    wg_node *h = relu_of_conv(g, "conv1", 1, 32, x);
    h = wg_max_pool2d(relu_of_conv(g, "conv2", 32, 64, h), WG_AXES(2, 2), NULL);
    h = wg_relu(wg_dense_apply(wg_dense_new(g, "dense1", dtype, FLAT, 128, wg_init_he()), wg_flatten(h, 1)));
    h = wg_dense_apply(wg_dense_new(g, "dense2", dtype, 128, 10, wg_init_he()), h);
    want_step(b, g, wg_cross_entropy(h, input(b, g, "y", WG_I64, WG_SHAPE(BATCH), 10), 1, NULL), adam);
}

static void build_block(bench_graph *b, wg_graph *g, wg_dtype dtype, bool adam)
{
    wg_shape shape = WG_SHAPE(8, 128, 256);
    wg_node *x = input(b, g, "x", dtype, shape, 0), *y = input(b, g, "y", dtype, shape, 0);
    wg_transformer_block block = wg_transformer_block_new(g, "block", dtype, 256, 8, wg_init_xavier());
    wg_node *z = wg_transformer_block_apply(&block, x, NULL, WG_OPTS(wg_attention_opts, .causal = true));
    want_step(b, g, wg_mse(z, y, WG_MEAN), adam);
}

static void build_depth(bench_graph *b, wg_graph *g, wg_dtype dtype, int64_t layers)
{
    wg_node *h = input(b, g, "x", dtype, WG_SHAPE(DEPTH_BATCH, DEPTH_WIDTH), 0);
    wg_node *y = input(b, g, "y", dtype, WG_SHAPE(DEPTH_BATCH, 1), 2);
    for (int64_t i = 0; i < layers; i++) {
        wg_scope_push(g, "layer%d", (int)i);
        h = wg_relu(wg_dense_apply(wg_dense_new(g, "dense", dtype, DEPTH_WIDTH, DEPTH_WIDTH, wg_init_he()), h));
        wg_scope_pop(g);
    }
    h = wg_dense_apply(wg_dense_new(g, "last", dtype, DEPTH_WIDTH, 1, wg_init_he()), h);
    want_step(b, g, wg_bce_logits(h, y, WG_MEAN), false);
}

static void build_chain(bench_graph *b, wg_graph *g, wg_dtype dtype, int64_t nodes)
{
    wg_node *y = input(b, g, "x", dtype, WG_SHAPE(CHAIN_ELEMENTS), 0);
    wg_node *bias = wg_param(g, "b", dtype, WG_SHAPE(CHAIN_ELEMENTS), wg_init_constant(0.01));
    for (int64_t i = 0; i < nodes / 2; i++)
        y = wg_relu(wg_add(y, bias));
    wg_node *sum = wg_sum(y, WG_ALL_AXES, false);
    want(b, sum);
    want(b, wg_grad(sum, bias));
}

static void build_product(bench_graph *b, wg_graph *g, const bench_case *c, wg_dtype dtype)
{
    wg_node *x = input(b, g, "x", dtype, c->transpose_a ? WG_SHAPE(c->k, c->m) : WG_SHAPE(c->m, c->k), 0);
    wg_node *y = input(b, g, "y", dtype, c->transpose_b ? WG_SHAPE(c->n, c->k) : WG_SHAPE(c->k, c->n), 0);
    want(b, wg_matmul_t(x, c->transpose_a, y, c->transpose_b));
}

static void build_operator(bench_graph *b, wg_graph *g, const bench_operator *o, wg_dtype dtype)
{
    wg_node *in[WG_COUNT(o->in)];
    for (int i = 0; i < o->n_in; i++) {
        const char name[] = { (char)('x' + i), '\0' };
        in[i] = input(b, g, name, o->in[i].classes ? WG_I64 : dtype, o->in[i].shape, o->in[i].classes);
    }
    b->mode = o->train ? WG_TRAIN : WG_INFER;
    want(b, wg_apply_named(g, o->op, (wg_nodes){ in, (size_t)o->n_in }, o->attrs));
}

/* So many megabytes, normally distributed: they deflate no better than trained weights. */
static void build_values(wg_graph *g, wg_dtype dtype, int64_t megabytes)
{
    enum { PARAMS = 10 };
    int64_t n = megabytes * 1000000 / PARAMS / (int64_t)wg_dtype_size(dtype);
    for (int i = 0; i < PARAMS; i++)
        wg_name(wg_param(g, NULL, dtype, WG_SHAPE(n), wg_init_normal(0, 0.05)), "w%d", i);
}

bench_graph bench_build(wg_graph *g, const bench_case *c, wg_dtype dtype)
{
    bench_graph b = { .mode = c->kind == BENCH_INFER ? WG_INFER : WG_TRAIN };
    switch (c->kind) {
    case BENCH_TRAIN:
        if (c->name == 'e')
            build_convnet(&b, g, dtype, c->adam);
        else if (c->name == 'f')
            build_block(&b, g, dtype, c->adam);
        else
            build_dense(&b, g, size_of(c->name), dtype, 0, c->adam);
        break;
    case BENCH_INFER:
        build_dense(&b, g, size_of(c->name), dtype, c->m, false);
        break;
    case BENCH_DEPTH:
        build_depth(&b, g, dtype, c->m);
        break;
    case BENCH_CHAIN:
    case BENCH_COMPILE:
        build_chain(&b, g, dtype, c->m);
        break;
    case BENCH_MATMUL:
        build_product(&b, g, c, dtype);
        break;
    case BENCH_OPERATOR:
        build_operator(&b, g, &bench_operators[c->m], dtype);
        break;
    case BENCH_SAVE:
    case BENCH_LOAD:
        build_values(g, dtype, c->m);
        break;
    }
    return b;
}
