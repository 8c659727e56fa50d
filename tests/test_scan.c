/* Scans: against loops written out, by value and derivative, in runs and in the interpreter; lengths that are known late; what is
 * refused; graph files. */
#include "scan_test.h"

wg_graph *g;
wg_node *x, *h0, *w, *u, *b;
double xs[N * LONGEST * C], starts[N * H];

static double wave(int i) { return sin(1.7 * i + 0.3) * 0.8; }

void set_up(void)
{
    forget_failures();
    g = wg_graph_new();
    x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, WG_DIM('T'), C));
    h0 = wg_input(g, "h0", WG_F64, WG_SHAPE(WG_BATCH, H));
    w = wg_param(g, "w", WG_F64, WG_SHAPE(C, H), wg_init_normal(0, 0.6));
    u = wg_param(g, "u", WG_F64, WG_SHAPE(H, H), wg_init_normal(0, 0.6));
    b = wg_param(g, "b", WG_F64, WG_SHAPE(H), wg_init_normal(0, 0.6));
    for (int i = 0; i < N * LONGEST * C; i++)
        xs[i] = wave(i);
    for (int i = 0; i < N * H; i++)
        starts[i] = wave(1000 + i);
}

void tear_down(void) { wg_graph_free(g); }

wg_exec *exec_of(wg_nodes wanted, int threads)
{
    wg_plan *plan = wg_compile(g, WG_TRAIN, wanted);
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = threads));
    ck_assert_msg(e != NULL, "%s", wg_error());
    wg_plan_free(plan);
    return e;
}

void feed(wg_exec *e, int64_t length)
{
    OK(wg_feed(e, x, WG_VIEW(xs, N, length, C)));
    OK(wg_feed(e, h0, WG_VIEW(starts, N, H)));
}

wg_node *total(wg_node *y) { return wg_sum(y, WG_ALL_AXES, false); }

/* One step of a plain recurrent net. */
static wg_node *cell(wg_node *xt, wg_node *h) { return wg_tanh(wg_add(wg_add(wg_matmul(xt, w), wg_matmul(h, u)), b)); }

net by_scan_in(int64_t stretch)
{
    wg_scan *s = wg_scan_begin(g, 1);
    wg_node *xt = wg_scan_slice(s, x), *h = wg_scan_carry(s, h0), *next = cell(xt, h);
    wg_scan_next(s, h, next);
    net n = { wg_scan_stack(s, next), wg_scan_last(s, h) };
    wg_scan_remat(s, stretch);
    wg_scan_end(s);
    ck_assert_msg(n.y && !*wg_graph_error(g), "%s", wg_graph_error(g));
    return n;
}

net by_scan(void) { return by_scan_in(0); }

static wg_node *step_of(wg_node *sequence, int64_t t)
{
    return wg_take(sequence, wg_constant(g, NULL, wg_view_of(&t, WG_I64, WG_SCALAR)), 1);
}

/* The same, written out. */
static net by_hand(int length)
{
    wg_node *ys[LONGEST], *h = h0;
    for (int t = 0; t < length; t++)
        ys[t] = h = cell(step_of(x, t), h);
    return (net){ wg_stack((wg_nodes){ ys, (size_t)length }, 1), h };
}

void assert_alike(wg_exec *e, wg_node *a, wg_node *c, double tolerance)
{
    wg_view p = wg_result(e, a), q = wg_result(e, c);
    ck_assert_msg(p.data && q.data, "%s", wg_error());
    ck_assert_int_eq(wg_shape_count(p.shape), wg_shape_count(q.shape));
    for (int64_t i = 0; i < wg_shape_count(p.shape); i++)
        ck_assert_msg(fabs(wg_view_at(p, i) - wg_view_at(q, i)) <= tolerance, "%s, element %d: %.17g, %.17g",
                      wg_node_name(a), (int)i, wg_view_at(p, i), wg_view_at(q, i));
}

