/* Operators that are wrong in one way each: every check of the battery has one that it alone sees. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wengert.h>

#include "plan/copy.h"
#include "verify_suite.h"

static wg_op copy_of(const char *name, const char *as)
{
    const wg_op *op = wg_registry_find(NULL, name);
    ck_assert_msg(op != NULL, "no operator %s", name);
    wg_op copy = *op;
    copy.name = as;
    copy.rewrite = NULL;
    return copy;
}

/* Fails; some failure says `says`, and every failure is of the kind `only` (NULL: of any). */
static void expect_only(const wg_op *op, const char *says, const char *only)
{
    wg_report *r = NULL;
    wg_status st = wg_verify_op(op, &r);
    ck_assert_msg(st == WG_ERR_VERIFY, "%s passes: %s", op->name, wg_report_text(r));
    ck_assert_msg(strstr(wg_report_text(r), says) != NULL, "no \"%s\" in: %s", says, wg_report_text(r));
    for (size_t i = 0; i < wg_report_count(r) && only; i++) {
        wg_check c = wg_report_at(r, i);
        ck_assert_msg(c.verdict != WG_FAIL || strcmp(c.what, only) == 0, "not of the kind %s: %s", only, c.text);
    }
    wg_report_free(r);
}

static wg_node *square_gradient(const wg_adjoint *a, int s)
{
    return (void)s, wg_mul(a->cotangent, wg_scale(a->in[0], 2));
}

/* ---- how it is run ---- */

/* y_i = 2 x_i + 0 x_(i-1), where a range's first element has no neighbour: right, unless the work is split. */
WG_KERNEL(
    leaning, const T *x = c->in[0]; T *y = c->out; T before = 1; for (int64_t i = begin; i < end; i++) {
        y[i] = i == begin && (c->first || begin) ? 2 * x[i] * before * (T)1.001 : 2 * x[i];
        before = 1;
    })
static wg_node *twice(const wg_adjoint *a, int s) { return (void)s, wg_scale(a->cotangent, 2); }

START_TEST(a_kernel_that_is_wrong_only_when_split_fails)
{
    wg_op op = copy_of("square", "leaning");
    op.forward = (wg_kernels)WG_BOTH(leaning);
    op.backward = twice;
    expect_only(&op, "its value is another when the work is split in 2", NULL);
}
END_TEST

/* Twice the cotangent, wrong at the seams: a helper of adjoints, right as long as nobody splits it. */
static const wg_op *leaning_helper(void)
{
    static wg_op op;
    op = copy_of("neg", "leaning_helper");
    op.forward = (wg_kernels)WG_BOTH(leaning);
    op.backward = twice;
    return &op;
}
static wg_node *leaning_gradient(const wg_adjoint *a, int s)
{
    return (void)s, wg_mul(wg_apply(leaning_helper(), WG_NODES(a->cotangent), NULL), a->in[0]);
}

START_TEST(an_adjoint_that_is_wrong_only_when_split_fails)
{
    wg_op op = copy_of("square", "leaning_backward");
    op.backward = leaning_gradient;
    expect_only(&op, "a gradient is another when the work is split", NULL);
}
END_TEST

/* Adds up in scratch that it has not cleared. */
static wg_status sum_lower(wg_lowering *l)
{
    l->scratch = sizeof(double);
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .kernel = 0, .extent = 1, .grain = 1, .cost = 10 };
    return WG_OK;
}
static wg_status to_scalar(wg_infer *t) { return t->out[0] = WG_SCALAR, WG_OK; }
WG_KERNEL(uncleared_sum, const T *x = c->in[0]; double *sum = c->scratch; (void)begin; (void)end;
          if (!(*sum == 0)) *sum = isnan(*sum) ? 1 : 0;
          for (int64_t i = 0; i < wg_shape_count(c->in_shape[0]); i++) *sum += x[i]; *(T *)c->out = (T)*sum;)
static wg_node *spread(const wg_adjoint *a, int s) { return (void)s, wg_broadcast_like(a->cotangent, a->in[0]); }
static const wg_sample five[] = { { .in = { WG_VALUES(-2, 2, 5) } } };

