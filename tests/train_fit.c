/* The loop: the same bits as the plain one, however it is cut into pieces; the best values; callbacks and misuse. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"
#include "train_test.h"
#include <wengert.h>

enum { N = 50, BATCH = 8, PER_EPOCH = 7, EPOCHS = 5 };
static float xs[N][2], ys[N];
static wg_data *data[2];

static void make_data(void)
{
    for (int i = 0; i < N; i++) {
        xs[i][0] = (float)(i % 7) / 7 - 0.5f, xs[i][1] = (float)(i % 11) / 11 - 0.5f;
        ys[i] = (float)(xs[i][0] * xs[i][1] > 0);
    }
    data[0] = wg_data_view(wg_view_of(xs, WG_F32, WG_SHAPE(N, 2)));
    data[1] = wg_data_view(WG_VIEW(ys, N));
    remove("fit.npz"), remove("fit.best.npz");
}

static void free_data(void)
{
    wg_data_free(data[0]), wg_data_free(data[1]);
    remove("fit.npz"), remove("fit.best.npz");
}

/* Dropout and Adam: everything that a run keeps besides weights is in it. */
typedef struct model {
    wg_graph *g;
    wg_node *x, *y, *p, *loss, *update, *w;
    wg_batches *train, *test;
} model;

static model build(void)
{
    model m = { .g = wg_graph_new() };
    m.x = wg_input(m.g, "x", WG_F32, WG_SHAPE(WG_BATCH, 2)), m.y = wg_input(m.g, "y", WG_F32, WG_SHAPE(WG_BATCH));
    wg_dense a = wg_dense_new(m.g, "a", WG_F32, 2, 16, wg_init_he());
    wg_dense b = wg_dense_new(m.g, "b", WG_F32, 16, 1, wg_init_xavier());
    wg_node *h = wg_dropout(wg_tanh(wg_dense_apply(a, m.x)), 0.2);
    m.p = wg_sigmoid(wg_squeeze(wg_dense_apply(b, h), WG_AXES(1)));
    m.loss = wg_bce(m.p, m.y, WG_MEAN);
    m.update = wg_adam(wg_grads_of(m.loss, wg_trainable(m.loss)), wg_const(m.g, 0.01), NULL);
    m.w = a.w;
    m.train =
        wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = BATCH, .shuffle = true, .seed = 4, .prefetch = 2));
    m.test = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = 20));
    ck_assert_msg(m.train && m.test && !wg_graph_error(m.g)[0], "%s", wg_error());
    return m;
}

static void drop(model *m) { wg_batches_free(m->train), wg_batches_free(m->test), wg_graph_free(m->g); }

static void take_weights(const model *m, float w[32])
{
    wg_view v = wg_get(wg_graph_store(m->g), m->w);
    memcpy(w, v.data, 32 * sizeof *w);
}

/* What the callbacks saw. */
typedef struct seen {
    int64_t steps, epochs, stop_after; /* steps; 0: never */
    wg_status stop_with;
    double loss[EPOCHS + 1], metric[EPOCHS + 1];
} seen;

static wg_status see_step(void *user, const wg_progress *p)
{
    seen *s = user;
    s->steps++;
    ck_assert_ptr_null(p->metric);
    return s->stop_after && p->step == s->stop_after ? s->stop_with : WG_OK;
}

static wg_status see_epoch(void *user, const wg_progress *p)
{
    seen *s = user;
    s->epochs++;
    ck_assert_int_eq(p->step, p->epoch * PER_EPOCH);
    if (p->epoch <= EPOCHS) {
        s->loss[p->epoch] = p->loss;
        s->metric[p->epoch] = p->metric ? p->metric[0] : NAN;
    }
    return WG_OK;
}

static wg_status fit(const model *m, wg_fit_opts o, seen *s, wg_progress *last)
{
    o.size = sizeof o;
    o.loss = m->loss, o.update = m->update, o.inputs = WG_NODES(m->x, m->y), o.train = m->train;
    o.on_step = see_step, o.on_epoch = see_epoch, o.user = s;
    return wg_fit(&o, last);
}