void assert_interpreted(wg_exec *e, wg_node *n)
{
    wg_view run = wg_result(e, n), plain;
    OK(wg_interpret(e, n, &plain));
    ck_assert(wg_shape_equal(run.shape, plain.shape));
    size_t bytes = (size_t)wg_shape_count(run.shape) * wg_dtype_size(run.dtype);
    ck_assert_msg(!bytes || !memcmp(run.data, plain.data, bytes), "%s: other bits", wg_node_name(n));
}

START_TEST(values_are_those_of_the_loop_written_out)
{
    net a = by_scan(), c = by_hand(5);
    for (int threads = 1; threads < 4; threads++) {
        wg_exec *e = exec_of(WG_NODES(a.y, a.last, c.y, c.last), threads);
        feed(e, 5);
        OK(wg_run(e));
        assert_alike(e, a.y, c.y, 0);
        assert_alike(e, a.last, c.last, 0);
        assert_interpreted(e, a.y);
        assert_interpreted(e, a.last);
        wg_exec_free(e);
    }
}
END_TEST

static wg_node *loss_of(net n) { return wg_add(total(wg_mul(n.y, wg_sin(n.y))), total(wg_square(n.last))); }

START_TEST(derivatives_of_first_and_second_order_are_those_of_the_loop_written_out)
{
    wg_nodes wrt = WG_NODES(w, u, b, x, h0);
    wg_node *first[2][5], *second[2][5], *wanted[20];
    for (int way = 0; way < 2; way++) {
        wg_grads d = wg_grads_of(loss_of(way ? by_hand(4) : by_scan()), wrt);
        ck_assert_msg(d.of.n == 5, "%s", wg_error());
        wg_node *norm = NULL;
        for (size_t i = 0; i < 5; i++) {
            first[way][i] = d.of.at[i];
            norm = norm ? wg_add(norm, total(wg_square(d.of.at[i]))) : total(wg_square(d.of.at[i]));
        }
        wg_grads dd = wg_grads_of(norm, wrt);
        ck_assert_msg(dd.of.n == 5, "%s", wg_error());
        memcpy(second[way], dd.of.at, sizeof second[way]);
    }
    for (int i = 0; i < 5; i++) {
        wanted[i] = first[0][i], wanted[5 + i] = second[0][i];
        wanted[10 + i] = first[1][i], wanted[15 + i] = second[1][i];
    }
    wg_exec *e = exec_of((wg_nodes){ wanted, 20 }, 2);
    feed(e, 4);
    OK(wg_run(e));
    for (int i = 0; i < 10; i++) {
        assert_alike(e, wanted[i], wanted[10 + i], 1e-12);
        assert_interpreted(e, wanted[i]);
    }
    wg_exec_free(e);
}
END_TEST

/* ---- lengths ---- */

START_TEST(lengths_are_known_at_run_time_and_may_be_zero_or_one)
{
    net a = by_scan();
    wg_grads d = wg_grads_of(loss_of(a), WG_NODES(w, h0));
    wg_exec *e = exec_of(WG_NODES(a.y, a.last, d.of.at[0], d.of.at[1]), 2);
    static const int64_t lengths[] = { 5, 0, 1, LONGEST, 0, 5 };
    for (size_t i = 0; i < WG_COUNT(lengths); i++) {
        feed(e, lengths[i]);
        OK(wg_run(e));
        ck_assert_int_eq(wg_result(e, a.y).shape.dim[1], lengths[i]);
        assert_interpreted(e, a.y);
        assert_interpreted(e, a.last);
        assert_interpreted(e, d.of.at[0]);
        assert_interpreted(e, d.of.at[1]);
        if (lengths[i] > 0)
            continue;
        for (int k = 0; k < N * H; k++) {
            ck_assert_double_eq(wg_view_at(wg_result(e, a.last), k), starts[k]);
            ck_assert_double_eq(wg_view_at(wg_result(e, d.of.at[1]), k), 2 * starts[k]);
            ck_assert_double_eq(wg_view_at(wg_result(e, d.of.at[0]), k), 0);
        }
    }
    wg_exec_free(e);
}
END_TEST