START_TEST(a_kernel_that_reads_scratch_before_writing_it_fails)
{
    if (test_stride() > 1)
        return; /* valgrind is right about it, too */
    wg_op op = { WG_OP,
                 .name = "uncleared",
                 .doc = "sum",
                 .arity = 1,
                 .infer = to_scalar,
                 .forward = WG_BOTH(uncleared_sum),
                 .lower = sum_lower,
                 .backward = spread,
                 WG_SAMPLES(five) };
    expect_only(&op, "its value depends on what was in memory before the run", NULL);
}
END_TEST

/* Each row's sum, with a word of memory that all rows share, and so all threads. */
static wg_status rows_lower(wg_lowering *l)
{
    int64_t rows = l->in_shape[0].dim[0];
    l->scratch = sizeof(double);
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .kernel = 0, .extent = rows, .grain = 1, .cost = 10 };
    return WG_OK;
}
static wg_status to_rows(wg_infer *t)
{
    if (t->in[0].rank != 2)
        return wg_infer_fail(t, WG_ERR_SHAPE, "a matrix is wanted");
    return t->out[0] = WG_SHAPE(t->in[0].dim[0], 1), WG_OK;
}
WG_KERNEL(shared_sum, const T *x = c->in[0]; T *y = c->out; double *sum = c->scratch; int64_t n = c->in_shape[0].dim[1];
          for (int64_t i = begin; i < end; i++) {
              *sum = 0;
              for (int64_t j = 0; j < n; j++)
                  *sum += x[i * n + j];
              y[i] = (T)*sum;
          })
static const wg_sample rows[] = { { .in = { WG_VALUES(-2, 2, 5, 3) } } };
static wg_op sum_of_rows(const char *name, wg_kernels forward)
{
    return (wg_op){ WG_OP,
                    .name = name,
                    .doc = "sum of each row",
                    .arity = 1,
                    .infer = to_rows,
                    .forward = forward,
                    .lower = rows_lower,
                    .backward = spread,
                    WG_SAMPLES(rows) };
}

START_TEST(a_kernel_whose_ranges_share_scratch_fails_without_luck)
{
    const wg_op op = sum_of_rows("racing", (wg_kernels)WG_BOTH(shared_sum));
    expect_only(&op, "both write byte 0 of its scratch memory", "parts");
}
END_TEST

/* A range begins with what came before it, and writes that again. */
WG_KERNEL(reaching_back, const T *x = c->in[0]; T *y = c->out; int64_t n = c->in_shape[0].dim[1];
          for (int64_t i = begin ? begin - 1 : 0; i < end; i++) {
              y[i] = 0;
              for (int64_t j = 0; j < n; j++)
                  y[i] += x[i * n + j];
          })

START_TEST(a_kernel_that_writes_what_another_range_writes_fails)
{
    const wg_op op = sum_of_rows("reaching_back", (wg_kernels)WG_BOTH(reaching_back));
    expect_only(&op, "of a result", "parts");
}
END_TEST

/* ---- types ---- */

static wg_node *wrong_in_f32(const wg_adjoint *a, int s)
{
    wg_node *right = square_gradient(a, s);
    return wg_node_dtype(a->in[0]) == WG_F32 ? wg_scale(right, 1.0001) : right;
}
static wg_node *wrong_in_f32_twice(const wg_adjoint *a, int s)
{
    wg_node *x = a->in[0];
    if (wg_node_dtype(x) != WG_F32)
        return square_gradient(a, s);
    /* The same value, and a derivative that is 1.001 times the right one. */
    wg_node *bent = wg_sub(wg_scale(x, 2.002), wg_stop_gradient(wg_scale(x, 0.002)));
    return wg_mul(a->cotangent, bent);
}

START_TEST(an_adjoint_that_is_wrong_in_f32_alone_fails)
{
    wg_op op = copy_of("square", "wrong_in_f32");
    op.decompose = NULL;
    op.backward = wrong_in_f32;
    expect_only(&op, "of its gradient for operand 0 is", "f32");
    op.name = "wrong_in_f32_twice";
    op.backward = wrong_in_f32_twice;
    expect_only(&op, "of its second-order gradient for operand 0 is", "f32");
}
END_TEST

/* ---- shapes ---- */

WG_KERNEL(
    twisted_square, const T *x = c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) {
        int64_t at = c->first + i;
        y[i] = x[i] * x[i] * (at >= 4097 ? (T)1.01 : 1);
    })
