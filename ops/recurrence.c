/* recurrence: s[0] = start, s[k + 1] = a[k] s[k] + b[k] along an axis. Its adjoint is the same recurrence run the other
 * way, so products and their derivatives of any order need nothing else, and no division. */
#include "ops/along.h"

typedef struct recurrence {
    int64_t axis;
    bool reverse;
    double start;
} recurrence;

WG_KERNEL(recurrence_forward,
    const recurrence *at = c->attrs;
    const wg__along *line = c->params;
    const int64_t from = at->reverse ? line->length - 1 : 0;
    const int64_t step = at->reverse ? -line->inner : line->inner;
    for (int64_t unit = begin; unit < end; unit++) {
        wg__lines lines = wg__lines_of(line, unit);
        const T *a = (const T *)c->in[0] + lines.first + from * line->inner;
        const T *b = c->n_in > 1 ? (const T *)c->in[1] + lines.first + from * line->inner : NULL;
        T *s = (T *)c->out + lines.first + from * line->inner;
        double state[WG__LINES];
        for (int j = 0; j < lines.width; j++)
            state[j] = at->start;
        for (int64_t k = 0, i = 0; k < line->length; k++, i += step)
            for (int j = 0; j < lines.width; j++) {
                const double next = (double)a[i + j] * state[j] + (b ? (double)b[i + j] : 0);
                s[i + j] = (T)state[j];
                state[j] = next;
            }
    })

WG_KERNELS(recurrence, .forward = WG_BOTH(recurrence_forward));

#ifdef WG_BASELINE

#include "tensor/shape.h"

static const wg_attr attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(recurrence, axis), NULL, NULL },
    { "reverse", WG_ATTR_BOOL, offsetof(recurrence, reverse), "false", NULL },
    { "start", WG_ATTR_F64, offsetof(recurrence, start), "0", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    wg_status status = wg__infer_types(t, false);
    if (!status)
        status = wg__along_infer(t, ((const recurrence *)t->attrs)->axis);
    t->out[0] = t->in[0];
    if (status || t->n_in == 1)
        return status;
    bool fits = t->in[0].rank == t->in[1].rank;
    for (int i = 0; fits && i < t->in[0].rank; i++)
        fits = wg_dim_unify(t->in[0].dim[i], t->in[1].dim[i], &t->out[0].dim[i]);
    char a[96], b[96];
    return fits ? WG_OK
                : wg_infer_fail(t, WG_ERR_SHAPE, "shapes differ: %s and %s", wg_shape_text(t->in[0], a, sizeof a),
                                wg_shape_text(t->in[1], b, sizeof b));
}

static wg_status lower(wg_lowering *l)
{
    return wg__along_lower(l, ((const recurrence *)l->attrs)->axis, 2);
}

/* With cotangent c, t[k - 1] = c[k] + a[k] t[k] from t[n - 1] = 0 is the cotangent of s[k + 1]: that of b[k], and times
 * s[k] that of a[k]. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    const recurrence *at = a->attrs;
    wg_node *t = wg__recurrence(a->in[0], a->cotangent, (int)at->axis, !at->reverse, 0);
    return slot == 0 ? wg_mul(a->output, t) : t;
}

static const recurrence last = { -1, false, 1 }, first_backwards = { 0, true, 0.5 }, middle = { 1, false, 0 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4) }, .attrs = &last, .n = 1 },
    { .in = { WG_VALUES(-2, 2, 4, 3), WG_VALUES(-1, 1, 4, 3) }, .attrs = &first_backwards },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), WG_VALUES(-1, 1, 2, 3, 2) }, .attrs = &middle },
    { .in = { WG_VALUES(-2, 2, 1, 3), WG_VALUES(-1, 1, 1, 3) }, .attrs = &first_backwards },
};

const wg_op wg_op_recurrence = {
    WG_OP, .name = "recurrence", .doc = "s[0] = start, s[k+1] = a[k] s[k] + b[k] along the axis, or backwards",
    .arity = 2, .optional = 1, .flags = WG_GRADIENT_OF_OTHERS, .attrs = attrs, .attrs_size = sizeof(recurrence),
    .infer = infer, .forward = WG_BOTH(recurrence_forward), .lower = lower, .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg__recurrence(wg_node *a, wg_node *b, int axis, bool reverse, double start)
{
    wg_node *in[2] = { a, b };
    return wg_apply(&wg_op_recurrence, (wg_nodes){ in, b ? 2 : 1 }, &(recurrence){ axis, reverse, start });
}

#endif