START_TEST(the_loop_is_the_plain_loop)
{
    float plain[32], fitted[32];
    seen s = { 0 };
    wg_progress last;

    make_data();
    model m = build();
    wg_plan *plan = wg_compile(m.g, WG_TRAIN, WG_NODES(m.loss, m.update));
    wg_exec *e = wg_exec_new(plan);
    double sum = 0;
    for (int64_t i = 0; i < 2 * PER_EPOCH; i++) {
        wg_batch b;
        ck_assert(!wg_batches_at(m.train, i, &b) && !wg_bind(e, m.x, b.view[0]) && !wg_bind(e, m.y, b.view[1]) &&
                  !wg_run(e));
        if (b.epoch == 1)
            sum += wg_scalar(e, m.loss) * (double)b.size;
    }
    take_weights(&m, plain);
    wg_exec_free(e), wg_plan_free(plan), drop(&m);

    m = build();
    ck_assert_msg(!fit(&m, (wg_fit_opts){ .epochs = 2 }, &s, &last), "%s", wg_error());
    take_weights(&m, fitted);
    ck_assert(!memcmp(plain, fitted, sizeof plain));
    ck_assert_double_eq(s.loss[2], sum / N);
    ck_assert(s.steps == 2 * PER_EPOCH && s.epochs == 2 && last.step == 2 * PER_EPOCH && last.epoch == 2);
    ck_assert(last.best_epoch == 0 && isnan(last.best) && isnan(s.metric[1]));
    /* Called again it goes on; with nothing left to do it does nothing. */
    ck_assert(!fit(&m, (wg_fit_opts){ .epochs = 2 }, &s, &last) && s.steps == 2 * PER_EPOCH);
    ck_assert(!fit(&m, (wg_fit_opts){ .steps = 2 * PER_EPOCH + 3 }, &s, &last) && s.steps == 2 * PER_EPOCH + 3);
    ck_assert_int_eq(wg_store_step(wg_graph_store(m.g)), 2 * PER_EPOCH + 3);
    drop(&m), free_data();
}
END_TEST

START_TEST(it_learns)
{
    seen s = { 0 };
    wg_progress last;

    make_data();
    model m = build();
    wg_status st =
        fit(&m, (wg_fit_opts){ .epochs = 150, .test = m.test, .metrics = WG_METRICS({ WG_ACCURACY, m.p, m.y }) }, &s,
            &last);
    ck_assert_msg(!st, "%s", wg_error());
    ck_assert_msg(last.best > 0.9 && s.metric[1] < last.best, "accuracy %g after %g", last.best, s.metric[1]);
    drop(&m), free_data();
}
END_TEST

/* Cut after 0, 1, .. steps, in the middle of epochs too; by WG_END, which saves, and by a failure, which does not. */
START_TEST(pieces_give_the_same_bits)
{
    static float whole[32], pieced[32];
    static seen all, pieces;
    wg_progress last, again;

    make_data();
    model m = build();
    wg_fit_opts o = { .epochs = EPOCHS, .test = m.test, .patience = EPOCHS };
    ck_assert_msg(!fit(&m, o, &all, &last), "%s", wg_error());
    take_weights(&m, whole);
    drop(&m);
    for (int64_t cut = 1; cut < EPOCHS * PER_EPOCH; cut += 4) {
        pieces = (seen){ .stop_after = cut, .stop_with = cut % 3 ? WG_END : WG_ERR_IO };
        remove("fit.npz"), remove("fit.best.npz");
        for (int part = 0; part < 2; part++) {
            m = build();
            o.test = m.test, o.checkpoint = "fit.npz", o.save_every = cut % 2 ? 3 : 0;
            wg_status st = fit(&m, o, &pieces, &again);
            ck_assert_msg(st == (part || cut % 3 ? WG_OK : WG_ERR_IO), "part %d of %d: %s", part, (int)cut, wg_error());
            take_weights(&m, pieced);
            drop(&m);
            pieces.stop_after = 0;
        }
        ck_assert_msg(!memcmp(whole, pieced, sizeof whole), "cut at step %d", (int)cut);
        ck_assert_msg(!memcmp(all.loss + 1, pieces.loss + 1, EPOCHS * sizeof *all.loss), "losses, cut at step %d",
                      (int)cut);
        ck_assert_msg(!memcmp(all.metric + 1, pieces.metric + 1, EPOCHS * sizeof *all.loss), "metrics, cut at step %d",
                      (int)cut);
        ck_assert(again.best_epoch == last.best_epoch && again.best == last.best && again.step == last.step);
    }
    free_data();
}
END_TEST

/* ---- early stopping, on a loss whose course is known ---- */

/* w goes up by 1 a step, and the loss is (w - 3.2)^2: after the epochs 1, 2, 3, .. of one step each, the third is the best. */
typedef struct climb {
    wg_graph *g;
    wg_node *x, *w, *loss, *update, *score;
    wg_data *data;
    wg_batches *batches;
} climb;