START_TEST(a_carry_may_begin_with_zeros_of_named_sizes)
{
    wg_scan *s = wg_scan_begin(g, 1);
    wg_node *sum = wg_scan_carry(s, wg_zeros(g, WG_F64, WG_SHAPE(WG_BATCH, C)));
    wg_scan_next(s, sum, wg_add(sum, wg_scan_slice(s, x)));
    wg_node *last = wg_scan_last(s, sum), *expected = wg_sum(x, WG_AXES(1), false);
    wg_scan_end(s);
    wg_exec *e = exec_of(WG_NODES(last, expected), 1);
    feed(e, 6);
    OK(wg_run(e));
    assert_alike(e, last, expected, 1e-14);
    wg_exec_free(e);
}
END_TEST

/* ---- what goes round ---- */

START_TEST(carries_may_change_places_and_be_integers)
{
    wg_node *one = wg_constant(g, NULL, wg_view_of(&(int64_t){ 1 }, WG_I64, WG_SCALAR));
    wg_scan *s = wg_scan_begin(g, 1);
    wg_node *xt = wg_scan_slice(s, x), *p = wg_scan_carry(s, h0), *q = wg_scan_carry(s, wg_neg(h0));
    wg_node *count = wg_scan_carry(s, wg_constant(g, NULL, WG_VIEW(((const int64_t[]){ 40 }), 1)));
    wg_scan_next(s, p, q);
    wg_scan_next(s, q, p);
    wg_scan_next(s, count, wg_add(count, one));
    wg_node *weighed = wg_scan_stack(s, wg_mul(wg_mul(p, wg_cast(count, WG_F64)), wg_sum(xt, WG_AXES(1), true)));
    wg_node *steps = wg_scan_stack(s, count), *last = wg_scan_last(s, p), *end = wg_scan_last(s, count);
    wg_scan_end(s);
    wg_node *d = wg_grad(wg_add(total(wg_square(weighed)), total(last)), h0);
    wg_exec *e = exec_of(WG_NODES(weighed, steps, last, end, d), 2);
    feed(e, 3);
    OK(wg_run(e));
    assert_interpreted(e, weighed);
    assert_interpreted(e, d);
    ck_assert_double_eq(wg_scalar(e, end), 43);
    ck_assert_double_eq(wg_view_at(wg_result(e, steps), 2), 42);
    for (int i = 0; i < N * H; i++) {
        double sum = 0; /* d/dh of sum_t (count_t h s_t)^2, and of the last p = -h after three exchanges */
        ck_assert_double_eq(wg_view_at(wg_result(e, last), i), -starts[i]);
        for (int t = 0; t < 3; t++) {
            const double *row = xs + (i / H * 3 + t) * C;
            double factor = (40 + t) * (row[0] + row[1] + row[2]);
            sum += 2 * factor * factor * starts[i];
        }
        ck_assert_double_eq_tol(wg_view_at(wg_result(e, d), i), sum - 1, 1e-9);
    }
    wg_exec_free(e);
}
END_TEST

START_TEST(masks_keep_the_state)
{
    static const bool on[] = { 1, 1, 1, 0, 0, 1, 1, 1, 1, 1 };
    wg_node *mask = wg_input(g, "mask", WG_BOOL, WG_SHAPE(WG_BATCH, WG_DIM('T')));
    wg_scan *s = wg_scan_begin(g, -2);
    wg_node *xt = wg_scan_slice(s, x), *h = wg_scan_carry(s, h0);
    wg_scan_next(s, h, cell(xt, h));
    wg_node *free_run = wg_scan_stack(s, h);
    wg_scan_end(s);
    s = wg_scan_begin(g, 1);
    xt = wg_scan_slice(s, x);
    wg_node *mt = wg_expand_dims(wg_scan_slice(s, mask), WG_AXES(1));
    h = wg_scan_carry(s, h0);
    wg_scan_next(s, h, wg_where(mt, cell(xt, h), h));
    wg_node *last = wg_scan_last(s, h);
    wg_scan_end(s);
    wg_exec *e = exec_of(WG_NODES(free_run, last), 1);
    feed(e, 5);
    OK(wg_feed(e, mask, WG_VIEW(on, N, 5)));
    OK(wg_run(e));
    for (int i = 0; i < H; i++) /* the first example ends after 3 steps: what begins its fourth */
        ck_assert_double_eq(wg_view_at(wg_result(e, last), i), wg_view_at(wg_result(e, free_run), 3 * H + i));
    wg_exec_free(e);
}
END_TEST

