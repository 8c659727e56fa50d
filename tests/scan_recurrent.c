/* Recurrent layers, against the same cells step by step; tests/torch_recurrent.sh compares them with PyTorch's. */
#include "scan_test.h"

typedef struct layer {
    wg_node *y, *h;
    wg_nodes params;
} layer;

static wg_node *linear(wg_node *v, wg_node *m, wg_node *bias) { return wg_add(wg_matmul(v, m), bias); }

/* x at step t, (N, C). */
static wg_node *step_of(int64_t t) { return wg_take(x, wg_constant(g, NULL, wg_view_of(&t, WG_I64, WG_SCALAR)), 1); }

static wg_node *part(wg_node *z, int i) { return wg_slice1(z, 1, (int64_t)i * H, (int64_t)(i + 1) * H); }

static layer lstm(int length, bool by_hand, int64_t stretch)
{
    wg_scope_push(g, "way%d_%d", by_hand, (int)stretch);
    wg_lstm l = wg_lstm_new(g, "lstm", WG_F64, C, H);
    wg_scope_pop(g);
    l.stretch = stretch;
    wg_node *ys[LONGEST], *h = h0, *c = wg_zeros_like(h0);
    if (!by_hand) {
        wg_lstm_out o = wg_lstm_apply(l, x, NULL, h0, NULL);
        return (layer){ o.y, wg_add(o.h, o.c), wg_trainable(o.y) };
    }
    for (int t = 0; t < length; t++) {
        wg_node *z = wg_add(linear(step_of(t), l.w_x, l.b), wg_matmul(h, l.w_h));
        c = wg_add(wg_mul(wg_sigmoid(part(z, 1)), c), wg_mul(wg_sigmoid(part(z, 0)), wg_tanh(part(z, 2))));
        ys[t] = h = wg_mul(wg_sigmoid(part(z, 3)), wg_tanh(c));
    }
    return (layer){ wg_stack((wg_nodes){ ys, (size_t)length }, 1), wg_add(h, c), wg_trainable(h) };
}

static layer gru(int length, bool by_hand, int64_t stretch)
{
    wg_scope_push(g, "way%d_%d", by_hand, (int)stretch);
    wg_gru l = wg_gru_new(g, "gru", WG_F64, C, H);
    wg_scope_pop(g);
    l.stretch = stretch;
    wg_node *ys[LONGEST], *h = h0;
    if (!by_hand) {
        wg_rnn_out o = wg_gru_apply(l, x, NULL, h0);
        return (layer){ o.y, o.h, wg_trainable(o.y) };
    }
    for (int t = 0; t < length; t++) {
        wg_node *a = linear(step_of(t), l.w_x, l.b), *s = wg_matmul(h, l.w_h);
        wg_node *r = wg_sigmoid(wg_add(part(a, 0), part(s, 0))), *z = wg_sigmoid(wg_add(part(a, 1), part(s, 1)));
        wg_node *n = wg_tanh(wg_add(part(a, 2), wg_mul(r, wg_add(part(s, 2), l.b_hn))));
        ys[t] = h = wg_add(wg_mul(wg_shift(wg_neg(z), 1), n), wg_mul(z, h));
    }
    return (layer){ wg_stack((wg_nodes){ ys, (size_t)length }, 1), h, wg_trainable(h) };
}

static layer rnn(int length, bool by_hand, int64_t stretch)
{
    wg_scope_push(g, "way%d_%d", by_hand, (int)stretch);
    wg_rnn l = wg_rnn_new(g, "rnn", WG_F64, C, H);
    wg_scope_pop(g);
    l.stretch = stretch;
    wg_node *ys[LONGEST], *h = h0;
    if (!by_hand) {
        wg_rnn_out o = wg_rnn_apply(l, x, NULL, h0);
        return (layer){ o.y, o.h, wg_trainable(o.y) };
    }
    for (int t = 0; t < length; t++)
        ys[t] = h = wg_tanh(wg_add(linear(step_of(t), l.w_x, l.b), wg_matmul(h, l.w_h)));
    return (layer){ wg_stack((wg_nodes){ ys, (size_t)length }, 1), h, wg_trainable(h) };
}