static climb climb_new(void)
{
    static const double one[] = { 1 };
    climb c = { .g = wg_graph_new() };
    c.x = wg_input(c.g, "x", WG_F64, WG_SHAPE(WG_BATCH));
    c.w = wg_param(c.g, "w", WG_F64, WG_SCALAR, wg_init_zeros());
    c.score = wg_neg(wg_square(wg_shift(wg_mul(c.w, c.x), -3.2)));
    c.loss = wg_neg(wg_mean(c.score, WG_ALL_AXES, false));
    c.update = wg_assign(c.w, wg_shift(c.w, 1));
    c.data = wg_data_view(WG_VIEW(one, 1));
    c.batches = wg_batches_new(&c.data, 1, NULL);
    return c;
}

static void climb_free(climb *c) { wg_batches_free(c->batches), wg_data_free(c->data), wg_graph_free(c->g); }

static double height(const climb *c) { return wg_view_at(wg_get(wg_graph_store(c->g), c->w), 0); }

static wg_status climb_on(const climb *c, wg_fit_opts o, wg_progress *last)
{
    o.size = sizeof o;
    o.loss = c->loss, o.update = c->update, o.inputs = WG_NODES(c->x), o.train = o.test = c->batches;
    return wg_fit(&o, last);
}

START_TEST(early_stopping_restores_the_best_values)
{
    wg_progress last;
    climb c = climb_new();

    ck_assert_msg(!climb_on(&c, (wg_fit_opts){ .epochs = 100, .patience = 2 }, &last), "%s", wg_error());
    ck_assert_double_eq(height(&c), 3);
    ck_assert_int_eq(last.step, 5);
    ck_assert_int_eq(last.best_epoch, 3);
    ck_assert_double_eq_tol(last.best, 0.04, 1e-12);
    climb_free(&c);

    /* It ends before patience does: the best are restored all the same. Another call goes on from them. */
    c = climb_new();
    ck_assert_msg(!climb_on(&c, (wg_fit_opts){ .epochs = 4, .patience = 20 }, &last), "%s", wg_error());
    ck_assert(height(&c) == 3 && last.step == 4);
    ck_assert_msg(!climb_on(&c, (wg_fit_opts){ .epochs = 5, .patience = 20 }, &last), "%s", wg_error());
    ck_assert(height(&c) == 3 && last.step == 5 && last.best_epoch == 3);
    climb_free(&c);

    /* Without patience the last values stay, and the best epoch is told. */
    c = climb_new();
    ck_assert(!climb_on(&c, (wg_fit_opts){ .epochs = 6 }, &last) && height(&c) == 6 && last.best_epoch == 3);
    /* Whoever is patient from now on has lost those values, and begins the search anew. */
    ck_assert(!climb_on(&c, (wg_fit_opts){ .epochs = 9, .patience = 2 }, &last));
    ck_assert(height(&c) == 7 && last.best_epoch == 7 && last.step == 9);
    climb_free(&c);

    /* A metric of which more is better: right in one epoch only. */
    c = climb_new();
    wg_node *near = wg_gt(c.score, wg_const(c.g, -0.1));
    wg_metrics once = WG_METRICS({ WG_ACCURACY, near, c.x }, { WG_AVERAGE, c.loss, NULL });
    ck_assert_msg(!climb_on(&c, (wg_fit_opts){ .epochs = 50, .patience = 4, .metrics = once }, &last), "%s",
                  wg_error());
    ck_assert(height(&c) == 3 && last.best_epoch == 3 && last.step == 7 && last.best == 1);
    climb_free(&c);
}
END_TEST

static wg_status crash(void *user, const wg_progress *p) { return p->epoch == *(int *)user ? WG_ERR_IO : WG_OK; }

START_TEST(the_best_values_outlive_the_process)
{
    for (int at = 1; at <= 5; at++) {
        wg_progress last;
        remove("fit.npz"), remove("fit.best.npz");
        climb c = climb_new();
        wg_fit_opts o = { .epochs = 100, .patience = 2, .checkpoint = "fit.npz", .on_epoch = crash, .user = &at };
        ck_assert_int_eq(climb_on(&c, o, &last), WG_ERR_IO);
        climb_free(&c);
        for (int again = 0; again < 2; again++) { /* what has ended is not begun anew */
            c = climb_new();
            o.on_epoch = NULL;
            ck_assert_msg(!climb_on(&c, o, &last), "%d: %s", at, wg_error());
            ck_assert_msg(height(&c) == 3 && last.step == 5 && last.best_epoch == 3, "%d: %g", at, height(&c));
            climb_free(&c);
        }
        if (at == 5) { /* a checkpoint whose best values are gone says so */
            remove("fit.best.npz");
            c = climb_new();
            ck_assert_int_eq(climb_on(&c, o, &last), WG_ERR_IO);
            ck_assert_ptr_nonnull(strstr(wg_error(), "fit.best.npz"));
            climb_free(&c);
        }
    }
    remove("fit.npz");
}
END_TEST