START_TEST(draws_differ_between_iterations_and_return_in_the_adjoint)
{
    wg_scan *s = wg_scan_begin(g, 1);
    wg_node *xt = wg_scan_slice(s, x), *h = wg_scan_carry(s, h0);
    wg_node *noise = wg_normal(g, WG_F64, WG_SHAPE(H), 0, 1); /* made inside, so drawn inside */
    wg_scan_next(s, h, wg_add(wg_mul(h, noise), wg_dropout(wg_matmul(xt, w), 0.5)));
    wg_node *drawn = wg_scan_stack(s, noise), *last = wg_scan_last(s, h);
    wg_scan_end(s);
    wg_node *product = wg_prod(drawn, WG_AXES(1), false); /* d last / d h0; stacked along axis 1 of (H, T) */
    wg_node *d = wg_grad(total(last), h0);
    wg_exec *e = exec_of(WG_NODES(drawn, product, d, last), 2);
    feed(e, 4);
    OK(wg_run(e));
    assert_interpreted(e, last);
    assert_interpreted(e, d);
    wg_view v = wg_result(e, drawn);
    for (int i = 1; i < 4 * H; i++)
        ck_assert_double_ne(wg_view_at(v, i), wg_view_at(v, 0));
    for (int i = 0; i < N * H; i++)
        ck_assert_double_eq_tol(wg_view_at(wg_result(e, d), i), wg_view_at(wg_result(e, product), i % H), 1e-12);
    wg_exec_free(e);
}
END_TEST

/* sum over i <= t of x_i, by a scan over T of scans over C: sums of rows, each summed in turn. */
START_TEST(scans_may_be_nested)
{
    wg_scan *rows = wg_scan_begin(g, 1);
    wg_node *row = wg_scan_slice(rows, x); /* (N, C) */
    wg_node *sum = wg_scan_carry(rows, wg_zeros(g, WG_F64, WG_SHAPE(WG_BATCH)));
    wg_scan *cells = wg_scan_begin(g, 1);
    wg_node *one = wg_scan_slice(cells, row), *part = wg_scan_carry(cells, sum);
    wg_scan_next(cells, part, wg_add(wg_mul(part, wg_tanh(sum)), wg_square(one))); /* sum is of the outer iteration */
    wg_node *whole = wg_scan_last(cells, part);
    wg_scan_end(cells);
    wg_scan_next(rows, sum, whole);
    wg_node *last = wg_scan_last(rows, sum);
    wg_scan_end(rows);
    ck_assert_msg(last != NULL, "%s", wg_error());

    wg_node *by_hand = wg_sum(wg_scale(h0, 0), WG_AXES(1), false);
    for (int t = 0; t < 3; t++) {
        wg_node *p = by_hand, *gate = wg_tanh(by_hand), *r = step_of(x, t);
        for (int c = 0; c < C; c++)
            p = wg_add(wg_mul(p, gate), wg_square(step_of(r, c)));
        by_hand = p;
    }
    wg_node *d = wg_grad(total(last), x), *expected = wg_grad(total(by_hand), x);
    wg_node *dd = wg_grad(total(wg_square(d)), x), *expected2 = wg_grad(total(wg_square(expected)), x);
    ck_assert_msg(dd && expected2, "%s", wg_error());
    wg_exec *e = exec_of(WG_NODES(last, by_hand, d, expected, dd, expected2), 2);
    feed(e, 3);
    OK(wg_run(e));
    assert_alike(e, last, by_hand, 0);
    assert_alike(e, d, expected, 1e-13);
    assert_alike(e, dd, expected2, 1e-12);
    assert_interpreted(e, last);
    assert_interpreted(e, dd);
    wg_exec_free(e);
}
END_TEST