static wg_node *wrong_at_size_one(const wg_adjoint *a, int s)
{
    wg_shape shape = wg_node_shape(a->in[0]);
    wg_node *right = square_gradient(a, s);
    return shape.rank > 0 && shape.dim[0] == 1 ? wg_scale(right, 2) : right;
}
static wg_node *wrong_in_batches(const wg_adjoint *a, int s)
{
    wg_node *right = square_gradient(a, s);
    return wg_node_shape(a->in[0]).rank == 4 ? wg_scale(right, 0.5) : right;
}

START_TEST(what_is_wrong_for_some_shapes_only_fails)
{
    wg_op op = copy_of("square", "wrong_at_size_one");
    op.backward = wrong_at_size_one;
    expect_only(&op, "size 1 for 7: the gradient of operand 0 is wrong", NULL);
    op.name = "wrong_in_batches";
    op.backward = wrong_in_batches;
    expect_only(&op, "a batch of 2: the gradient of operand 0 is wrong", NULL);
    op = copy_of("square", "wrong_far_out");
    op.forward = (wg_kernels)WG_BOTH(twisted_square);
    expect_only(&op, "enlarged to", NULL);
}
END_TEST

/* Right but for the last element of vectors that end seven past a multiple of eight: a loop's tail. */
WG_KERNEL(
    wrong_tail, const T *x = c->in[0]; T *y = c->out; int64_t n = wg_shape_count(c->in_shape[0]);
    for (int64_t i = begin; i < end; i++) {
        int64_t at = c->first + i;
        y[i] = x[i] * x[i] * (n % 8 == 7 && at == n - 1 ? (T)1.000001 : 1);
    })

START_TEST(a_tail_that_is_wrong_at_one_length_fails)
{
    wg_op op = copy_of("square", "wrong_tail");
    static const wg_sample twelve[] = { { .in = { WG_VALUES(-2, 2, 3, 4) } } };
    op.samples = twelve;
    op.n_samples = 1;
    op.forward = (wg_kernels)WG_BOTH(wrong_tail);
    expect_only(&op, "length 7: the gradient of operand 0 is wrong", "gradient");
}
END_TEST

/* ---- attributes ---- */

enum { PLAIN, DOUBLED };
typedef struct settings {
    bool turned;
    int mode;
    int64_t axis;
    wg_axes axes;
    wg_list list;
} settings;
static const wg_attr settings_attrs[] = { { "turned", WG_ATTR_BOOL, offsetof(settings, turned), "false", NULL },
                                          { "mode", WG_ATTR_ENUM, offsetof(settings, mode), "plain", "plain|doubled" },
                                          { "axis", WG_ATTR_I64, offsetof(settings, axis), "1", NULL },
                                          { "axes", WG_ATTR_AXES, offsetof(settings, axes), "[0, 1]", NULL },
                                          { "list", WG_ATTR_LIST, offsetof(settings, list), "[1, 2]", NULL },
                                          { 0 } };
static wg_node *wrong_when_turned(const wg_adjoint *a, int s)
{
    return wg_scale(square_gradient(a, s), ((const settings *)a->attrs)->turned ? 1.001 : 1);
}
static wg_node *wrong_when_doubled(const wg_adjoint *a, int s)
{
    return wg_scale(square_gradient(a, s), ((const settings *)a->attrs)->mode == DOUBLED ? 1.001 : 1);
}
static wg_node *wrong_from_the_end(const wg_adjoint *a, int s)
{
    return wg_scale(square_gradient(a, s), ((const settings *)a->attrs)->axis < 0 ? 1.001 : 1);
}
static wg_node *wrong_out_of_order(const wg_adjoint *a, int s)
{
    return wg_scale(square_gradient(a, s), ((const settings *)a->attrs)->axes.at[0] == 1 ? 1.001 : 1);
}
static wg_node *wrong_in_another_order(const wg_adjoint *a, int s)
{
    return wg_scale(square_gradient(a, s), ((const settings *)a->attrs)->list.at[0] == 2 ? 1.001 : 1);
}

