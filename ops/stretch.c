/* A long axis 0 in stretches of one length, and the rest that is left: what a scan in stretches takes apart and joins. The length
 * of the axis may be known at run time only; that of a stretch is a number. */
#include <string.h>

#include "ops/builtin.h"
#include "ops/elementwise.h"
#include "tensor/shape.h"

enum { GRAIN = 16384 }; /* elements */

/* Elements begin .. end of the result, of which the first n are those of `from`; they begin at element `first`. */
static void copy_part(const wg_call *c, const void *from, int64_t first, int64_t n, int64_t begin, int64_t end)
{
    const size_t size = wg_dtype_size(c->out_type);
    if (begin < first)
        begin = first;
    if (end > first + n)
        end = first + n;
    if (begin < end)
        memcpy((char *)c->out + (size_t)begin * size, (const char *)from + (size_t)(begin - first) * size,
               (size_t)(end - begin) * size);
}

static wg_status stretch_rest_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const int64_t n = wg_shape_count(c->out_shape), skipped = wg_shape_count(c->in_shape[0]) - n;
    copy_part(c, (const char *)c->in[0] + (size_t)skipped * wg_dtype_size(c->out_type), 0, n, begin, end);
    return WG_OK;
}

static wg_status stretch_join_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const int64_t whole = wg_shape_count(c->in_shape[0]), rest = wg_shape_count(c->in_shape[1]);
    copy_part(c, c->in[0], 0, whole, begin, end);
    copy_part(c, c->in[1], whole, rest, begin, end);
    return WG_OK;
}

static wg_status copy_lower(wg_lowering *l)
{
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = wg_shape_count(l->out_shape[0]), .grain = GRAIN, .cost = 0.3 };
    return WG_OK;
}

WG_NO_KERNELS(stretches);
WG_KERNELS(stretch_rest, .forward = WG_ANY_TYPE(stretch_rest_forward), .lower = copy_lower);
WG_KERNELS(stretch_join, .forward = WG_ANY_TYPE(stretch_join_forward), .lower = copy_lower);

#ifdef WG_BASELINE

static const wg_attr length_attrs[] = { { "length", WG_ATTR_I64, 0, NULL, NULL }, { 0 } };

static int64_t length_of(const void *attrs)
{
    return *(const int64_t *)attrs;
}

/* Stretches have one axis more; and so have those that the rest's adjoint makes. */
static wg_status check_operand(wg_infer *t)
{
    char a[96];
    if (length_of(t->attrs) < 1)
        return wg_infer_fail(t, WG_ERR_ARG, "a stretch has a length of at least 1, not %lld", (long long)length_of(t->attrs));
    if (t->in[0].rank < 1 || t->in[0].rank > WG_MAX_RANK - 1)
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s has no axis to take apart, or too many",
                             wg_shape_text(t->in[0], a, sizeof a));
    return WG_OK;
}

static wg_status stretches_infer(wg_infer *t)
{
    const wg_shape x = t->in[0];
    const int64_t length = length_of(t->attrs);
    const wg_status status = check_operand(t);
    if (status)
        return status;
    t->out[0] = (wg_shape){ .rank = x.rank + 1, .dim = { x.dim[0] < 0 ? WG_ANY : x.dim[0] / length, length } };
    for (int d = 1; d < x.rank; d++)
        t->out[0].dim[d + 1] = x.dim[d];
    t->out_type[0] = t->in_type[0];
    return WG_OK;
}

static wg_status rest_infer(wg_infer *t)
{
    const wg_status status = check_operand(t);
    if (status)
        return status;
    t->out[0] = t->in[0];
    t->out[0].dim[0] = t->in[0].dim[0] < 0 ? WG_ANY : t->in[0].dim[0] % length_of(t->attrs);
    t->out_type[0] = t->in_type[0];
    return WG_OK;
}

static wg_status join_infer(wg_infer *t)
{
    const wg_shape whole = t->in[0], rest = t->in[1], like = t->in[2];
    const int64_t length = length_of(t->attrs);
    bool fits = whole.rank == rest.rank + 1 && rest.rank > 0 && like.rank > 0 && whole.dim[1] == length &&
                rest.dim[0] < length;
    int64_t joined;
    t->out[0] = rest;
    for (int d = 1; fits && d < rest.rank; d++)
        fits = wg_dim_unify(whole.dim[d + 1], rest.dim[d], &t->out[0].dim[d]);
    if (fits && whole.dim[0] >= 0 && rest.dim[0] >= 0)
        fits = !__builtin_mul_overflow(whole.dim[0], length, &joined) &&
               !__builtin_add_overflow(joined, rest.dim[0], &joined) && wg_dim_unify(joined, like.dim[0], &joined);
    if (!fits) {
        char a[96], b[96], c[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s and %s do not join to stretches of %lld as long as %s",
                             wg_shape_text(whole, a, sizeof a), wg_shape_text(rest, b, sizeof b), (long long)length,
                             wg_shape_text(like, c, sizeof c));
    }
    if (t->in_type[0] != t->in_type[1])
        return wg_infer_fail(t, WG_ERR_DTYPE, "types differ: %s and %s", wg_dtype_name(t->in_type[0]),
                             wg_dtype_name(t->in_type[1]));
    t->out[0].dim[0] = like.dim[0];
    t->out_type[0] = t->in_type[0];
    return WG_OK;
}