/* The same values in the params of both. */
static void share_values(wg_nodes from, wg_nodes to)
{
    wg_store *s = wg_graph_store(g);
    ck_assert_uint_eq(from.n, to.n);
    for (size_t i = 0; i < from.n; i++)
        OK(wg_set(s, to.at[i], wg_get(s, from.at[i])));
}

START_TEST(layers_are_their_cells_step_by_step)
{
    static layer (*const kinds[])(int, bool, int64_t) = { rnn, lstm, gru };
    enum { LENGTH = 5, MOST = 4 };
    for (int64_t stretch = 0; stretch < 3; stretch += 2) {
        wg_node *wanted[2 * (2 + MOST)];
        size_t n = 0;
        layer l[2] = { kinds[_i](LENGTH, false, stretch), kinds[_i](LENGTH, true, stretch) };
        share_values(l[0].params, l[1].params);
        for (int way = 0; way < 2; way++) {
            wg_node *loss = wg_add(total(wg_mul(l[way].y, wg_sin(l[way].y))), total(l[way].h));
            wg_grads d = wg_grads_of(loss, l[way].params);
            ck_assert_msg(d.of.n > 0, "%s", wg_error());
            wanted[n++] = l[way].y;
            wanted[n++] = l[way].h;
            for (size_t i = 0; i < d.of.n; i++)
                wanted[n++] = d.of.at[i];
        }
        wg_exec *e = exec_of((wg_nodes){ wanted, n }, 2);
        feed(e, LENGTH);
        OK(wg_run(e));
        for (size_t i = 0; i < n / 2; i++) {
            assert_alike(e, wanted[i], wanted[n / 2 + i], 1e-13);
            assert_interpreted(e, wanted[i]);
        }
        wg_exec_free(e);
    }
}
END_TEST

START_TEST(masked_steps_keep_the_state_and_states_begin_with_zeros)
{
    static const uint8_t on[] = { 1, 1, 0, 0, 1, 0, 1, 1 };
    wg_node *mask = wg_input(g, "mask", WG_U8, WG_SHAPE(WG_BATCH, WG_DIM('T')));
    wg_lstm l = wg_lstm_new(g, "lstm", WG_F64, C, H);
    wg_lstm_out o = wg_lstm_apply(l, x, mask, NULL, NULL);
    wg_node *zero = wg_zeros(g, WG_F64, WG_SHAPE(WG_BATCH, H));
    wg_lstm_out plain = wg_lstm_apply(l, x, NULL, zero, zero);
    wg_exec *e = exec_of(WG_NODES(o.y, o.h, plain.y), 1);
    feed(e, 4);
    OK(wg_feed(e, mask, WG_VIEW(on, N, 4)));
    OK(wg_run(e));
    wg_view y = wg_result(e, o.y), p = wg_result(e, plain.y), h = wg_result(e, o.h);
    for (int i = 0; i < H; i++) {
        ck_assert_double_eq(wg_view_at(y, H + i), wg_view_at(p, H + i)); /* the first example: two steps */
        ck_assert_double_eq(wg_view_at(y, 3 * H + i), wg_view_at(p, H + i));
        ck_assert_double_eq(wg_view_at(h, i), wg_view_at(p, H + i));
        ck_assert_double_eq(wg_view_at(y, 5 * H + i), wg_view_at(y, 4 * H + i)); /* the second: a gap */
        ck_assert_double_ne(wg_view_at(y, 6 * H + i), wg_view_at(y, 5 * H + i));
    }
    wg_exec_free(e);
}
END_TEST

