/* Backward passes that somebody wrote by hand, with a mistake in one node: that node is named, with the operand and the
 * kind, and no other. */
#include <stdio.h>
#include <string.h>
#include <wengert.h>

#include "base/alloc.h"
#include "suite.h"
#include "verify/numerics/numerics.h"
#include "verify_suite.h"

enum { ROWS = 6, WIDE = 5, LAYERS = 3 };

/* x (6,5) -> relu 5 -> relu 5 and what went in -> tanh 5; mean squared error and the second layer's weights' decay.
 * Parameters in the order W1 b1 W2 b2 W3 b3. */
typedef struct net {
    wg_graph *g;
    wg_node *x, *y, *p[2 * LAYERS], *z[LAYERS], *a[LAYERS], *loss;
    wg_exec *exec;
} net;

static double xs[ROWS * WIDE], ys[ROWS * WIDE];

static net net_new(void)
{
    wg__stream stream = { 7, 0 };
    net n = { .g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1, .seed = 5)) };
    for (int i = 0; i < ROWS * WIDE; i++) {
        xs[i] = 2 * wg__draw(&stream) - 1;
        ys[i] = wg__draw(&stream) - 0.5;
    }
    wg_node *a = n.x = wg_input(n.g, "x", WG_F64, WG_SHAPE(ROWS, WIDE));
    n.y = wg_input(n.g, "y", WG_F64, WG_SHAPE(ROWS, WIDE));
    for (int l = 0; l < LAYERS; l++) {
        char name[8];
        snprintf(name, sizeof name, "W%d", l + 1);
        n.p[2 * l] = wg_param(n.g, name, WG_F64, WG_SHAPE(WIDE, WIDE), wg_init_normal(0, 0.7));
        name[0] = 'b';
        n.p[2 * l + 1] = wg_param(n.g, name, WG_F64, WG_SHAPE(WIDE), wg_init_normal(0, 0.3));
        n.z[l] = wg_add(wg_matmul(a, n.p[2 * l]), n.p[2 * l + 1]);
        n.a[l] = l + 1 < LAYERS ? wg_relu(n.z[l]) : wg_tanh(n.z[l]);
        a = n.a[l] = l == 1 ? wg_add(n.a[l], a) : n.a[l];
    }
    wg_node *decay = wg_scale(wg_sum(wg_square(n.p[2]), WG_ALL_AXES, false), 0.05);
    n.loss = wg_name(wg_add(wg_mean(wg_square(wg_sub(a, n.y)), WG_ALL_AXES, false), decay), "loss");
    wg_plan *plan = wg_compile(n.g, WG_TRAIN, WG_NODES(n.loss));
    n.exec = wg_exec_new(plan);
    wg_plan_free(plan);
    ck_assert_int_eq(wg_bind(n.exec, n.x, WG_VIEW(xs, ROWS, WIDE)), WG_OK);
    ck_assert_int_eq(wg_bind(n.exec, n.y, WG_VIEW(ys, ROWS, WIDE)), WG_OK);
    return n;
}

static void net_free(net *n) { wg_exec_free(n->exec), wg_graph_free(n->g); }

typedef struct mistake {
    const char *what;
    const char *node; /* named first */
    int slot;
    const char *kind;
} mistake;

