/* unfold: the patches that windows see, (N, C k, windows), as columns; fold: such columns added up where the windows lay, to a
 * size that is given; fold_like, the same to another operand's size, unfold's adjoint. */
#include <string.h>

#include "ops/patches.h"

WG_KERNEL(
    unfold_forward, const wg__patches *v = c->params; const wg__phase f = wg__phase_of(v, 0);
    const int64_t n = f.axis[2].columns, walk = f.axis[2].walk, lines = f.axis[0].columns * f.axis[1].columns;
    for (int64_t u = begin; u < end; u++) {
        const T *x = (const T *)c->in[0] + u * wg__plane(v->source);
        T *y = (T *)c->out + u * f.taps * f.columns;
        for (int64_t number = 0; number < f.taps; number++) {
            int64_t tap[WG__SPATIAL_MAX];
            wg__tap_at(&f, number, tap);
            for (int64_t l = 0; l < lines; l++, y += n) {
                const int64_t t[] = { l / f.axis[1].columns, l % f.axis[1].columns, 0 };
                const wg__sight s = wg__sight_of(&f, tap, t, n);
                memset(y, 0, (size_t)s.low * sizeof(T));
                for (int64_t i = s.low; i < s.high; i++)
                    y[i] = x[s.from + (i - s.low) * walk];
                memset(y + s.high, 0, (size_t)(n - s.high) * sizeof(T));
            }
        }
    })

WG_KERNEL(
    fold_forward, const wg__patches *v = c->params; const wg__phase f = wg__phase_of(v, 0);
    const int64_t n = f.axis[2].columns, walk = f.axis[2].walk, lines = f.axis[0].columns * f.axis[1].columns;
    for (int64_t u = begin; u < end; u++) {
        const T *y = (const T *)c->in[0] + u * f.taps * f.columns;
        T *x = (T *)c->out + u * wg__plane(v->source);
        memset(x, 0, (size_t)wg__plane(v->source) * sizeof(T));
        for (int64_t number = 0; number < f.taps; number++) {
            int64_t tap[WG__SPATIAL_MAX];
            wg__tap_at(&f, number, tap);
            for (int64_t l = 0; l < lines; l++, y += n) {
                const int64_t t[] = { l / f.axis[1].columns, l % f.axis[1].columns, 0 };
                const wg__sight s = wg__sight_of(&f, tap, t, n);
                for (int64_t i = s.low; i < s.high; i++)
                    x[s.from + (i - s.low) * walk] += y[i];
            }
        }
    })

WG_KERNELS(unfold, .forward = WG_BOTH(unfold_forward));
WG_KERNELS(fold, .forward = WG_BOTH(fold_forward));
WG_KERNELS(fold_like, .forward = WG_BOTH(fold_forward));

#ifdef WG_BASELINE

#include "base/checked.h"
#include "graph/graph.h"
#include "ops/builtin.h"

typedef struct unfolding {
    wg_list kernel;
    wg__sliding sliding;
} unfolding;

/* First, what it has in common with unfold. */
typedef struct folding {
    unfolding unfold;
    wg_list output_size;
} folding;

/* ---- shapes ---- */

/* a b, where either may be unknown. */
static bool multiply(int64_t a, int64_t b, int64_t *out)
{
    *out = a == 1 ? b : b == 1 ? a : WG_ANY;
    return a < 0 || b < 0 || wg__mul_i64(a, b, out);
}

/* The patches of x: *y is (N, C k, windows). */
static wg_status unfolded(wg_infer *t, const wg_shape *x, wg_shape *y)
{
    const unfolding *at = t->attrs;
    wg_status status = wg__infer_spatial(t, x, 0);
    const int axes = x->rank - WG__SPATIAL;
    if (!status)
        status = wg__infer_spatial_list(t, "kernel", at->kernel, axes, 1);
    if (!status)
        status = wg__infer_sliding(t, &at->sliding, axes);
    *y = (wg_shape){ { x->dim[0], x->dim[1], 1 }, 3 };
    for (int i = 0; !status && i < axes; i++) {
        const int64_t kernel = wg__spatial(at->kernel, i);
        int64_t windows;
        status = wg__infer_windows(t, &at->sliding, i, x->dim[WG__SPATIAL + i], kernel, &windows);
        if (!status && (!multiply(y->dim[1], kernel, &y->dim[1]) || !multiply(y->dim[2], windows, &y->dim[2])))
            return wg_infer_fail(t, WG_ERR_RANGE, "the patches would be too many");
    }
    return status;
}

static wg_status unfold_infer(wg_infer *t) { return unfolded(t, &t->in[0], &t->out[0]); }