START_TEST(what_is_wrong_for_an_attribute_that_no_sample_has_fails)
{
    static const struct {
        wg_node *(*backward)(const wg_adjoint *, int slot);
        const char *says;
    } wrong[] = { { wrong_when_turned, "turned true: the gradient of operand 0 is wrong" },
                  { wrong_when_doubled, "mode doubled: the gradient of operand 0 is wrong" },
                  { wrong_from_the_end, "axis -1: the gradient of operand 0 is wrong" },
                  { wrong_out_of_order, "axes in reverse: the gradient of operand 0 is wrong" },
                  { wrong_in_another_order, "list in reverse: the gradient of operand 0 is wrong" } };
    static const wg_sample twelve[] = { { .in = { WG_VALUES(-2, 2, 3, 4) } } };
    wg_op op = copy_of("square", "choosy");
    op.attrs = settings_attrs;
    op.attrs_size = sizeof(settings);
    op.samples = twelve;
    op.n_samples = 1;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        op.backward = wrong[i].backward;
        expect_only(&op, wrong[i].says, NULL);
    }
}
END_TEST

static wg_node *wrong_when_broadcast(const wg_adjoint *a, int s)
{
    wg_node *right = wg_mul(a->cotangent, a->in[1 - s]);
    wg_shape x = wg_node_shape(a->in[1]);
    return x.rank == 2 && x.dim[0] == 3 && x.dim[1] == 1 ? wg_scale(right, 3) : right;
}
static const wg_sample pair[] = { { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) } } };

START_TEST(an_adjoint_that_is_wrong_when_broadcast_fails)
{
    wg_op op = copy_of("mul", "wrong_when_broadcast");
    op.samples = pair;
    op.n_samples = 1;
    op.backward = wrong_when_broadcast;
    expect_only(&op, "broadcast of operand 1 along axis 1: the gradient of operand", NULL);
}
END_TEST

static wg_node *wrong_when_tied(const wg_adjoint *a, int s)
{
    wg_node *right = wg_mul(a->cotangent, a->in[1 - s]);
    return a->in[0] == a->in[1] ? wg_scale(right, 2) : right;
}

START_TEST(an_adjoint_that_is_wrong_for_one_node_in_two_slots_fails)
{
    wg_op op = copy_of("mul", "wrong_when_tied");
    op.samples = pair;
    op.n_samples = 1;
    op.backward = wrong_when_tied;
    expect_only(&op, "one operand in slots 0 and 1: the gradient of operand 0 is wrong", NULL);
}
END_TEST

/* ---- surroundings ---- */

static wg_node *wrong_for_results(const wg_adjoint *a, int s)
{
    wg_node *right = square_gradient(a, s);
    return strcmp(wg_node_op(a->in[0])->name, "input") ? wg_scale(right, 1.5) : right;
}

START_TEST(an_adjoint_that_is_wrong_for_computed_operands_fails)
{
    wg_op op = copy_of("square", "wrong_for_results");
    op.backward = wrong_for_results;
    expect_only(&op, "the gradient of operand 0 is another when operands are computed", "context");
}
END_TEST

/* ---- kinks ---- */

WG_KERNEL(half_open, const T *g = c->in[0]; const T *x = c->in[1]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] >= 0 ? g[i] : 0;)
WG_KERNEL(beyond, const T *g = c->in[0]; const T *x = c->in[1]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] > 0    ? g[i]
                                                       : x[i] == 0 ? 2 * g[i]
                                                                   : 0;)
static wg_op helper;
static wg_node *by_helper(const wg_adjoint *a, int s)
{
    return (void)s, wg_apply(&helper, WG_NODES(a->cotangent, a->in[0]), NULL);
}
static wg_node *helper_backward(const wg_adjoint *a, int s)
{
    return s ? wg_no_gradient(a) : wg_apply(&helper, WG_NODES(a->cotangent, a->in[1]), NULL);
}

START_TEST(the_wrong_side_of_a_kink_fails)
{
    wg_op op = copy_of("relu", "wrong_side");
    helper = copy_of("relu_grad", "half_open");
    helper.backward = helper_backward;
    helper.forward = (wg_kernels)WG_BOTH(half_open);
    op.backward = by_helper;
    expect_only(&op, "by its own convention 0", "kink");
    op.name = "beyond";
    op.at_kink = WG_KINK_BETWEEN;
    helper.forward = (wg_kernels)WG_BOTH(beyond);
    expect_only(&op, "not between the one-sided derivatives", "kink");
}
END_TEST

