/* Convolution, its transpose, unfold and fold: known values, the definition for many geometries, what holds between them,
 * errors. tests/torch_cases compares values and derivatives with PyTorch. */
#include <stdlib.h>

#include "ops_test.h"

#define NONE ((wg_axes){ { 0 }, 0 })

/* Whole numbers in -8..8, whose sums of products are exact in f32 too. */
static wg_node *whole(wg_dtype type, wg_shape shape, uint64_t seed)
{
    return wg_round(wg_scale(scattered(type, shape, seed), 8));
}

static double total(wg_node *n) { return element(wg_sum(n, WG_ALL_AXES, false), 0); }

/* Equal element by element. */
static void assert_same(wg_node *a, wg_node *b)
{
    assert_shape(a, wg_node_shape(b));
    wg_view u = value(a), v = value(b);
    for (int64_t i = 0; i < wg_shape_count(v.shape); i++)
        ck_assert_msg(wg_view_at(u, i) == wg_view_at(v, i), "element %lld is %.17g, not %.17g", (long long)i,
                      wg_view_at(u, i), wg_view_at(v, i));
}

START_TEST(known_convolutions)
{
    wg_node *x = TENSOR(WG_SHAPE(1, 1, 3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9);
    wg_node *w = TENSOR(WG_SHAPE(1, 1, 2, 2), 1, 10, 100, 1000);
    ASSERT_VALUES(wg_conv2d(x, w, NULL, NULL), 5421, 6532, 8754, 9865);
    ASSERT_VALUES(wg_conv2d(x, w, VECTOR(0.5), NULL), 5421.5, 6532.5, 8754.5, 9865.5);
    const wg_conv_opts *apart = WG_OPTS(wg_conv_opts, .stride = WG_AXES(2), .padding = WG_AXES(1));
    ASSERT_VALUES(wg_conv2d(x, w, NULL, apart), 1000, 3200, 7040, 9865);
    ASSERT_VALUES(wg_conv2d(x, w, NULL, WG_OPTS(wg_conv_opts, .dilation = WG_AXES(2, 1))), 8721, 9832);
    ASSERT_VALUES(wg_conv1d(TENSOR(WG_SHAPE(1, 2, 3), 1, 2, 3, 4, 5, 6), TENSOR(WG_SHAPE(1, 2, 2), 1, 10, 100, 1000),
                            VECTOR(0), NULL),
                  5421, 6532);
    ASSERT_VALUES(wg_conv1d(TENSOR(WG_SHAPE(1, 2, 2), 1, 2, 3, 4), TENSOR(WG_SHAPE(2, 1, 1), 5, 7), NULL,
                            WG_OPTS(wg_conv_opts, .groups = 2)),
                  5, 10, 21, 28);
    ASSERT_VALUES(
        wg_conv3d(TENSOR(WG_SHAPE(1, 1, 2, 1, 2), 1, 2, 3, 4), TENSOR(WG_SHAPE(1, 1, 2, 1, 1), 1, 10), NULL, NULL), 31,
        42);
}
END_TEST

START_TEST(known_transposes)
{
    wg_node *x = TENSOR(WG_SHAPE(1, 1, 2), 1, 2), *w = TENSOR(WG_SHAPE(1, 1, 3), 1, 10, 100);
    ASSERT_VALUES(wg_conv_transpose1d(x, w, NULL, NONE, NULL), 1, 12, 120, 200);
    const wg_conv_opts *apart = WG_OPTS(wg_conv_opts, .stride = WG_AXES(2));
    ASSERT_VALUES(wg_conv_transpose1d(x, w, VECTOR(0.5), WG_AXES(1), apart), 1.5, 10.5, 102.5, 20.5, 200.5, 0.5);
    const wg_conv_opts *cut = WG_OPTS(wg_conv_opts, .stride = WG_AXES(4), .padding = WG_AXES(1));
    ASSERT_VALUES(wg_conv_transpose1d(x, w, NULL, NONE, cut), 10, 100, 0, 2, 20); /* no window reaches the third */
    ASSERT_VALUES(
        wg_conv_transpose2d(TENSOR(WG_SHAPE(1, 1, 1, 2), 1, 2), TENSOR(WG_SHAPE(1, 1, 2, 1), 1, 10), NULL, NONE, NULL),
        1, 2, 10, 20);
    ASSERT_VALUES(wg_conv_transpose3d(TENSOR(WG_SHAPE(1, 1, 1, 1, 1), 3), TENSOR(WG_SHAPE(1, 2, 1, 1, 2), 1, 2, 3, 4),
                                      VECTOR(10, 20), NONE, NULL),
                  13, 16, 29, 32);
}
END_TEST

START_TEST(known_columns)
{
    wg_node *x = TENSOR(WG_SHAPE(1, 1, 2, 3), 1, 2, 3, 4, 5, 6);
    wg_node *y = wg_unfold(x, WG_AXES(2), NULL);
    assert_shape(y, WG_SHAPE(1, 4, 2));
    ASSERT_VALUES(y, 1, 2, 2, 3, 4, 5, 5, 6);
    ASSERT_VALUES(wg_fold(y, WG_AXES(2, 3), WG_AXES(2), NULL), 1, 4, 3, 4, 10, 6); /* each as often as it was seen */
    ASSERT_VALUES(wg_unfold(x, WG_AXES(1, 3), WG_OPTS(wg_conv_opts, .padding = WG_AXES(0, 1), .stride = WG_AXES(1, 2))),
                  0, 2, 0, 5, 1, 3, 4, 6, 2, 0, 5, 0);
}
END_TEST

/* ---- the definition, in loops ---- */

typedef struct geometry {
    int axes;
    int64_t batch, in, out; /* channels */
    int64_t size[3], kernel[3];
    int stride[3], padding[3], dilation[3], groups;
} geometry;

static wg_conv_opts options(const geometry *v)
{
    wg_conv_opts o = { .size = sizeof o, .groups = v->groups };
    o.stride.n = o.padding.n = o.dilation.n = v->axes;
    for (int i = 0; i < v->axes; i++) {
        o.stride.at[i] = v->stride[i];
        o.padding.at[i] = v->padding[i];
        o.dilation.at[i] = v->dilation[i];
    }
    return o;
}

/* The element of y at `at` (image, channel, position..). */
static double defined(const geometry *v, wg_view x, wg_view w, const int64_t at[5])
{
    const int64_t channels = v->in / v->groups, group = at[1] / (v->out / v->groups);
    int64_t taps = 1;
    double sum = 0;
    for (int i = 0; i < v->axes; i++)
        taps *= v->kernel[i];
    for (int64_t c = 0; c < channels; c++)
        for (int64_t tap = 0; tap < taps; tap++) {
            int64_t from = at[0] * v->in + group * channels + c, rest = tap, divisor = taps;
            bool inside = true;
            for (int i = 0; i < v->axes; i++) {
                divisor /= v->kernel[i];
                const int64_t p = at[2 + i] * v->stride[i] - v->padding[i] + rest / divisor * v->dilation[i];
                rest %= divisor;
                inside = inside && p >= 0 && p < v->size[i];
                from = from * v->size[i] + p;
            }
            if (inside)
                sum += wg_view_at(x, from) * wg_view_at(w, (at[1] * channels + c) * taps + tap);
        }
    return sum;
}

static wg_node *convolved(const geometry *v, wg_node *x, wg_node *w, wg_node *b)
{
    wg_conv_opts o = options(v);
    return v->axes == 1 ? wg_conv1d(x, w, b, &o) : v->axes == 2 ? wg_conv2d(x, w, b, &o) : wg_conv3d(x, w, b, &o);
}

static const geometry geometries[] = {
    { 1, 3, 2, 3, { 50 }, { 4 }, { 1 }, { 2 }, { 3 }, 1 },
    { 1, 1, 3, 2, { 1000 }, { 7 }, { 5 }, { 3 }, { 2 }, 1 },
    { 2, 2, 3, 40, { 9, 11 }, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }, /* rows of several tiles */
    { 2, 1, 90, 5, { 6, 7 }, { 3, 2 }, { 1, 1 }, { 0, 1 }, { 1, 1 }, 1 },  /* several blocks of k */
    { 2, 9, 4, 6, { 3, 3 }, { 3, 3 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 2 },   /* each image one column */
    { 2, 5, 7, 3, { 5, 8 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
    { 2, 2, 6, 6, { 10, 13 }, { 3, 5 }, { 1, 1 }, { 1, 2 }, { 1, 1 }, 6 }, /* channel by channel */
    { 2, 2, 2, 4, { 17, 40 }, { 3, 4 }, { 2, 3 }, { 1, 0 }, { 2, 1 }, 2 },
    { 2, 2, 2, 3, { 4, 5 }, { 9, 2 }, { 1, 4 }, { 6, 1 }, { 1, 3 }, 1 },   /* more kernel than image */
    { 2, 1, 1, 2, { 12, 12 }, { 2, 3 }, { 5, 1 }, { 0, 0 }, { 1, 1 }, 1 }, /* not all is seen */
    /* images enough, with long lines: read where they lie, in one piece, under a stride and in groups, and in bands */
    { 2, 16, 5, 9, { 14, 30 }, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 },
    { 2, 8, 10, 8, { 21, 61 }, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 2 },
    { 2, 4, 20, 3, { 64, 66 }, { 3, 3 }, { 1, 1 }, { 1, 2 }, { 1, 1 }, 1 },
    { 3, 2, 2, 3, { 4, 5, 6 }, { 3, 2, 3 }, { 2, 1, 1 }, { 1, 0, 1 }, { 1, 2, 1 }, 1 },
    { 3, 2, 3, 2, { 4, 3, 5 }, { 3, 1, 1 }, { 1, 1, 1 }, { 1, 0, 0 }, { 1, 1, 1 }, 1 },
};

/* x, w of a geometry, and something of its result's shape. */
static void operands(const geometry *v, wg_dtype type, wg_node **x, wg_node **w, wg_node **cotangent)
{
    wg_shape of_x = { { v->batch, v->in }, 2 + v->axes }, of_w = { { v->out, v->in / v->groups }, 2 + v->axes };
    for (int i = 0; i < v->axes; i++) {
        of_x.dim[2 + i] = v->size[i];
        of_w.dim[2 + i] = v->kernel[i];
    }
    *x = whole(type, of_x, 1);
    *w = whole(type, of_w, 2);
    *cotangent = whole(type, wg_node_shape(convolved(v, *x, *w, NULL)), 3);
}

START_TEST(convolutions_are_as_defined)
{
    const geometry *v = &geometries[_i / 2];
    const wg_dtype type = _i % 2 ? WG_F32 : WG_F64;
    wg_node *x, *w, *y;
    operands(v, type, &x, &w, &y);
    wg_node *b = whole(type, WG_SHAPE(v->out), 4);
    const wg_view got = value(convolved(v, x, w, b)), in = value(x), weights = value(w), bias = value(b);
    for (int64_t i = 0; i < wg_shape_count(got.shape); i++) {
        int64_t at[5] = { 0 }, rest = i;
        for (int k = got.shape.rank - 1; k >= 0; rest /= got.shape.dim[k--])
            at[k] = rest % got.shape.dim[k];
        const double expected = defined(v, in, weights, at) + wg_view_at(bias, at[1]);
        ck_assert_msg(wg_view_at(got, i) == expected, "element %lld is %g, not %g", (long long)i, wg_view_at(got, i),
                      expected);
    }
}
END_TEST

/* <conv(x, w), g> is linear in x and in w: the gradients, each times its operand, give it back. */
START_TEST(gradients_are_adjoints)
{
    const geometry *v = &geometries[_i / 2];
    wg_node *x, *w, *h;
    operands(v, _i % 2 ? WG_F32 : WG_F64, &x, &w, &h);
    wg_node *y = convolved(v, x, w, NULL);
    const wg_grads d = wg_vjp(y, h, WG_NODES(x, w));
    ck_assert_msg(d.of.at != NULL, "%s", wg_error());
    const double expected = total(wg_mul(wg_cast(y, WG_F64), wg_cast(h, WG_F64)));
    ck_assert_double_eq(total(wg_mul(wg_cast(d.of.at[0], WG_F64), wg_cast(x, WG_F64))), expected);
    ck_assert_double_eq(total(wg_mul(wg_cast(d.of.at[1], WG_F64), wg_cast(w, WG_F64))), expected);
    wg_node *turned = whole(wg_node_dtype(x), wg_node_shape(x), 6); /* and any other x */
    ck_assert_double_eq(total(wg_mul(wg_cast(d.of.at[0], WG_F64), wg_cast(turned, WG_F64))),
                        total(wg_mul(wg_cast(convolved(v, turned, w, NULL), WG_F64), wg_cast(h, WG_F64))));
}
END_TEST

/* The transpose is conv_input_grad to the size that output_padding chooses, and its gradients are convolutions. */
START_TEST(transposes_are_adjoints)
{
    for (int64_t stride = 1; stride < 4; stride++)
        for (int64_t more = 0; more < (stride > 2 ? stride : 2); more++) {
            const int dilation = stride < 2 ? 2 : 1;
            const wg_conv_opts o = { .size = sizeof o,
                                     .stride = WG_AXES((int)stride),
                                     .padding = WG_AXES(1),
                                     .dilation = WG_AXES(dilation),
                                     .groups = 2 };
            if (more >= stride && more >= dilation)
                continue;
            wg_node *x = whole(WG_F64, WG_SHAPE(2, 4, 5, 6), 1), *w = whole(WG_F64, WG_SHAPE(4, 3, 3, 3), 2);
            wg_node *y = wg_conv_transpose2d(x, w, NULL, WG_AXES((int)more), &o);
            wg_node *h = whole(WG_F64, wg_node_shape(y), 3);
            const int64_t height = 4 * stride - 2 + 2 * dilation + more + 1;
            assert_shape(y, WG_SHAPE(2, 6, height, height + stride));
            const wg_grads d = wg_vjp(y, h, WG_NODES(x, w));
            ck_assert_msg(d.of.at != NULL, "%s", wg_error());
            const double expected = total(wg_mul(y, h));
            ck_assert_double_eq(total(wg_mul(d.of.at[0], x)), expected);
            ck_assert_double_eq(total(wg_mul(d.of.at[1], w)), expected);
            wg_node *back = wg_conv2d(h, w, NULL, &o); /* with windows beyond x where output_padding holds one */
            ck_assert_double_eq(total(wg_mul(wg_slice_like(back, x), x)), expected);
        }
}
END_TEST

START_TEST(convolution_is_linear)
{
    const geometry *v = &geometries[2];
    wg_node *x, *w, *h;
    operands(v, WG_F64, &x, &w, &h);
    wg_node *u = whole(WG_F64, wg_node_shape(x), 7);
    assert_same(convolved(v, wg_add(wg_scale(x, 3), u), w, NULL),
                wg_add(wg_scale(convolved(v, x, w, NULL), 3), convolved(v, u, w, NULL)));
}
END_TEST

START_TEST(other_operators_say_the_same)
{
    wg_node *x = whole(WG_F64, WG_SHAPE(3, 4, 6, 7), 1), *w = whole(WG_F64, WG_SHAPE(6, 4, 1, 1), 2);
    wg_node *rows = wg_reshape(x, WG_SHAPE(3, 4, 42));
    wg_node *product = wg_matmul(wg_reshape(w, WG_SHAPE(6, 4)), rows);
    assert_same(wg_conv2d(x, w, NULL, NULL), wg_reshape(product, WG_SHAPE(3, 6, 6, 7)));

    wg_node *k = whole(WG_F64, WG_SHAPE(5, 4, 3, 2), 3);
    const wg_conv_opts *o = WG_OPTS(wg_conv_opts, .stride = WG_AXES(2, 1), .padding = WG_AXES(1));
    wg_node *y = wg_conv2d(x, k, NULL, o), *patches = wg_unfold(x, WG_AXES(3, 2), o);
    assert_same(wg_reshape(y, WG_SHAPE(3, 5, 24)), wg_matmul(wg_reshape(k, WG_SHAPE(5, 24)), patches));

    wg_node *h = whole(WG_F64, wg_node_shape(y), 4); /* and fold says conv_transpose */
    wg_node *columns = wg_matmul_t(wg_reshape(k, WG_SHAPE(5, 24)), true, wg_reshape(h, WG_SHAPE(3, 5, 24)), false);
    assert_same(wg_conv_transpose2d(h, k, NULL, WG_AXES(1, 0), o), wg_fold(columns, WG_AXES(6, 7), WG_AXES(3, 2), o));

    wg_node *half = whole(WG_F64, WG_SHAPE(6, 2, 3, 3), 5); /* groups are convolutions side by side */
    wg_node *one = wg_conv2d(wg_slice1(x, 1, 0, 2), wg_slice1(half, 0, 0, 3), NULL, NULL);
    wg_node *two = wg_conv2d(wg_slice1(x, 1, 2, 4), wg_slice1(half, 0, 3, 6), NULL, NULL);
    assert_same(wg_conv2d(x, half, NULL, WG_OPTS(wg_conv_opts, .groups = 2)), wg_concat(WG_NODES(one, two), 1));
}
END_TEST

START_TEST(sizes_known_late)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, 2, WG_DIM('H'), WG_DIM('W')));
    wg_node *w = whole(WG_F64, WG_SHAPE(3, 2, 3, 3), 1), *v = whole(WG_F64, WG_SHAPE(3, 3, 3, 3), 2);
    wg_node *same = wg_conv2d(x, w, NULL, WG_OPTS(wg_conv_opts, .padding = WG_AXES(1)));
    assert_shape(same, WG_SHAPE(WG_BATCH, 3, WG_DIM('H'), WG_DIM('W')));
    wg_node *less = wg_conv2d(same, v, NULL, WG_OPTS(wg_conv_opts, .stride = WG_AXES(2)));
    assert_shape(less, WG_SHAPE(WG_BATCH, 3, WG_ANY, WG_ANY));
    wg_node *more = wg_conv_transpose2d(less, v, NULL, NONE, WG_OPTS(wg_conv_opts, .stride = WG_AXES(2)));
    wg_node *seen = wg_fold(wg_unfold(x, WG_AXES(3), NULL), WG_AXES(5, 7), WG_AXES(3), NULL);
    wg_node *loss = wg_sum(wg_square(more), WG_ALL_AXES, false), *d = wg_grad(loss, x);
    ck_assert_msg(d != NULL, "%s", wg_error());
    assert_shape(d, wg_node_shape(x));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, d, seen));
    wg_exec *e = wg_exec_new(plan);
    for (int64_t n = 1; n < 3; n++) { /* x . d(loss)/dx = 2 loss, for loss is quadratic in x */
        const wg_view at = value(whole(WG_F64, WG_SHAPE(n, 2, 5, 7), 4));
        ck_assert_int_eq(wg_feed(e, x, at), WG_OK);
        ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
        double dot = 0;
        for (int64_t i = 0; i < n * 70; i++)
            dot += wg_view_at(at, i) * wg_view_at(wg_result(e, d), i);
        ck_assert_double_eq(dot, 2 * wg_scalar(e, loss));
        ck_assert_double_eq(wg_view_at(wg_result(e, seen), 16), 9 * wg_view_at(at, 16)); /* in the middle */
    }
    ck_assert_int_eq(wg_feed(e, x, value(whole(WG_F64, WG_SHAPE(1, 2, 2, 7), 4))), WG_OK);
    ck_assert_int_eq(wg_run(e), WG_ERR_SHAPE);
    wg_exec_free(e);
    wg_plan_free(plan);
}
END_TEST