START_TEST(one_exec_takes_batches_and_lengths_as_they_come)
{
    wg_gru l = wg_gru_new(g, "gru", WG_F64, C, H);
    wg_rnn_out o = wg_gru_apply(l, x, NULL, NULL);
    wg_node *d = wg_grad(total(wg_square(o.y)), l.w_h);
    wg_exec *e = exec_of(WG_NODES(o.y, d), 2);
    static const int64_t shapes[][2] = { { 2, 5 }, { 1, 7 }, { 2, 1 }, { 2, 5 }, { 3, 0 }, { 0, 4 } };
    for (size_t i = 0; i < WG_COUNT(shapes); i++) {
        OK(wg_feed(e, x, WG_VIEW(xs, shapes[i][0], shapes[i][1], C)));
        OK(wg_run(e));
        ck_assert_int_eq(wg_shape_count(wg_result(e, o.y).shape), shapes[i][0] * shapes[i][1] * H);
        assert_interpreted(e, o.y);
        assert_interpreted(e, d);
    }
    wg_exec_free(e);
}
END_TEST

START_TEST(the_verifier_finds_layers_right)
{
    layer l[] = { rnn(0, false, 0), lstm(0, false, 0), lstm(0, false, 2), gru(0, false, 0) };
    for (size_t i = 0; i < WG_COUNT(l); i++) {
        wg_node *loss = wg_add(total(wg_mul(l[i].y, wg_sin(l[i].y))), total(l[i].h));
        wg_exec *e = exec_of(WG_NODES(loss), 1);
        feed(e, 4);
        wg_report *report = NULL;
        wg_status status = wg_verify(loss, l[i].params, e, NULL, &report);
        ck_assert_msg(status == WG_OK, "%s\n%s", wg_error(), wg_report_text(report));
        wg_report_free(report);
        wg_exec_free(e);
    }
}
END_TEST

/* A loss over 1000 steps: bytes of the arena, and the gradient of w_h. */
static size_t long_sequence(int64_t stretch, double *gradient, size_t n)
{
    enum { STEPS = 1000, IN = 8, HIDDEN = 24 };
    wg_graph *own = wg_graph_new();
    wg_node *in = wg_input(own, "x", WG_F64, WG_SHAPE(WG_BATCH, WG_DIM('T'), IN));
    wg_lstm l = wg_lstm_new(own, "lstm", WG_F64, IN, HIDDEN);
    l.stretch = stretch;
    wg_node *loss = wg_mean(wg_square(wg_lstm_apply(l, in, NULL, NULL, NULL).y), WG_ALL_AXES, false);
    wg_node *d = wg_grad(loss, l.w_h);
    wg_plan *plan = wg_compile(own, WG_TRAIN, WG_NODES(loss, d));
    wg_exec *e = wg_exec_new(plan);
    double *long_xs = calloc(N * STEPS * IN, sizeof *long_xs);
    for (int i = 0; i < N * STEPS * IN; i++)
        long_xs[i] = sin(0.7 * i);
    OK(wg_feed(e, in, WG_VIEW(long_xs, N, STEPS, IN)));
    OK(wg_run(e));
    for (size_t i = 0; i < n; i++)
        gradient[i] = wg_view_at(wg_result(e, d), (int64_t)i);
    wg_exec_stats stats = { .size = sizeof stats };
    OK(wg_exec_describe(e, &stats));
    free(long_xs);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(own);
    return stats.arena;
}

START_TEST(stretches_take_a_quarter_of_the_memory)
{
    double whole[24 * 96], parts[24 * 96];
    size_t n = WG_COUNT(whole);
    size_t all = long_sequence(0, whole, n), less = long_sequence(32, parts, n);
    ck_assert_msg(4 * less < all, "%zu bytes in stretches, %zu without", less, all);
    for (size_t i = 0; i < n; i++)
        ck_assert_double_eq_tol(whole[i], parts[i], 1e-13);
}
END_TEST

TCase *scan_recurrent_tests(void)
{
    TCase *t = tcase_create("recurrent");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, layers_are_their_cells_step_by_step, 0, 3);
    tcase_add_test(t, masked_steps_keep_the_state_and_states_begin_with_zeros);
    tcase_add_test(t, one_exec_takes_batches_and_lengths_as_they_come);
    tcase_add_test(t, the_verifier_finds_layers_right);
    tcase_add_test(t, stretches_take_a_quarter_of_the_memory);
    return t;
}