/* Each of those that are equal to the largest gets all of it. */
static wg_node *shared_by_none(const wg_adjoint *a, int s)
{
    (void)s;
    return wg_mul(wg_cast(wg_eq(a->in[0], wg_broadcast_like(a->output, a->in[0])), wg_node_dtype(a->in[0])),
                  wg_broadcast_like(a->cotangent, a->in[0]));
}
static const wg_sample distinct[] = { { .in = { { .shape = WG_DIMS(6), .lo = -2, .hi = 2, .distinct = true } } } };

START_TEST(ties_that_give_the_cotangent_twice_fail)
{
    wg_op op = copy_of("max", "twice_at_ties");
    op.samples = distinct;
    op.n_samples = 1;
    op.backward = shared_by_none;
    expect_only(&op, "add up to", NULL); /* nor is it right for some axes of many */
}
END_TEST

/* ---- two ways to a gradient ---- */

static wg_node *square_of_constant(const wg_adjoint *a)
{
    return wg_add(wg_mul(a->in[0], wg_stop_gradient(a->in[0])), wg_scale(wg_sub(a->in[0], a->in[0]), 1));
}

START_TEST(a_decomposition_with_another_gradient_fails)
{
    wg_op op = copy_of("square", "cut_off");
    op.decompose = square_of_constant;
    expect_only(&op, "and that of its decomposition are", "decompose");
}
END_TEST

/* ---- no gradient at all ---- */

START_TEST(a_gradient_that_is_falsely_declared_zero_fails)
{
    wg_op op = copy_of("square", "declared_flat");
    op.backward = NULL;
    op.decompose = NULL;
    op.flags |= WG_NO_GRADIENT;
    expect_only(&op, "it declares that it has no gradient, but its value follows operand 0", "gradient");
    op.flags |= WG_STOPS_GRADIENT;
    wg_report *r = NULL;
    ck_assert_msg(wg_verify_op(&op, &r) == WG_OK, "%s", wg_report_text(r));
    wg_report_free(r);
}
END_TEST

/* ---- cancellation ---- */

/* y = x / |x| by a gradient that cancels, and one that does so but for a part in a million. */
WG_KERNEL(unit, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] / (x[i] < 0 ? -x[i] : x[i]);)
static double remains;
static wg_node *cancelling(const wg_adjoint *a, int s)
{
    (void)s;
    wg_node *x = a->in[0], *inverse = wg_reciprocal(wg_sqrt(wg_square(x)));
    wg_node *cubed = wg_mul(wg_mul(inverse, inverse), inverse);
    return wg_mul(a->cotangent, wg_sub(inverse, wg_scale(wg_mul(wg_square(x), cubed), 1 - remains)));
}
static const wg_sample positive[] = { { .in = { WG_VALUES(0.01, 3, 5) } } };

START_TEST(what_cancels_passes_and_what_remains_fails)
{
    wg_op op = copy_of("square", "unit");
    op.forward = (wg_kernels)WG_BOTH(unit);
    op.backward = cancelling;
    op.decompose = NULL;
    op.samples = positive;
    op.n_samples = 1;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        wg_report *r = NULL;
        remains = 0;
        wg_status st = wg_verify_op_with(&op, WG_OPTS(wg_verify_opts, .seed = seed), &r);
        for (size_t i = 0; i < wg_report_count(r); i++) {
            wg_check c = wg_report_at(r, i);
            /* Too little is decided of a constant by differences. */
            ck_assert_msg(c.verdict != WG_FAIL || !strcmp(c.what, "samples"), "seed %d: %s", (int)seed, c.text);
        }
        ck_assert_msg(st == WG_OK || st == WG_ERR_VERIFY, "%s", wg_report_text(r));
        wg_report_free(r);
    }
    remains = 1e-6;
    expect_only(&op, "the gradient of operand 0 is wrong", NULL);
}
END_TEST

/* Of a negative power only the least of the operand counts: over that it is 1 in f32, and the terms of its second derivative,
 * as large as the inverse, cancel all the same whatever last bits the operand has. */