START_TEST(nothing_is_a_batch_too)
{
    wg_node *x = constant(WG_F32, WG_SHAPE(0, 2, 5, 5), NULL), *w = whole(WG_F32, WG_SHAPE(3, 2, 2, 2), 1);
    wg_node *y = wg_conv2d(x, w, NULL, NULL);
    assert_shape(y, WG_SHAPE(0, 3, 4, 4));
    wg_node *d = wg_grad(wg_sum(y, WG_ALL_AXES, false), w);
    ck_assert_double_eq(total(wg_abs(d)), 0);
    assert_shape(wg_conv_transpose2d(x, whole(WG_F32, WG_SHAPE(2, 3, 2, 2), 1), NULL, NONE, NULL),
                 WG_SHAPE(0, 3, 6, 6));
    ASSERT_VALUES(wg_conv1d(constant(WG_F64, WG_SHAPE(1, 0, 3), NULL), constant(WG_F64, WG_SHAPE(2, 0, 2), NULL),
                            VECTOR(5, 7), NULL),
                  5, 5, 7, 7);
}
END_TEST

#define X whole(WG_F64, WG_SHAPE(2, 4, 5, 6), 1)
#define W whole(WG_F64, WG_SHAPE(6, 4, 3, 3), 1)
#define OPTIONS(...) WG_OPTS(wg_conv_opts, __VA_ARGS__)