static const mistake mistakes[] = {
    { "", "", 0, "" },
    { "mask: less", "dZ2", 1, "wrong derivative" },
    { "mask: of another layer", "dZ2", 1, "wrong derivative" },
    { "mask: of the cotangent", "dZ2", 1, "wrong derivative" },
    { "mask: all ones", "dZ2", 1, "wrong derivative" },
    { "mask: forgotten", "through", 0, "wiring" },
    { "mask of layer 1: less", "dZ1", 1, "wrong derivative" },
    { "mask of layer 1: all ones", "dZ1", 1, "wrong derivative" },
    { "tanh: of the input", "dZ3", 1, "wrong derivative" },
    { "top: no divisor", "dA3", 0, "factor 30" },
    { "top: sign", "off", 0, "sign" },
    { "top: sign, divisor later", "off", 0, "sign" },
    { "top: twice", "dA3", 0, "factor 2" },
    { "middle: sign", "dA1", 0, "sign" },
    { "middle: half", "dA1", 0, "factor 1/2" },
    { "middle: twice in dZ1", "dZ1", 0, "factor 2" },
    { "middle: not transposed", "through", 1, "wrong derivative" },
    { "middle: other weights", "through", 1, "wiring" },
    { "leaf: other activation", "share", 0, "wiring" },
    { "leaf: mean", "db2", 0, "factor 1/6" },
    { "leaf: sign", "share", 0, "sign" },
    { "leaf: transposed", "share", 0, "" },
    { "decay: forgotten", "dW2", 1, "missing term" },
    { "decay: half", "decay", 0, "factor 1/2" },
    { "skip: forgotten", "dA1", 0, "missing term" },
};

static mistake made;
static int is(const char *what) { return !strcmp(made.what, what); }

static wg_node *mask_of(const net *n, wg_node *z, wg_node *dA, int l)
{
    wg_node *zero = wg_const(n->g, 0);
    wg_node *on = wg_gt(z, zero);
    if (l == 1 || strstr(made.what, "layer 1")) {
        if (l == 1 && strstr(made.what, "layer 1"))
            return wg_cast(on, WG_F64);
        if (strstr(made.what, "less"))
            on = wg_lt(z, zero);
        if (strstr(made.what, "of another layer"))
            on = wg_gt(n->z[0], zero);
        if (strstr(made.what, "of the cotangent"))
            on = wg_gt(dA, zero);
        if (strstr(made.what, "all ones"))
            on = wg_ge(wg_square(n->a[l]), zero);
    }
    return wg_cast(on, WG_F64);
}

static void backward(const net *n, wg_node *g[2 * LAYERS])
{
    double divisor = ROWS * WIDE, later = 1;
    if (is("top: no divisor"))
        divisor = 1;
    if (is("top: sign, divisor later"))
        later = 1 / divisor, divisor = 1;
    bool back = is("top: sign") || is("top: sign, divisor later");
    wg_node *off = back ? wg_sub(n->y, n->a[2]) : wg_sub(n->a[2], n->y);
    wg_node *dA = wg_scale(wg_name(off, "off"), (is("top: twice") ? 4 : 2) / divisor);
    for (int l = LAYERS - 1; l >= 0; l--) {
        wg_node *before = l ? n->a[l - 1] : n->x, *dZ, *last = dA;
        wg_name(dA, "dA%d", l + 1);
        if (l == LAYERS - 1)
            dZ = wg_mul(dA, wg_shift(wg_neg(wg_square(is("tanh: of the input") ? n->z[l] : n->a[l])), 1));
        else if (l == 1 && is("mask: forgotten"))
            dZ = NULL;
        else
            dZ = wg_mul(dA, mask_of(n, n->z[l], dA, l));
        if (l == 0 && is("middle: twice in dZ1"))
            dZ = wg_scale(dZ, 2);
        if (dZ)
            wg_name(dZ, "dZ%d", l + 1);
        else
            dZ = dA;
        if (l == 1 && is("leaf: other activation"))
            before = n->a[1];
        wg_node *dW = wg_matmul_t(before, true, dZ, false), *db = wg_sum(dZ, WG_AXES(0), false);
        if (l == 1 && is("leaf: mean"))
            db = wg_mean(dZ, WG_AXES(0), false);
        if (later != 1)
            dW = wg_scale(dW, later), db = wg_scale(db, later);
        if (l == 1 && is("leaf: sign"))
            dW = wg_neg(dW);
        if (l == 1 && is("leaf: transposed"))
            dW = wg_transpose(dW);
        if (l == 1 && !is("decay: forgotten"))
            dW = wg_add(wg_name(dW, "share"), wg_name(wg_scale(n->p[2], is("decay: half") ? 0.05 : 0.1), "decay"));
        g[2 * l] = wg_name(dW, "dW%d", l + 1), g[2 * l + 1] = wg_name(db, "db%d", l + 1);
        if (l == 0)
            return;
        wg_node *w = is("middle: other weights") && l == 1 ? n->p[0] : n->p[2 * l];
        dA = wg_matmul_t(dZ, false, w, !(l == 1 && is("middle: not transposed")));
        if (l == 1)
            wg_name(dA, "through");
        if (l == 1 && !is("skip: forgotten"))
            dA = wg_add(dA, last);
        if (l == 1 && is("middle: sign"))
            dA = wg_neg(dA);
        if (l == 1 && is("middle: half"))
            dA = wg_scale(dA, 0.5);
    }
}