START_TEST(other_stores_are_trained_too)
{
    wg_progress last;
    climb c = climb_new();
    wg_store *other = wg_store_new(c.g, 7);
    wg_fit_opts o = { .epochs = 100, .patience = 2, .exec = WG_OPTS(wg_exec_opts, .store = other, .threads = 1) };

    ck_assert_msg(!climb_on(&c, o, &last), "%s", wg_error());
    ck_assert_ptr_eq(last.store, other);
    ck_assert_double_eq(wg_view_at(wg_get(other, c.w), 0), 3);
    ck_assert_double_eq(height(&c), 0);
    wg_store_free(other), climb_free(&c);
}
END_TEST

START_TEST(a_loss_that_is_no_number_ends_it)
{
    wg_progress last;
    climb c = climb_new();

    c.loss = wg_log(wg_mean(wg_shift(wg_neg(c.w), 2), WG_ALL_AXES, false)); /* log(2 - w) */
    c.x = wg_input(c.g, "unused", WG_F64, WG_SHAPE(WG_BATCH));
    wg_fit_opts o = {
        .size = sizeof o, .loss = c.loss, .update = c.update, .inputs = WG_NODES(c.x), .train = c.batches, .epochs = 9
    };
    ck_assert_int_eq(wg_fit(&o, &last), WG_ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(wg_error(), "at step 2"));
    ck_assert(last.step == 3 && isinf(last.loss));
    climb_free(&c);
}
END_TEST

START_TEST(misuse_is_told)
{
    static const struct {
        wg_fit_opts o;
        const char *part;
    } wrong[] = {
        { { .epochs = 0 }, "how long?" },
        { { .epochs = 1, .steps = 1 }, "how long?" },
        { { .epochs = -1 }, "how long?" },
        { { .epochs = 1, .patience = 1 }, "test batches, which metrics and patience need" },
        { { .epochs = 1, .save_every = 2 }, "needs a checkpoint" },
        { { .epochs = INT64_MAX }, "cannot be counted" },
    };
    wg_progress last;

    make_data();
    model m = build();
    seen s = { 0 };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        forget_failures();
        ck_assert_int_eq(fit(&m, wrong[i].o, &s, &last), WG_ERR_ARG);
        ck_assert_msg(strstr(wg_error(), wrong[i].part) != NULL, "%s", wg_error());
        ck_assert(isnan(last.best) && last.step == 0);
    }
    wg_fit_opts o = {
        .size = sizeof o, .loss = m.p, .update = m.update, .inputs = WG_NODES(m.x, m.y), .train = m.train, .epochs = 1
    };
    ck_assert_int_eq(wg_fit(&o, NULL), WG_ERR_SHAPE);
    o.loss = m.loss, o.inputs.n = 1;
    ck_assert_int_eq(wg_fit(&o, NULL), WG_ERR_ARG);
    o.size = 0;
    ck_assert_int_eq(wg_fit(&o, NULL), WG_ERR_ARG);
    ck_assert_int_eq(s.steps, 0);
    /* The name of the state belongs to somebody else. */
    drop(&m);
    m = build();
    wg_variable(m.g, "fit/state", WG_F32, WG_SHAPE(2), wg_init_zeros());
    ck_assert_int_eq(fit(&m, (wg_fit_opts){ .epochs = 1 }, &s, NULL), WG_ERR_ARG);
    ck_assert_ptr_nonnull(strstr(wg_error(), "fit/state"));
    drop(&m), free_data();
}
END_TEST

TCase *train_fit_tests(void)
{
    TCase *t = tcase_create("fit");

    tcase_add_test(t, the_loop_is_the_plain_loop);
    tcase_add_test(t, it_learns);
    tcase_add_test(t, pieces_give_the_same_bits);
    tcase_add_test(t, early_stopping_restores_the_best_values);
    tcase_add_test(t, the_best_values_outlive_the_process);
    tcase_add_test(t, other_stores_are_trained_too);
    tcase_add_test(t, a_loss_that_is_no_number_ends_it);
    tcase_add_test(t, misuse_is_told);
    return t;
}
