/* One wrong operator in a network: it is found, and named first, with the operand and what is wrong with it. */
#include <math.h>
#include <string.h>
#include <wengert.h>

#include "base/alloc.h"
#include "suite.h"
#include "verify/numerics/numerics.h"
#include "verify_suite.h"

/* ---- a network with one operator replaced ---- */

typedef struct fault {
    const char *op;  /* which operator */
    int slot;        /* whose gradient is spoilt */
    const char *how; /* and how */
    const char *kind;
} fault;

static const fault faults[] = {
    { "tanh", 0, "sign", "sign" },
    { "tanh", 0, "factor", "" },
    { "tanh", 0, "zero", "zero" },
    { "tanh", 0, "output for input", "" },
    { "tanh", 0, "one element", "one element ([7])" },
    { "relu", 0, "factor", "" },
    { "relu", 0, "twice", "factor 2" },
    { "matmul", 0, "factor", "" },
    { "matmul", 0, "transposed", "transposed" },
    { "matmul", 1, "sign", "sign" },
    { "matmul", 1, "transposed", "transposed" },
    { "add", 1, "averaged", "" },
    { "add", 0, "offset", "constant offset 0.001" },
    { "mul", 0, "missing term", "" },
    { "mul", 1, "twice", "factor 2" },
    { "sum", 0, "factor", "" },
    { "softmax", 0, "missing term", "" },
};

static fault planted;
static const wg_op *original;

static wg_node *square_transposed(wg_node *g) { return wg_transpose(g); }

static wg_node *one_off(wg_node *g)
{
    static double off[64];
    for (int i = 0; i < 64; i++)
        off[i] = i == 7 ? 1.01 : 1;
    return wg_mul(g, wg_constant(wg_node_graph(g), NULL, WG_VIEW(off, 8, 8)));
}

static wg_node *spoilt(const wg_adjoint *a, int slot)
{
    wg_node *right = original->backward(a, slot);
    if (slot != planted.slot)
        return right;
    const char *how = planted.how;
    if (!strcmp(how, "sign"))
        return wg_neg(right);
    if (!strcmp(how, "factor"))
        return wg_scale(right, 1 + 1e-6);
    if (!strcmp(how, "twice"))
        return wg_scale(right, 2);
    if (!strcmp(how, "zero"))
        return wg_no_gradient(a);
    if (!strcmp(how, "output for input"))
        return wg_mul(a->cotangent, wg_shift(wg_neg(wg_square(a->in[0])), 1));
    if (!strcmp(how, "one element"))
        return one_off(right);
    if (!strcmp(how, "transposed"))
        return square_transposed(right);
    if (!strcmp(how, "averaged"))
        return wg_scale(right, 1.0 / 8);
    if (!strcmp(how, "offset"))
        return wg_shift(right, 1e-3);
    return wg_mul(a->cotangent, a->output); /* "missing term" */
}

static wg_node *make(const char *op, const wg_op *wrong, wg_nodes in, const char *attrs)
{
    if (strcmp(op, planted.op) != 0)
        return wg_apply_named(wg_node_graph(in.at[0]), op, in, attrs);
    (void)wrong;
    wg_node *n = wg_apply(wrong, in, NULL);
    return wg_name(n, "guilty");
}

static double xs[64], ys[64];
static float xs32[64], ys32[64];

typedef struct net {
    wg_graph *g;
    wg_node *x, *y, *w[3], *b, *loss;
    wg_exec *exec;
} net;

static wg_node *param(wg_graph *g, const char *name, wg_dtype type, int64_t rows)
{
    return rows > 1 ? wg_param(g, name, type, WG_SHAPE(rows, 8), wg_init_normal(0, 0.5))
                    : wg_param(g, name, type, WG_SHAPE(8), wg_init_normal(0, 0.5));
}

/* x (8,8); tanh(x W1 + b) relu(.. W2) softmax(.. W3) times itself and another layer: each of the operators once with a planted
 * fault where `planted` says so. */