START_TEST(convolutions_refuse)
{
    ASSERT_FAILS(wg_conv1d(X, W, NULL, NULL), WG_ERR_SHAPE, "conv1d: takes (N, C, one spatial size), got (2,4,5,6)");
    ASSERT_FAILS(wg_conv2d(VECTOR(1), W, NULL, NULL), WG_ERR_SHAPE, "two spatial sizes), got (1)");
    ASSERT_FAILS(wg_conv2d(X, VECTOR(1), NULL, NULL), WG_ERR_SHAPE, "conv2d: w must have x's rank, got (1)");
    ASSERT_FAILS(wg_conv2d(X, W, NULL, OPTIONS(.groups = 2)), WG_ERR_SHAPE,
                 "conv2d: x (2,4,5,6) has other channels than w (6,4,3,3) takes in 2 groups");
    ASSERT_FAILS(wg_conv2d(X, W, NULL, OPTIONS(.groups = 4)), WG_ERR_SHAPE,
                 "w (6,4,3,3) does not divide into 4 groups");
    ASSERT_FAILS(wg_conv2d(X, W, NULL, OPTIONS(.groups = -1)), WG_ERR_ARG, "groups must be 1 or more, got -1");
    ASSERT_FAILS(wg_conv2d(X, W, VECTOR(1, 2), NULL), WG_ERR_SHAPE, "one number a channel of the result, got (2)");
    ASSERT_FAILS(wg_conv2d(X, W, NULL, OPTIONS(.dilation = WG_AXES(1, 3))), WG_ERR_SHAPE,
                 "conv2d: the kernel reaches over 7 elements along axis 3, of size 6 with padding");
    ASSERT_FAILS(wg_conv2d(X, W, NULL, OPTIONS(.stride = WG_AXES(1, 1, 1))), WG_ERR_ARG,
                 "stride has 3 numbers for 2 spatial axes");
    ASSERT_FAILS(wg_conv2d(X, W, NULL, OPTIONS(.stride = WG_AXES(0))), WG_ERR_ARG,
                 "stride must be in 1..2147483647, got 0");
    ASSERT_FAILS(wg_conv2d(X, W, NULL, OPTIONS(.padding = WG_AXES(-1))), WG_ERR_ARG,
                 "padding must be in 0..2147483647");
    ASSERT_FAILS(wg_conv2d(X, W, NULL, OPTIONS(.dilation = WG_ALL_AXES)), WG_ERR_ARG, "dilation has 0 numbers");
    ASSERT_FAILS(wg_conv2d(X, wg_cast(W, WG_F32), NULL, NULL), WG_ERR_DTYPE, "f32");
    ASSERT_FAILS(wg_conv2d(wg_cast(X, WG_I32), wg_cast(W, WG_I32), NULL, NULL), WG_ERR_DTYPE, "i32");
    ASSERT_FAILS(wg_conv2d(X, constant(WG_F64, WG_SHAPE(6, 4, 0, 3), NULL), NULL, NULL), WG_ERR_SHAPE,
                 "the kernel has no elements along axis 2");
    wg_conv_opts unsized = { .size = 0 };
    ASSERT_FAILS(wg_conv2d(X, W, NULL, &unsized), WG_ERR_ARG, "wg_conv_opts: size is 0");
    ASSERT_FAILS(wg_conv_transpose2d(X, W, NULL, NONE, NULL), WG_ERR_SHAPE,
                 "conv_transpose2d: x (2,4,5,6) has other channels than w (6,4,3,3) takes in 1 group");
    ASSERT_FAILS(
        wg_conv_transpose2d(X, whole(WG_F64, WG_SHAPE(4, 2, 3, 3), 1), NULL, WG_AXES(2), OPTIONS(.stride = WG_AXES(2))),
        WG_ERR_ARG, "output_padding must be less than the stride or the dilation, got 2");
    ASSERT_FAILS(
        wg_conv_transpose2d(X, whole(WG_F64, WG_SHAPE(4, 2, 3, 3), 1), NULL, NONE, OPTIONS(.padding = WG_AXES(4))),
        WG_ERR_SHAPE, "nothing is left of axis 2, of size 5");
    ASSERT_FAILS(wg_unfold(X, WG_AXES(6), NULL), WG_ERR_SHAPE,
                 "unfold: the kernel reaches over 6 elements along axis 2");
    ASSERT_FAILS(wg_unfold(X, NONE, NULL), WG_ERR_ARG, "kernel has 0 numbers for 2 spatial axes");
    ASSERT_FAILS(wg_unfold(X, WG_AXES(2), OPTIONS(.groups = 2)), WG_ERR_ARG, "no groups");
    ASSERT_FAILS(wg_fold(whole(WG_F64, WG_SHAPE(1, 8, 3), 1), WG_AXES(3, 3), WG_AXES(2), NULL), WG_ERR_SHAPE,
                 "fold: takes patches (1,8,4), got (1,8,3)");
    ASSERT_FAILS(wg_fold(whole(WG_F64, WG_SHAPE(1, 7, 4), 1), WG_AXES(3, 3), WG_AXES(2), NULL), WG_ERR_SHAPE,
                 "fold: 7 rows of patches are no multiple of the kernel's elements");
    ASSERT_FAILS(wg_fold(X, WG_AXES(3, 3), WG_AXES(2), NULL), WG_ERR_SHAPE, "fold: takes patches (N, C k, windows)");
    ASSERT_FAILS(wg_fold(whole(WG_F64, WG_SHAPE(1, 8, 4), 1), NONE, WG_AXES(2), NULL), WG_ERR_ARG,
                 "output_size must have one to three numbers");
}
END_TEST