static wg_check first_failure(const wg_report *r)
{
    for (size_t i = 0; i < wg_report_count(r); i++)
        if (wg_report_at(r, i).verdict == WG_FAIL)
            return wg_report_at(r, i);
    return (wg_check){ .op = "", .node = "", .kind = "", .what = "", .text = "", .slot = -9 };
}

static const wg_verify_opts quick = { .size = sizeof quick, .textbook_limit = -1 };

START_TEST(the_wrong_node_comes_first)
{
    made = mistakes[_i];
    net n = net_new();
    wg_node *g[2 * LAYERS];
    backward(&n, g);
    wg_report *r = NULL;
    wg_status st =
        wg_verify_gradients(n.loss, (wg_grads){ { n.p, 2 * LAYERS }, { g, 2 * LAYERS } }, n.exec, &quick, &r);
    wg_check c = first_failure(r);
    ck_assert_msg(st == (*made.what ? WG_ERR_VERIFY : WG_OK), "%s: %s", made.what, wg_error());
    for (size_t i = 0; i < wg_report_count(r) && !is("mask: forgotten"); i++) /* three nodes read that one */
        ck_assert_msg(wg_report_at(r, i).verdict != WG_FAIL || !strcmp(wg_report_at(r, i).node, made.node),
                      "%s: innocent: %s", made.what, wg_report_text(r));
    if (*made.what)
        ck_assert_msg(!strcmp(c.node, made.node) && c.slot == made.slot &&
                          !strncmp(c.kind, made.kind, strlen(made.kind)),
                      "%s: %s %d '%s', not %s %d '%s': %s", made.what, c.node, c.slot, c.kind, made.node, made.slot,
                      made.kind, wg_report_text(r));
    wg_report_free(r);
    net_free(&n);
}
END_TEST

/* Without memory for the search the wrong gradients are still known. */
START_TEST(memory_may_run_out_in_the_search)
{
    made = mistakes[_i];
    net n = net_new();
    wg_node *g[2 * LAYERS];
    backward(&n, g);
    size_t at = 1, asked = 1;
    for (; at <= asked; at += 1 + at / 8) {
        wg__alloc_fail_at(at, _i % 2);
        wg_status st =
            wg_verify_gradients(n.loss, (wg_grads){ { n.p, 2 * LAYERS }, { g, 2 * LAYERS } }, n.exec, &quick, NULL);
        asked = wg__alloc_fail_at(0, 0) >= at ? at + at / 8 + 1 : 0;
        ck_assert_msg(st == WG_ERR_NOMEM || st == WG_ERR_VERIFY, "allocation %zu: %s", at, wg_error());
    }
    ck_assert_uint_gt(at, 1000);
    net_free(&n);
}
END_TEST

TCase *verify_by_hand(void)
{
    TCase *t = tcase_create("by hand");
    tcase_add_loop_test(t, the_wrong_node_comes_first, 0, (int)WG_COUNT(mistakes));
    tcase_add_loop_test(t, memory_may_run_out_in_the_search, 1, 3);
    return t;
}