static wg_node *stretches_backward(const wg_adjoint *a, int slot)
{
    const int64_t length = length_of(a->attrs);
    (void)slot;
    return wg__stretch_join(a->cotangent, wg_zeros_like(wg__stretch_rest(a->in[0], length)), a->in[0], length);
}

static wg_node *rest_backward(const wg_adjoint *a, int slot)
{
    const int64_t length = length_of(a->attrs);
    (void)slot;
    return wg__stretch_join(wg_zeros_like(wg__stretches(a->in[0], length)), a->cotangent, a->in[0], length);
}

static wg_node *join_backward(const wg_adjoint *a, int slot)
{
    const int64_t length = length_of(a->attrs);
    return slot == 0   ? wg__stretches(a->cotangent, length)
           : slot == 1 ? wg__stretch_rest(a->cotangent, length)
                       : wg_no_gradient(a);
}

static const int64_t one = 1, two = 2, three = 3;
static const wg_sample part_samples[] = {
    { .in = { WG_VALUES(-2, 2, 7, 3) }, .attrs = &three },
    { .in = { WG_VALUES(-2, 2, 6) }, .attrs = &two },
    { .in = { WG_VALUES(-2, 2, 2, 2, 2) }, .attrs = &three },
    { .in = { WG_VALUES(-2, 2, 5, 2) }, .attrs = &one },
};
static const wg_sample join_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), WG_VALUES(-2, 2, 1, 2), WG_VALUES(-2, 2, 7, 4) }, .attrs = &three },
    { .in = { WG_VALUES(-2, 2, 3, 2), WG_VALUES(-2, 2, 0), WG_VALUES(-2, 2, 6) }, .attrs = &two },
    { .in = { WG_VALUES(-2, 2, 0, 3), WG_VALUES(-2, 2, 2), WG_VALUES(-2, 2, 2) }, .attrs = &three },
};

const wg_op wg_op_stretches = {
    WG_OP, .name = "stretches", .doc = "x's axis 0 in stretches of `length`, without the rest: (n, length, ..)", .arity = 1,
    .flags = WG_VIEW_OP | WG_GRADIENT_OF_OTHERS, .attrs = length_attrs, .attrs_size = sizeof(int64_t),
    .infer = stretches_infer, .backward = stretches_backward, WG_SAMPLES(part_samples),
};

const wg_op wg_op_stretch_rest = {
    WG_OP, .name = "stretch_rest", .doc = "what stretches of `length` leave at the end of x's axis 0", .arity = 1,
    .flags = WG_GRADIENT_OF_OTHERS, .attrs = length_attrs, .attrs_size = sizeof(int64_t), .infer = rest_infer,
    .forward = WG_ANY_TYPE(stretch_rest_forward), .backward = rest_backward, WG_SAMPLES(part_samples),
};

const wg_op wg_op_stretch_join = {
    WG_OP, .name = "stretch_join", .doc = "stretches and the rest after them, as long as the third operand", .arity = 3,
    .flags = WG_SHAPE_ONLY_LAST | WG_GRADIENT_OF_OTHERS, .attrs = length_attrs, .attrs_size = sizeof(int64_t),
    .infer = join_infer, .forward = WG_ANY_TYPE(stretch_join_forward), .backward = join_backward,
    WG_SAMPLES(join_samples),
};

wg_node *wg__stretches(wg_node *x, int64_t length)
{
    return wg_apply(&wg_op_stretches, WG_NODES(x), &length);
}

wg_node *wg__stretch_rest(wg_node *x, int64_t length)
{
    return wg_apply(&wg_op_stretch_rest, WG_NODES(x), &length);
}

wg_node *wg__stretch_join(wg_node *whole, wg_node *rest, wg_node *like, int64_t length)
{
    return wg_apply(&wg_op_stretch_join, WG_NODES(whole, rest, like), &length);
}

#endif