START_TEST(threads_do_not_change_the_bits)
{
    wg_node *x = scattered(WG_F32, WG_SHAPE(20, 6, 15, 14), 1), *w = scattered(WG_F32, WG_SHAPE(34, 3, 3, 3), 2);
    wg_node *y = wg_conv2d(x, w, NULL, OPTIONS(.groups = 2, .padding = WG_AXES(1)));
    wg_node *h = scattered(WG_F32, wg_node_shape(y), 3);
    const wg_grads d = wg_vjp(y, h, WG_NODES(x, w));
    wg_node *spread = wg_conv_transpose2d(y, scattered(WG_F32, WG_SHAPE(34, 2, 3, 3), 4), NULL, NONE,
                                          OPTIONS(.stride = WG_AXES(2), .groups = 2));
    wg_node *columns = wg_unfold(x, WG_AXES(3), NULL);
    wg_node *each[] = {
        y, d.of.at[0], d.of.at[1], spread, columns, wg_fold(columns, WG_AXES(15, 14), WG_AXES(3), NULL)
    };
    for (size_t k = 0; k < WG_COUNT(each); k++) {
        const wg_view one = value_in(each[k], WG_TRAIN, 1), many = value_in(each[k], WG_TRAIN, 3);
        ck_assert_msg(!memcmp(one.data, many.data, (size_t)wg_shape_count(one.shape) * sizeof(float)), "node %zu", k);
    }
}
END_TEST

TCase *ops_conv_tests(void)
{
    TCase *t = tcase_create("convolution");
    const int geometry_tests = 2 * (int)WG_COUNT(geometries);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, known_convolutions);
    tcase_add_test(t, known_transposes);
    tcase_add_test(t, known_columns);
    tcase_add_loop_test(t, convolutions_are_as_defined, 0, geometry_tests);
    tcase_add_loop_test(t, gradients_are_adjoints, 0, geometry_tests);
    tcase_add_test(t, transposes_are_adjoints);
    tcase_add_test(t, convolution_is_linear);
    tcase_add_test(t, other_operators_say_the_same);
    tcase_add_test(t, sizes_known_late);
    tcase_add_test(t, nothing_is_a_batch_too);
    tcase_add_test(t, convolutions_refuse);
    tcase_add_test(t, threads_do_not_change_the_bits);
    return t;
}
