/* reshape, flatten, reshape_like: the same elements under another shape. */
#include "ops/builtin.h"
#include "ops/op.h"

WG_NO_KERNELS(reshape);
WG_NO_KERNELS(flatten);
WG_NO_KERNELS(reshape_like);

#ifdef WG_BASELINE

/* A number of elements of which not all is known: known * N^letters['N'] * .. * (sizes without a name). */
typedef struct extent {
    int64_t known;
    int letters[128], unnamed;
    bool overflow;
} extent;

static void multiply(extent *e, int64_t size)
{
    if (size >= 0)
        e->overflow |= __builtin_mul_overflow(e->known, size, &e->known);
    else if (size == WG_ANY)
        e->unnamed++;
    else
        e->letters[-size & 127]++;
}

/* Strikes out letters that stand on both sides. Returns how many unknown factors are left in a. */
static int strike(extent *a, extent *b)
{
    int left = a->unnamed;
    for (int l = 0; l < 128; l++) {
        int both = a->letters[l] < b->letters[l] ? a->letters[l] : b->letters[l];
        a->letters[l] -= both;
        b->letters[l] -= both;
        left += a->letters[l];
    }
    return left;
}

static int unknowns(const extent *e)
{
    int left = e->unnamed;
    for (int l = 0; l < 128; l++)
        left += e->letters[l];
    return left;
}

/* The size that is its one unknown factor. */
static int64_t only_unknown(const extent *e)
{
    for (int l = 0; l < 128; l++)
        if (e->letters[l])
            return WG_DIM(l);
    return WG_ANY;
}

static wg_status fail(wg_infer *t, wg_shape target)
{
    char a[96], b[96];
    return wg_infer_fail(t, WG_ERR_SHAPE, "%s has not the number of elements of %s",
                         wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(target, b, sizeof b));
}

/* What stands for WG_ANY when all but `rest` of x's elements are placed: a number, a letter, or still WG_ANY. */
static int64_t remaining(extent *x, extent *rest)
{
    int in_x = strike(x, rest), in_rest = unknowns(rest);
    if (in_rest || in_x > 1 || (in_x == 1 && x->known != rest->known))
        return WG_ANY;
    if (in_x == 1)
        return only_unknown(x);
    return rest->known && x->known % rest->known == 0 ? x->known / rest->known : -2; /* -2: does not divide */
}

static wg_status reshape_infer(wg_infer *t)
{
    wg_shape target = *(const wg_shape *)t->attrs;
    extent x = { .known = 1 }, placed = { .known = 1 };
    bool copied[WG_MAX_RANK] = { 0 };
    int free_axis = -1;
    for (int i = 0; i < target.rank; i++) {
        if (target.dim[i] == 0) {
            if (i >= t->in[0].rank)
                return wg_infer_fail(t, WG_ERR_SHAPE, "0 copies axis %d, which the operand has not", i);
            target.dim[i] = t->in[0].dim[i];
            copied[i] = true;
        } else if (target.dim[i] == WG_ANY) {
            if (free_axis >= 0)
                return wg_infer_fail(t, WG_ERR_SHAPE, "only one size may be -1");
            free_axis = i;
        } else {
            multiply(&placed, target.dim[i]);
        }
    }
    for (int i = 0; i < t->in[0].rank; i++)
        if (!copied[i])
            multiply(&x, t->in[0].dim[i]);
    if (x.overflow || placed.overflow)
        return fail(t, target);
    if (free_axis >= 0) {
        target.dim[free_axis] = remaining(&x, &placed);
        if (target.dim[free_axis] == -2)
            return fail(t, *(const wg_shape *)t->attrs);
    } else if (strike(&x, &placed) == 0) {
        int open = unknowns(&placed);
        bool divides = placed.known && x.known % placed.known == 0;
        if (open == 0 ? x.known != placed.known : !divides)
            return fail(t, target);
        for (int i = 0; open == 1 && i < target.rank; i++) /* a letter that only the target has: solved */
            if (!copied[i] && target.dim[i] < 0 && placed.letters[-target.dim[i] & 127])
                target.dim[i] = x.known / placed.known;
    }
    t->out[0] = target;
    return WG_OK;
}