static net net_new(const wg_op *wrong, wg_dtype type, int threads)
{
    wg__stream stream = { 11, 0 };
    net n = { .g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = threads, .seed = 3)) };
    for (int i = 0; i < 64; i++) {
        xs32[i] = (float)(xs[i] = 2 * wg__draw(&stream) - 1);
        ys32[i] = (float)(ys[i] = 2 * wg__draw(&stream) - 1);
    }
    n.x = wg_input(n.g, "x", type, WG_SHAPE(8, 8)), n.y = wg_input(n.g, "y", type, WG_SHAPE(8, 8));
    n.w[0] = param(n.g, "W1", type, 8), n.w[1] = param(n.g, "W2", type, 8), n.w[2] = param(n.g, "W3", type, 8);
    n.b = param(n.g, "b", type, 1);
    const wg_op *plain = wrong;
    wg_node *h = wg_add(wg_matmul(n.x, n.w[0]), n.b);
    h = make("tanh", plain, WG_NODES(h), NULL);
    h = make("matmul", plain, WG_NODES(h, n.w[1]), NULL);
    h = make("add", plain, WG_NODES(h, n.b), NULL);
    h = make("relu", plain, WG_NODES(h), NULL);
    wg_node *p = make("softmax", plain, WG_NODES(wg_matmul(h, n.w[2])), NULL);
    h = make("mul", plain, WG_NODES(wg_add(h, p), wg_sub(p, n.y)), NULL);
    n.loss = wg_sum(wg_square(make("sum", plain, WG_NODES(h), NULL)), WG_ALL_AXES, false);
    wg_plan *plan = wg_compile(n.g, WG_TRAIN, WG_NODES(n.loss));
    n.exec = wg_exec_new(plan);
    wg_plan_free(plan);
    ck_assert_msg(n.exec != NULL, "%s", wg_error());
    if (type == WG_F64) {
        ck_assert_int_eq(wg_bind(n.exec, n.x, WG_VIEW(xs, 8, 8)), WG_OK);
        ck_assert_int_eq(wg_bind(n.exec, n.y, WG_VIEW(ys, 8, 8)), WG_OK);
    } else {
        ck_assert_int_eq(wg_bind(n.exec, n.x, WG_VIEW(xs32, 8, 8)), WG_OK);
        ck_assert_int_eq(wg_bind(n.exec, n.y, WG_VIEW(ys32, 8, 8)), WG_OK);
    }
    return n;
}

static void net_free(net *n) { wg_exec_free(n->exec), wg_graph_free(n->g); }

static wg_check first_failure(const wg_report *r)
{
    for (size_t i = 0; i < wg_report_count(r); i++)
        if (wg_report_at(r, i).verdict == WG_FAIL)
            return wg_report_at(r, i);
    return (wg_check){ .op = "", .node = "", .kind = "", .what = "", .text = "", .slot = -9 };
}

static const wg_verify_opts quick = { .size = sizeof quick, .textbook_limit = -1 };

START_TEST(the_guilty_node_comes_first)
{
    planted = faults[_i];
    wg_op wrong = *(original = wg_registry_find(NULL, planted.op));
    wrong.name = "wrong", wrong.backward = spoilt, wrong.rewrite = NULL;
    net n = net_new(&wrong, WG_F64, 1);
    wg_report *r = NULL;
    wg_status st = wg_verify(n.loss, WG_NODES(n.w[0], n.w[1], n.w[2], n.b), n.exec, &quick, &r);
    wg_check c = first_failure(r);
    ck_assert_msg(st == WG_ERR_VERIFY, "%s %s: %s", planted.op, planted.how, wg_error());
    ck_assert_msg(!strcmp(c.node, "guilty") && !strcmp(c.op, "wrong") && c.slot == planted.slot, "%s %s: %s",
                  planted.op, planted.how, wg_report_text(r));
    ck_assert_str_eq(c.what, "residual");
    ck_assert_msg(!*planted.kind || !strcmp(c.kind, planted.kind), "%s %s: kind '%s'", planted.op, planted.how, c.kind);
    ck_assert_msg(wg_report_failed(r) == 1, "%s %s: %s", planted.op, planted.how, wg_report_text(r));
    ck_assert_msg(!strncmp(wg_report_text(r), "guilty (", 8), "%s", wg_report_text(r));
    wg_report_free(r);
    net_free(&n);
}
END_TEST