static wg_status check_columns(wg_infer *t, const wg_shape *patches)
{
    const wg_shape *given = &t->in[0];
    int64_t size;
    bool fits = given->rank == 3;
    for (int i = 0; fits && i < 3; i++)
        fits = wg_dim_unify(given->dim[i], patches->dim[i], &size);
    if (fits)
        return WG_OK;
    char a[96], b[96];
    return wg_infer_fail(t, WG_ERR_SHAPE, "takes patches %s, got %s", wg_shape_text(*patches, a, sizeof a),
                         wg_shape_text(*given, b, sizeof b));
}

static wg_status fold_like_infer(wg_infer *t)
{
    wg_shape patches;
    const wg_status status = unfolded(t, &t->in[1], &patches);
    return status ? status : wg__infer_transposed(t, &patches, "unfolding");
}

static wg_status fold_infer(wg_infer *t)
{
    const folding *at = t->attrs;
    const wg_shape *given = &t->in[0];
    const int axes = at->output_size.n;
    wg_shape patches = *given, *x = &t->out[0];
    if (given->rank != 3)
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes patches (N, C k, windows)");
    if (axes < 1 || axes > WG__SPATIAL_MAX)
        return wg_infer_fail(t, WG_ERR_ARG, "output_size must have one to three numbers");
    wg_status status = wg__infer_spatial_list(t, "output_size", at->output_size, axes, 0);
    if (!status)
        status = wg__infer_spatial_list(t, "kernel", at->unfold.kernel, axes, 1);
    if (status)
        return status;
    *x = (wg_shape){ { given->dim[0], given->dim[1] }, WG__SPATIAL + axes };
    for (int i = 0; i < axes; i++) {
        const int64_t kernel = wg__spatial(at->unfold.kernel, i), channels = x->dim[1];
        x->dim[WG__SPATIAL + i] = at->output_size.at[i];
        if (channels >= 0 && channels % kernel == 0)
            x->dim[1] = channels / kernel;
        else if (kernel != 1)
            x->dim[1] = WG_ANY;
    }
    status = unfolded(t, x, &patches);
    if (!status && x->dim[1] == WG_ANY && given->dim[1] >= 0)
        return wg_infer_fail(t, WG_ERR_SHAPE, "%lld rows of patches are no multiple of the kernel's elements",
                             (long long)given->dim[1]);
    return status ? status : check_columns(t, &patches);
}

/* ---- lowering ---- */

static wg_status lower(wg_lowering *l, const wg_shape *x)
{
    const unfolding *at = l->attrs;
    wg_shape w = { { 1, 1 }, x->rank }, y = *x;
    for (int i = 0; i < x->rank - WG__SPATIAL; i++) {
        const int64_t kernel = wg__spatial(at->kernel, i);
        const int64_t padded = x->dim[WG__SPATIAL + i] + 2 * wg__spatial(at->sliding.padding, i);
        w.dim[WG__SPATIAL + i] = kernel;
        y.dim[WG__SPATIAL + i] =
            (padded - wg__reach(kernel, wg__spatial(at->sliding.dilation, i))) / wg__spatial(at->sliding.stride, i) + 1;
    }
    const wg__patches v = wg__patches_of(&at->sliding, 1, x, &w, &y, false);
    memcpy(l->params, &v, sizeof v);
    const double elements = (double)wg__plane(v.result) * (double)wg__plane(v.kernel);
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = x->dim[0] * x->dim[1], .grain = 1, .cost = 0.5 * elements };
    return WG_OK;
}

static wg_status unfold_lower(wg_lowering *l) { return lower(l, &l->in_shape[0]); }
static wg_status fold_lower(wg_lowering *l) { return lower(l, l->out_shape); }

/* ---- adjoints ---- */

static wg_node *unfold_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_fold_like, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

static wg_node *fold_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_apply(&wg_op_unfold, WG_NODES(a->cotangent), a->attrs) : wg_no_gradient(a);
}

/* ---- descriptors ---- */

#define UNFOLD_ATTRS                                                                                                   \
    { "kernel", WG_ATTR_LIST, offsetof(unfolding, kernel), NULL, NULL }, WG_SLIDING_ATTRS(unfolding, sliding)
static const wg_attr unfold_attrs[] = { UNFOLD_ATTRS, { 0 } };
static const wg_attr fold_attrs[] = {
    UNFOLD_ATTRS,
    { "output_size", WG_ATTR_LIST, offsetof(folding, output_size), NULL, NULL },
    { 0 },
};

#define SQUARE                                                                                                         \
    {                                                                                                                  \
        WG_DIMS(2), { WG_DIMS(1), WG_DIMS(0), WG_DIMS(1) }                                                             \
    }