static wg_status flatten_infer(wg_infer *t)
{
    const wg_shape *x = &t->in[0];
    int64_t given = *(const int64_t *)t->attrs;
    int from = given == (int)given ? wg_axis_of((int)given, x->rank) : -1;
    if (from < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)given, x->rank);
    extent tail = { .known = 1 }, none = { .known = 1 };
    for (int i = from; i < x->rank; i++)
        multiply(&tail, x->dim[i]);
    t->out[0] = *x;
    t->out[0].rank = from + 1;
    t->out[0].dim[from] = remaining(&tail, &none);
    return WG_OK;
}

static wg_status reshape_like_infer(wg_infer *t)
{
    int64_t a = wg_shape_count(t->in[0]), b = wg_shape_count(t->in[1]);
    if (a >= 0 && b >= 0 && a != b)
        return fail(t, t->in[1]);
    t->out[0] = t->in[1];
    t->out_type[0] = t->in_type[0];
    return WG_OK;
}

static wg_node *reshape_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_reshape_like(a->cotangent, a->in[0]) : wg_no_gradient(a);
}

static const wg_attr reshape_attrs[] = { { "shape", WG_ATTR_SHAPE, 0, NULL, NULL }, { 0 } };
static const wg_attr flatten_attrs[] = { { "from", WG_ATTR_I64, 0, "1", NULL }, { 0 } };

static const wg_shape to_rest = WG_DIMS(0, -1), to_column = WG_DIMS(-1, 1), to_42 = WG_DIMS(4, 2);
static const int64_t from_first = 0;
static const wg_sample reshape_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &to_rest },
    { .in = { WG_VALUES(-2, 2, 5) }, .attrs = &to_column },
    { .in = { WG_VALUES(-2, 2, 2, 1, 4) }, .attrs = &to_42 },
};
static const wg_sample flatten_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 2, 3) }, .attrs = &from_first },
};
static const wg_sample like_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 6), WG_VALUES(-2, 2, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 1), { .lo = -2, .hi = 2 } } },
};

const wg_op wg_op_reshape = {
    WG_OP, .name = "reshape", .doc = "another shape; one size may be -1: what is left; 0 copies that axis", .arity = 1,
    .flags = WG_VIEW_OP, .attrs = reshape_attrs, .attrs_size = sizeof(wg_shape), .infer = reshape_infer,
    .backward = reshape_backward, WG_SAMPLES(reshape_samples),
};

const wg_op wg_op_flatten = {
    WG_OP, .name = "flatten", .doc = "the axes from `from` on become one", .arity = 1, .flags = WG_VIEW_OP,
    .attrs = flatten_attrs, .attrs_size = sizeof(int64_t), .infer = flatten_infer, .backward = reshape_backward,
    WG_SAMPLES(flatten_samples),
};

const wg_op wg_op_reshape_like = {
    WG_OP, .name = "reshape_like", .doc = "x under the shape of the second operand", .arity = 2,
    .flags = WG_VIEW_OP | WG_SHAPE_ONLY_LAST, .infer = reshape_like_infer, .backward = reshape_backward,
    WG_SAMPLES(like_samples),
};

wg_node *wg_reshape(wg_node *x, wg_shape shape)
{
    return wg_apply(&wg_op_reshape, WG_NODES(x), &shape);
}

wg_node *wg_flatten(wg_node *x, int from_axis)
{
    return wg_apply(&wg_op_flatten, WG_NODES(x), &(int64_t){ from_axis });
}

wg_node *wg_reshape_like(wg_node *x, wg_node *like)
{
    return wg_apply(&wg_op_reshape_like, WG_NODES(x, like), NULL);
}

#endif