/* Nothing planted: the same network passes, in both types. */
START_TEST(the_innocent_network_passes)
{
    planted = (fault){ "", 0, "", "" };
    net n = net_new(NULL, _i ? WG_F32 : WG_F64, 2);
    wg_report *r = NULL;
    wg_status st = wg_verify(n.loss, WG_NODES(n.w[0], n.w[1], n.w[2], n.b), n.exec, &quick, &r);
    ck_assert_msg(st == WG_OK && !wg_report_inconclusive(r), "%s", wg_report_text(r));
    wg_report_free(r);
    net_free(&n);
}
END_TEST

/* Whatever is asked of memory may be refused: a status, and nothing lost. */
START_TEST(memory_may_run_out_anywhere)
{
    planted = (fault){ "tanh", 0, "twice", "" };
    wg_op wrong = *(original = wg_registry_find(NULL, "tanh"));
    wrong.name = "wrong", wrong.backward = spoilt;
    if (!_i)
        planted.op = "";
    net n = net_new(&wrong, WG_F32, 1);
    wg_grads given = wg_grads_of(n.loss, WG_NODES(n.w[0], n.w[1]));
    wg_status st = WG_ERR_NOMEM, expected = _i ? WG_ERR_VERIFY : WG_OK;
    size_t at = 1;
    for (; at < 100000 && st == WG_ERR_NOMEM; at += 1 + at / 16) {
        wg__alloc_fail_at(at, 1);
        st = wg_verify_gradients(n.loss, given, n.exec, &quick, NULL);
        wg__alloc_fail_at(0, 0);
    }
    ck_assert_msg(st == expected && at > 300, "allocation %zu: %s", at, wg_error());
    net_free(&n);
}
END_TEST

/* Feeds, values and graph stay as they were, and so does the next run. */
START_TEST(a_verification_changes_nothing)
{
    planted = (fault){ "", 0, "", "" };
    net n = net_new(NULL, WG_F64, 1);
    double x[64], w[64];
    ck_assert_int_eq(wg_run(n.exec), WG_OK);
    double loss = wg_scalar(n.exec, n.loss);
    size_t nodes = wg_graph_count(n.g);
    memcpy(x, xs, sizeof x);
    memcpy(w, wg_get(wg_graph_store(n.g), n.w[1]).data, sizeof w);
    ck_assert_msg(wg_verify(n.loss, WG_NODES(n.w[0], n.w[1], n.w[2], n.b), n.exec, WG_OPTS(wg_verify_opts, .order = 2),
                            NULL) == WG_OK,
                  "%s", wg_error());
    ck_assert_mem_eq(x, xs, sizeof x);
    ck_assert_mem_eq(w, wg_get(wg_graph_store(n.g), n.w[1]).data, sizeof w);
    ck_assert_uint_eq(wg_graph_count(n.g), nodes);
    ck_assert_double_eq(wg_scalar(n.exec, n.loss), loss);
    ck_assert_int_eq(wg_run(n.exec), WG_OK);
    ck_assert_double_eq(wg_scalar(n.exec, n.loss), loss);
    net_free(&n);
}
END_TEST

/* ---- faults that f64 on one thread does not have ---- */

static wg_status tanh_f32_bad(const wg_call *c, int64_t begin, int64_t end)
{
    const float *x = c->in[0];
    float *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = tanhf(x[i]) * 1.0005F;
    return WG_OK;
}

/* Wrong only in f32: the values, or the adjoint. */
static wg_node *narrow_backward(const wg_adjoint *a, int slot)
{
    wg_node *right = original->backward(a, slot);
    return wg_node_dtype(right) == WG_F32 ? wg_scale(right, 1.0005) : right;
}

START_TEST(faults_of_f32_alone_are_named)
{
    planted = (fault){ "tanh", 0, "", "" };
    wg_op wrong = *(original = wg_registry_find(NULL, "tanh"));
    wrong.name = "wrong";
    if (_i)
        wrong.backward = narrow_backward;
    else
        wrong.forward.f32 = tanh_f32_bad;
    wrong.rewrite = NULL;
    static wg_op own; /* with kernels of its own: a built-in's are not in its descriptor */
    own = wrong;
    net n = net_new(&own, WG_F32, 1);
    wg_report *r = NULL;
    wg_status st = wg_verify(n.loss, WG_NODES(n.w[0], n.w[1], n.w[2], n.b), n.exec, &quick, &r);
    wg_check c = first_failure(r);
    ck_assert_msg(st == WG_ERR_VERIFY && !strcmp(c.node, "guilty") && !strcmp(c.what, "f32"), "%s", wg_report_text(r));
    ck_assert_str_eq(c.kind, _i ? "f32 gradient" : "f32 values");
    wg_report_free(r);
    net_free(&n);
}
END_TEST