#define UNEVEN                                                                                                         \
    {                                                                                                                  \
        WG_DIMS(2, 3), { WG_DIMS(2, 1), WG_DIMS(1, 2), WG_DIMS(1, 2) }                                                 \
    }
#define ALONE                                                                                                          \
    {                                                                                                                  \
        WG_DIMS(1), { WG_DIMS(2), WG_DIMS(1), WG_DIMS(1) }                                                             \
    }
static const unfolding square = SQUARE, uneven = UNEVEN, alone = ALONE;
static const folding square_33 = { SQUARE, WG_DIMS(3, 3) }, uneven_35 = { UNEVEN, WG_DIMS(3, 5) },
                     square_222 = { SQUARE, WG_DIMS(2, 2, 2) }, alone_4 = { ALONE, WG_DIMS(4) };
static const wg_sample unfold_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 2, 3, 3) }, .attrs = &square },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 5) }, .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 1, 1, 2, 3, 2) }, .attrs = &square },
    { .in = { WG_VALUES(-2, 2, 2, 2, 4) }, .attrs = &alone },
};
static const wg_sample fold_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 8, 4) }, .attrs = &square_33 },
    { .in = { WG_VALUES(-2, 2, 1, 12, 10) }, .attrs = &uneven_35 },
    { .in = { WG_VALUES(-2, 2, 1, 8, 1) }, .attrs = &square_222 },
    { .in = { WG_VALUES(-2, 2, 2, 2, 3) }, .attrs = &alone_4 },
};
static const wg_sample fold_like_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 8, 4), WG_VALUES(-2, 2, 2, 2, 3, 3) }, .attrs = &square },
    { .in = { WG_VALUES(-2, 2, 1, 12, 10), WG_VALUES(-2, 2, 1, 2, 3, 5) }, .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 2, 2, 3), WG_VALUES(-2, 2, 2, 2, 4) }, .attrs = &alone },
};

const wg_op wg_op_unfold = {
    WG_OP,
    .name = "unfold",
    .doc = "what each window sees of x (N, C, spatial..), as columns: (N, C k, windows)",
    .arity = 1,
    .attrs = unfold_attrs,
    .attrs_size = sizeof(unfolding),
    .infer = unfold_infer,
    .forward = WG_BOTH(unfold_forward),
    .lower = unfold_lower,
    .backward = unfold_backward,
    WG_SAMPLES(unfold_samples),
};

const wg_op wg_op_fold = {
    WG_OP,
    .name = "fold",
    .doc = "columns (N, C k, windows) added up where the windows of unfold lay in (N, C, output_size..)",
    .arity = 1,
    .attrs = fold_attrs,
    .attrs_size = sizeof(folding),
    .infer = fold_infer,
    .forward = WG_BOTH(fold_forward),
    .lower = fold_lower,
    .backward = fold_backward,
    WG_SAMPLES(fold_samples),
};

const wg_op wg_op_fold_like = {
    WG_OP,
    .name = "fold_like",
    .doc = "fold to the second operand's shape: the adjoint of unfold",
    .arity = 2,
    .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST,
    .attrs = unfold_attrs,
    .attrs_size = sizeof(unfolding),
    .infer = fold_like_infer,
    .forward = WG_BOTH(fold_forward),
    .lower = fold_lower,
    .backward = fold_backward,
    WG_SAMPLES(fold_like_samples),
};

/* ---- builders ---- */

static bool options(unfolding *at, wg_axes kernel, const wg_conv_opts *opts)
{
    int64_t groups;
    at->kernel = wg__list_or(kernel, WG_NO_LIST);
    if (!wg__sliding_options(&at->sliding, &groups, opts, WG_LIST(1)))
        return false;
    if (groups != 1)
        wg__fail(WG_ERR_ARG, "unfold and fold know no groups");
    return groups == 1;
}

wg_node *wg_unfold(wg_node *x, wg_axes kernel, const wg_conv_opts *opts)
{
    unfolding at;
    return options(&at, kernel, opts) ? wg_apply(&wg_op_unfold, WG_NODES(x), &at)
                                      : wg__graph_fail_again(wg_node_graph(x));
}

wg_node *wg_fold(wg_node *x, wg_axes output_size, wg_axes kernel, const wg_conv_opts *opts)
{
    folding at = { .output_size = wg__list_or(output_size, WG_NO_LIST) };
    return options(&at.unfold, kernel, opts) ? wg_apply(&wg_op_fold, WG_NODES(x), &at)
                                             : wg__graph_fail_again(wg_node_graph(x));
}

#endif