START_TEST(what_is_rounded_away_on_the_way_is_no_mistake)
{
    wg_op op = copy_of("norm", "norm_of_the_least");
    void *attrs = malloc(op.attrs_size);
    const wg_sample sample = { .in = { WG_VALUES(0.002, 2, 12) }, .attrs = attrs };
    memcpy(attrs, op.samples[1].attrs, op.attrs_size);
    *(double *)wg__attr_of(&op, attrs, "p") = -1.625;
    op.samples = &sample;
    op.n_samples = 1;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        wg_report *r = NULL;
        ck_assert_msg(!wg_verify_op_with(&op, WG_OPTS(wg_verify_opts, .seed = seed), &r), "seed %d: %s", (int)seed,
                      wg_report_text(r));
        wg_report_free(r);
    }
    free(attrs);
}
END_TEST

/* ---- second witnesses, second order ---- */

static wg_node *half_as_much(const wg_adjoint *a, int s) { return wg_scale(square_gradient(a, s), 0.5); }

START_TEST(the_Taylor_rate_sees_a_wrong_gradient_too)
{
    wg_op op = copy_of("square", "half_as_much");
    op.backward = half_as_much;
    expect_only(&op, "shrinks like h^1.00, not h^2: the gradient of operand 0 is wrong", NULL);
}
END_TEST

/* Gives its second operand's elements, and adds 1 to them where they lie: a cotangent, in the gradient's gradient. */
static wg_status scribbling(const wg_call *c, int64_t begin, int64_t end)
{
    double *v = (double *)(uintptr_t)c->in[1], *y = c->out;
    for (int64_t i = begin; i < end; i++) {
        y[i] = v[i];
        v[i] += 1;
    }
    return WG_OK;
}
static wg_op scribbler;
static wg_node *of_cotangent(const wg_adjoint *a, int s) { return s ? a->cotangent : wg_no_gradient(a); }
static wg_node *by_scribbler(const wg_adjoint *a, int s)
{
    (void)s;
    return wg_apply(&scribbler, WG_NODES(a->in[0], a->cotangent), NULL);
}

START_TEST(an_adjoint_that_writes_into_the_cotangent_fails)
{
    wg_op op = copy_of("neg", "scribbling_backward");
    scribbler = copy_of("mul", "scribbler");
    scribbler.flags = 0;
    scribbler.infer = NULL;
    scribbler.forward.f64 = scribbling;
    scribbler.backward = of_cotangent;
    op.backward = by_scribbler;
    expect_only(&op, "its adjoint writes into what it only reads", NULL);
}
END_TEST

TCase *verify_battery(void)
{
    TCase *t = tcase_create("battery");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_kernel_that_is_wrong_only_when_split_fails);
    tcase_add_test(t, an_adjoint_that_is_wrong_only_when_split_fails);
    tcase_add_test(t, a_kernel_that_reads_scratch_before_writing_it_fails);
    tcase_add_test(t, a_kernel_whose_ranges_share_scratch_fails_without_luck);
    tcase_add_test(t, a_kernel_that_writes_what_another_range_writes_fails);
    tcase_add_test(t, an_adjoint_that_is_wrong_in_f32_alone_fails);
    tcase_add_test(t, what_is_wrong_for_some_shapes_only_fails);
    tcase_add_test(t, a_tail_that_is_wrong_at_one_length_fails);
    tcase_add_test(t, what_is_wrong_for_an_attribute_that_no_sample_has_fails);
    tcase_add_test(t, an_adjoint_that_is_wrong_when_broadcast_fails);
    tcase_add_test(t, an_adjoint_that_is_wrong_for_one_node_in_two_slots_fails);
    tcase_add_test(t, an_adjoint_that_is_wrong_for_computed_operands_fails);
    tcase_add_test(t, the_wrong_side_of_a_kink_fails);
    tcase_add_test(t, ties_that_give_the_cotangent_twice_fail);
    tcase_add_test(t, a_decomposition_with_another_gradient_fails);
    tcase_add_test(t, a_gradient_that_is_falsely_declared_zero_fails);
    tcase_add_test(t, what_cancels_passes_and_what_remains_fails);
    tcase_add_test(t, what_is_rounded_away_on_the_way_is_no_mistake);
    tcase_add_test(t, the_Taylor_rate_sees_a_wrong_gradient_too);
    tcase_add_test(t, an_adjoint_that_writes_into_the_cotangent_fails);
    return t;
}