/* The kernel asks how its work was cut: what begins past 0 is another worker's. */
static wg_status split_bad(const wg_call *c, int64_t begin, int64_t end)
{
    const double *x = c->in[0];
    double *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] * (begin > 0 ? 1 + 1e-9 : 1);
    return WG_OK;
}

static wg_node *split_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_scale(a->cotangent, 1);
}

static wg_status split_lower(wg_lowering *l)
{
    int64_t n = wg_shape_count(l->out_shape[0]);
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = n, .grain = 64, .cost = 1000 };
    return WG_OK;
}

START_TEST(faults_of_two_threads_alone_are_named)
{
    static const wg_sample samples[] = { { .in = { WG_VALUES(-2, 2, 5) } } };
    static const wg_op split = { WG_OP,
                                 .name = "split",
                                 .doc = "x",
                                 .arity = 1,
                                 .forward = { .f64 = split_bad },
                                 .lower = split_lower,
                                 .backward = split_backward,
                                 WG_SAMPLES(samples) };
    static double x[64 * 32];
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1));
    wg_node *in = wg_input(g, "x", WG_F64, WG_SHAPE(64, 32)),
            *w = wg_param(g, "w", WG_F64, WG_SHAPE(32, 32), wg_init_normal(0, 1));
    wg_node *cut = wg_name(wg_apply(&split, WG_NODES(wg_matmul(in, w)), NULL), "guilty");
    wg_node *loss = wg_sum(wg_square(cut), WG_ALL_AXES, false);
    wg__stream stream = { 1, 0 };
    for (size_t i = 0; i < WG_COUNT(x); i++)
        x[i] = wg__draw_signed(&stream);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_int_eq(wg_bind(e, in, WG_VIEW(x, 64, 32)), WG_OK);
    wg_report *r = NULL;
    wg_status st = wg_verify(loss, WG_NODES(w), e, &quick, &r);
    wg_check c = first_failure(r);
    wg_exec *two = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = 2));
    wg_exec_stats stats = { .size = sizeof stats };
    ck_assert_int_eq(wg_bind(two, in, WG_VIEW(x, 64, 32)), WG_OK);
    ck_assert_int_eq(wg_exec_describe(two, &stats), WG_OK);
    if (stats.threads > 1) /* not so in a build without OpenMP */
        ck_assert_msg(st == WG_ERR_VERIFY && !strcmp(c.node, "guilty") && !strcmp(c.kind, "threads"), "%s",
                      wg_report_text(r));
    wg_report_free(r);
    wg_exec_free(two), wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
}
END_TEST

/* Takes a block whose results go where the last ones went for the same block: so it is where its values are in a register,
 * fused with their only reader, and nobody keeps them. */
static wg_status fused_bad(const wg_call *c, int64_t begin, int64_t end)
{
    static _Thread_local const double *last;
    const double *x = c->in[0];
    double *y = c->out;
    bool again = y == last && end - begin < 4096;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] * (again ? 1 + 1e-9 : 1);
    last = y;
    return WG_OK;
}

START_TEST(faults_of_the_compiled_plan_are_named)
{
    static const wg_sample samples[] = { { .in = { WG_VALUES(-2, 2, 5) } } };
    static const wg_op fused = { WG_OP,
                                 .name = "fused",
                                 .doc = "x",
                                 .arity = 1,
                                 .flags = WG_ELEMENTWISE,
                                 .forward = { .f64 = fused_bad },
                                 .backward = split_backward,
                                 WG_SAMPLES(samples) };
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1));
    wg_node *w = wg_param(g, "w", WG_F64, WG_SHAPE(64, 128), wg_init_normal(0, 1));
    wg_node *h = wg_name(wg_apply(&fused, WG_NODES(wg_sin(w)), NULL), "guilty");
    wg_node *loss = wg_sum(wg_exp(h), WG_ALL_AXES, false);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    wg_report *r = NULL;
    wg_status st = wg_verify(loss, WG_NODES(w), e, &quick, &r);
    wg_check c = first_failure(r);
    ck_assert_msg(st == WG_ERR_VERIFY && !strcmp(c.node, "guilty") && !strcmp(c.what, "plan"), "%s", wg_report_text(r));
    wg_report_free(r);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
}
END_TEST