/* Gradients of what is inside, taken inside: steps downhill. */
START_TEST(an_iteration_may_differentiate)
{
    wg_scan *s = wg_scan_begin(g, 1);
    wg_node *xt = wg_scan_slice(s, x), *h = wg_scan_carry(s, h0);
    wg_node *d = wg_grad(total(wg_square(wg_sub(h, wg_matmul(xt, w)))), h);
    wg_scan_next(s, h, wg_sub(h, wg_scale(d, 0.25))); /* (h + x w) / 2 */
    wg_node *last = wg_scan_last(s, h);
    wg_scan_end(s);
    wg_node *mean = wg_scale(wg_add(h0, wg_matmul(step_of(x, 0), w)), 0.5);
    wg_node *dw = wg_grad(total(wg_square(last)), w), *expected = wg_grad(total(wg_square(mean)), w);
    wg_exec *e = exec_of(WG_NODES(last, mean, dw, expected), 1);
    feed(e, 1);
    OK(wg_run(e));
    assert_alike(e, last, mean, 1e-15);
    assert_alike(e, dw, expected, 1e-14);
    wg_exec_free(e);
}
END_TEST

START_TEST(forward_mode_is_the_derivative_along_a_direction)
{
    net a = by_scan(), c = by_hand(4);
    wg_node *p = wg_jvp(a.y, u, wg_sin(u)), *q = wg_jvp(c.y, u, wg_sin(u));
    wg_exec *e = exec_of(WG_NODES(p, q), 1);
    feed(e, 4);
    OK(wg_run(e));
    assert_alike(e, p, q, 1e-14);
    wg_exec_free(e);
}
END_TEST

/* ---- runs ---- */

START_TEST(forced_splitting_gives_the_same_bits)
{
    net a = by_scan();
    wg_grads d = wg_grads_of(loss_of(a), WG_NODES(w, u, b));
    wg_nodes wanted = WG_NODES(a.y, d.of.at[0], d.of.at[1], d.of.at[2]);
    ck_assert_int_eq(setenv("WENGERT_GRAIN", "1", 1), 0);
    for (int threads = 1; threads < 5; threads++) {
        wg_exec *e = exec_of(wanted, threads);
        feed(e, LONGEST);
        OK(wg_run(e));
        for (size_t i = 0; i < wanted.n; i++)
            assert_interpreted(e, wanted.at[i]);
        wg_exec_free(e);
    }
    unsetenv("WENGERT_GRAIN");
}
END_TEST

START_TEST(what_nobody_asks_for_is_not_computed)
{
    net a = by_scan();
    wg_node *d = wg_grad(loss_of(a), b);
    wg_exec_stats last = { .size = sizeof last }, all = { .size = sizeof all };
    wg_exec *e = exec_of(WG_NODES(a.last), 1);
    feed(e, LONGEST);
    OK(wg_exec_describe(e, &last));
    wg_exec_free(e);
    e = exec_of(WG_NODES(a.y, d), 1);
    feed(e, LONGEST);
    OK(wg_exec_describe(e, &all));
    char *listing = wg_exec_listing(e);
    ck_assert_ptr_nonnull(listing);
    int scans = 0;
    for (const char *at = listing; (at = strstr(at, " scan 7/1")) != NULL; at++)
        scans++;
    ck_assert_int_eq(scans, 2); /* forward, once for the value and the adjoint together; and backward */
    wg_text_free(listing);
    wg_exec_free(e);
    ck_assert_uint_lt(last.arena, all.arena / 2);
}
END_TEST