/* ---- deep, wide, shared ---- */

static wg_node *once_wrong(const wg_adjoint *a, int slot) { return wg_scale(original->backward(a, slot), 1 + 1e-6); }

/* One part in a million, in one of twenty layers; of five million parameters, too, where operations of one shape share what is
 * known of them and fewer numbers of threads are tried. */
START_TEST(one_part_in_a_million_is_found_in_twenty_layers)
{
    enum { LAYERS = 20, WIDE = 512, BATCH = 8, WRONG = 13 };
    static double x[BATCH * WIDE];
    if (_i >= 2 && test_stride() > 1)
        return;
    const int64_t WIDTH = _i < 2 ? 24 : WIDE;
    wg__stream stream = { 2, 0 };
    for (size_t i = 0; i < WG_COUNT(x); i++)
        x[i] = wg__draw_signed(&stream);
    wg_op wrong = *(original = wg_registry_find(NULL, "relu"));
    wrong.name = "wrong", wrong.backward = once_wrong;
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1, .seed = 4));
    wg_node *in = wg_input(g, "x", WG_F64, WG_SHAPE(BATCH, WIDTH)), *h = in;
    for (int l = 0; l < LAYERS; l++) {
        wg_scope_push(g, "l%d", l);
        wg_node *w = wg_param(g, "W", WG_F64, WG_SHAPE(WIDTH, WIDTH), wg_init_he()),
                *b = wg_param(g, "b", WG_F64, WG_SHAPE(WIDTH), wg_init_zeros());
        h = wg_add(wg_matmul(h, w), b);
        h = l == WRONG && _i % 2 ? wg_name(wg_apply(&wrong, WG_NODES(h), NULL), "guilty") : wg_relu(h);
        wg_scope_pop(g);
    }
    wg_node *loss = wg_mean(wg_square(h), WG_ALL_AXES, false);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_int_eq(wg_bind(e, in, WG_VIEW(x, BATCH, WIDTH)), WG_OK);
    wg_report *r = NULL;
    wg_status st = wg_verify(loss, wg_trainable(loss), e, &quick, &r);
    if (_i % 2) {
        wg_check c = first_failure(r);
        ck_assert_msg(st == WG_ERR_VERIFY && wg_report_failed(r) == 1 && !strcmp(c.node, "l13/guilty"), "%s",
                      wg_report_text(r));
    } else {
        ck_assert_msg(st == WG_OK && !wg_report_inconclusive(r), "%s", wg_report_text(r));
    }
    wg_report_free(r);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
}
END_TEST

/* An element of 300,000 that is off. */
static wg_node *big_one_off(const wg_adjoint *a, int slot)
{
    enum { N = 300000 };
    static double off[N];
    for (int i = 0; i < N; i++)
        off[i] = i == 123456 ? 1.5 : 1;
    (void)slot;
    wg_node *factors = wg_constant(wg_node_graph(a->cotangent), NULL, WG_VIEW(off, N));
    return wg_mul(wg_mul(a->cotangent, wg_scale(a->in[0], 2)), factors);
}

START_TEST(one_element_of_many_is_found)
{
    enum { N = 300000 };
    wg_op wrong = *wg_registry_find(NULL, "square");
    wrong.name = "wrong", wrong.backward = big_one_off;
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 2));
    wg_node *w = wg_param(g, "w", WG_F64, WG_SHAPE(N), wg_init_uniform(1, 2));
    wg_node *square = wg_name(wg_apply(&wrong, WG_NODES(w), NULL), "guilty"),
            *loss = wg_sum(square, WG_ALL_AXES, false);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    wg_report *r = NULL;
    ck_assert_int_eq(wg_verify(loss, WG_NODES(w), e, &quick, &r), WG_ERR_VERIFY);
    ck_assert_msg(!strcmp(first_failure(r).node, "guilty"), "%s", wg_report_text(r));
    wg_report_free(r);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
}
END_TEST

/* More elements than are differenced one by one. */
static wg_node *big_spoilt(const wg_adjoint *a, int slot)
{
    wg_node *right = original->backward(a, slot);
    if (!strcmp(planted.how, "averaged"))
        return wg_add(wg_mean(right, WG_AXES(1), true), wg_zeros_like(right));
    return !strcmp(planted.how, "twice")    ? wg_scale(right, 2)
           : !strcmp(planted.how, "offset") ? wg_shift(right, 0.5)
                                            : wg_transpose(right);
}

START_TEST(kinds_are_told_of_large_operands_too)
{
    static const fault large[] = { { "exp", 0, "twice", "factor 2" },
                                   { "exp", 0, "offset", "constant offset 0.5" },
                                   { "exp", 0, "transposed", "transposed" },
                                   { "exp", 0, "averaged", "averaged over axis 1" } };
    planted = large[_i];
    wg_op wrong = *(original = wg_registry_find(NULL, "exp"));
    wrong.name = "wrong", wrong.backward = big_spoilt, wrong.rewrite = NULL;
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1));
    wg_node *w = wg_param(g, "w", WG_F64, WG_SHAPE(40, 40), wg_init_normal(0, 1));
    wg_node *h = wg_name(wg_apply(&wrong, WG_NODES(w), NULL), "guilty"),
            *loss = wg_sum(wg_square(h), WG_ALL_AXES, false);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    wg_report *r = NULL;
    ck_assert_int_eq(wg_verify(loss, WG_NODES(w), e, &quick, &r), WG_ERR_VERIFY);
    wg_check c = first_failure(r);
    ck_assert_msg(!strcmp(c.node, "guilty") && !strcmp(c.kind, planted.kind), "'%s': %s", c.kind, wg_report_text(r));
    wg_report_free(r);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
}
END_TEST

/* exp whose gradient is right, by an operator whose own is not. */
static wg_op inner_exp;

static wg_node *exp_by_inner(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, wg_apply(&inner_exp, WG_NODES(a->in[0]), NULL));
}

static wg_node *exp_wrong(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_scale(wg_mul(a->cotangent, a->output), 1.001);
}

START_TEST(second_order_faults_need_order_two)
{
    wg_op wrong = inner_exp = *wg_registry_find(NULL, "exp");
    wrong.name = "outer", wrong.backward = exp_by_inner;
    inner_exp.name = "inner", inner_exp.backward = exp_wrong;
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1));
    wg_node *w = wg_param(g, "w", WG_F64, WG_SHAPE(5), wg_init_uniform(1, 2));
    wg_node *loss = wg_sum(wg_apply(&wrong, WG_NODES(w), NULL), WG_ALL_AXES, false);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    wg_report *r = NULL;
    ck_assert_msg(wg_verify(loss, WG_NODES(w), e, &quick, NULL) == WG_OK, "%s", wg_error());
    wg_status st = wg_verify(loss, WG_NODES(w), e, WG_OPTS(wg_verify_opts, .order = 2, .textbook_limit = -1), &r);
    ck_assert_msg(st == WG_ERR_VERIFY && first_failure(r).order == 2 && !strcmp(first_failure(r).op, "inner"), "%s",
                  wg_report_text(r));
    wg_report_free(r);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
}
END_TEST

TCase *verify_blame(void)
{
    TCase *t = tcase_create("blame");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, the_guilty_node_comes_first, 0, (int)WG_COUNT(faults));
    tcase_add_loop_test(t, the_innocent_network_passes, 0, 2);
    tcase_add_loop_test(t, memory_may_run_out_anywhere, 0, 2);
    tcase_add_test(t, a_verification_changes_nothing);
    tcase_add_loop_test(t, faults_of_f32_alone_are_named, 0, 2);
    tcase_add_test(t, faults_of_two_threads_alone_are_named);
    tcase_add_test(t, faults_of_the_compiled_plan_are_named);
    tcase_add_loop_test(t, one_part_in_a_million_is_found_in_twenty_layers, 0, 4);
    tcase_add_test(t, one_element_of_many_is_found);
    tcase_add_loop_test(t, kinds_are_told_of_large_operands_too, 0, 4);
    tcase_add_test(t, second_order_faults_need_order_two);
    return t;
}