START_TEST(a_failure_tells_the_iteration_and_the_node)
{
    static const int64_t at[N * 4] = { 0, 1, 2, 0, 1, 9, 0, 1 };
    wg_node *index = wg_input(g, "index", WG_I64, WG_SHAPE(WG_BATCH, WG_DIM('T')));
    wg_scan *s = wg_scan_begin(g, 1);
    wg_node *row = wg_name(wg_take(w, wg_scan_slice(s, index), 0), "row");
    wg_node *rows = wg_name(wg_scan_stack(s, row), "rows");
    wg_scan_end(s);
    for (int threads = 1; threads < 4; threads++) {
        wg_exec *e = exec_of(WG_NODES(rows), threads);
        OK(wg_feed(e, index, WG_VIEW(at, N, 4)));
        ck_assert_int_eq(wg_run(e), WG_ERR_RANGE);
        ck_assert_msg(strstr(wg_error(), "iteration 1: row") != NULL, "%s", wg_error());
        wg_view v;
        ck_assert_int_eq(wg_interpret(e, rows, &v), WG_ERR_RANGE);
        ck_assert_msg(strstr(wg_error(), "iteration 1: row") != NULL, "%s", wg_error());
        wg_exec_free(e);
    }
}
END_TEST

START_TEST(the_verifier_finds_the_gradient_right)
{
    net a = by_scan();
    wg_node *loss = loss_of(a);
    wg_exec *e = exec_of(WG_NODES(loss), 1);
    feed(e, 4);
    wg_report *report = NULL;
    wg_status status = wg_verify(loss, WG_NODES(w, u, b), e, NULL, &report);
    ck_assert_msg(status == WG_OK, "%s\n%s", wg_error(), wg_report_text(report));
    wg_report_free(report);
    wg_exec_free(e);
}
END_TEST

/* ---- stretches ---- */

START_TEST(stretches_change_neither_values_nor_derivatives)
{
    static const int64_t stretches[] = { 0, 1, 2, 3, 10 };
    enum { WAYS = WG_COUNT(stretches), EACH = 5 };
    wg_node *wanted[WAYS * EACH];
    for (int i = 0; i < WAYS; i++) {
        net a = by_scan_in(stretches[i]);
        wg_grads d = wg_grads_of(loss_of(a), WG_NODES(u, x));
        wg_node *dd = wg_grad(wg_add(total(wg_square(d.of.at[0])), total(wg_square(d.of.at[1]))), w);
        memcpy(wanted + i * EACH, (wg_node *[]){ a.y, a.last, d.of.at[0], d.of.at[1], dd }, EACH * sizeof *wanted);
    }
    wg_exec *e = exec_of((wg_nodes){ wanted, WAYS * EACH }, 2);
    for (int64_t length = 0; length <= LONGEST; length++) {
        feed(e, length);
        OK(wg_run(e));
        for (int i = EACH; i < WAYS * EACH; i++) {
            assert_alike(e, wanted[i], wanted[i % EACH], i % EACH < 2 ? 0 : 1e-12);
            assert_interpreted(e, wanted[i]);
        }
    }
    wg_exec_free(e);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("scan");
    TCase *t = tcase_create("scan");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, values_are_those_of_the_loop_written_out);
    tcase_add_test(t, derivatives_of_first_and_second_order_are_those_of_the_loop_written_out);
    tcase_add_test(t, lengths_are_known_at_run_time_and_may_be_zero_or_one);
    tcase_add_test(t, a_carry_may_begin_with_zeros_of_named_sizes);
    tcase_add_test(t, carries_may_change_places_and_be_integers);
    tcase_add_test(t, masks_keep_the_state);
    tcase_add_test(t, draws_differ_between_iterations_and_return_in_the_adjoint);
    tcase_add_test(t, scans_may_be_nested);
    tcase_add_test(t, an_iteration_may_differentiate);
    tcase_add_test(t, forward_mode_is_the_derivative_along_a_direction);
    tcase_add_test(t, forced_splitting_gives_the_same_bits);
    tcase_add_test(t, what_nobody_asks_for_is_not_computed);
    tcase_add_test(t, a_failure_tells_the_iteration_and_the_node);
    tcase_add_test(t, the_verifier_finds_the_gradient_right);
    tcase_add_test(t, stretches_change_neither_values_nor_derivatives);
    suite_add_tcase(s, t);
    suite_add_tcase(s, scan_file_tests());
    suite_add_tcase(s, scan_mistake_tests());
    suite_add_tcase(s, scan_recurrent_tests());
    return s;
}

int main(void) { return run_suite(suite()); }
