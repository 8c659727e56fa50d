/* Adjoints that are wrong in one known way: other operands go in, or something else comes out. */
#include <math.h>

#include "ops/builtin.h"
#include "tensor/shape.h"
#include "verify/mutation/mutant.h"
#include "verify/mutation/mutant_nodes.h"
#include "verify/mutation/rebuild.h"
#include <wengert/grad.h>
#include <wengert/ops.h>

static wg_node *right(const wg__mutated *m, const wg_adjoint *a, int slot) { return m->of->backward(a, slot); }

static wg_node *applied(wg__mutated *m, wg_node *gradient)
{
    atomic_store(&m->applied, true);
    atomic_store(&m->here, true);
    return gradient;
}

/* ---- something else comes out ---- */

/* Zero by definition: nothing of it can be changed. Operators are verified as they are in training. */
static bool is_zero(const wg_node *g)
{
    const wg__operation *o = g->operation;
    return o->op == &wg_op_zeros_like || (o->op == &wg_op_by_mode && is_zero(o->in[0]));
}

/* The right gradient, also in *g; NULL where it is zero. */
static wg_node *some_gradient(const wg__mutated *m, const wg_adjoint *a, int slot, wg_node **g)
{
    *g = right(m, a, slot);
    return *g && !is_zero(*g) ? *g : NULL;
}

#define ON_GRADIENT(name, made)                                                                                        \
    static wg_node *name(wg__mutated *m, const wg_adjoint *a, int slot)                                                \
    {                                                                                                                  \
        wg_node *g;                                                                                                    \
        if (!some_gradient(m, a, slot, &g))                                                                            \
            return g;                                                                                                  \
        wg_node *wrong = made;                                                                                         \
        return wrong ? applied(m, wrong) : g;                                                                          \
    }

ON_GRADIENT(off_a_little, wg_scale(g, 1 + 1e-6))
ON_GRADIENT(twice, wg_scale(g, 2))
ON_GRADIENT(negated, wg_neg(g))
ON_GRADIENT(zeroed, wg_zeros_like(g))
ON_GRADIENT(element_off, wg__mutant_element_off(g, a->cotangent, 1e-4))
ON_GRADIENT(element_not_a_number, wg__mutant_element(g, NAN))
ON_GRADIENT(transposed, wg__mutant_transposed(g))
ON_GRADIENT(rounded, wg_node_dtype(g) == WG_F64 ? wg_cast(wg_cast(g, WG_F32), WG_F64) : NULL)
ON_GRADIENT(off_in_f32, wg_node_dtype(g) == WG_F32 ? wg_scale(g, 1 + 1e-3) : NULL)

/* Elementwise operators leave the sum over a broadcast to the engine, which does nothing more where the shape fits. */
static bool is_broadcast(const wg__mutated *m, const wg_node *g, const wg_node *in)
{
    return m->of->flags & WG_ELEMENTWISE && wg_shape_count(g->shape) > wg_shape_count(in->shape);
}
ON_GRADIENT(broadcast_averaged, is_broadcast(m, g, a->in[slot])
                                    ? wg_scale(wg_sum_to_like(g, a->in[slot]), wg__mutant_ratio(a->in[slot], g))
                                    : NULL)
ON_GRADIENT(broadcast_missing,
            is_broadcast(m, g, a->in[slot]) ? wg_sum_to_like(wg__mutant_first_only(g, a->in[slot]), a->in[slot]) : NULL)
ON_GRADIENT(broadcast_other_axis, is_broadcast(m, g, a->in[slot]) ? wg__mutant_over_other_axis(g, a->in[slot]) : NULL)

static wg_node *something_for_nothing(wg__mutated *m, const wg_adjoint *a, int slot)
{
    wg_node *g = right(m, a, slot);
    if (!g || !is_zero(g) || !wg__is_float(wg_node_dtype(a->cotangent)))
        return g;
    return applied(m, wg_broadcast_like(wg_sum(a->cotangent, WG_ALL_AXES, false), a->in[slot]));
}

/* The gradient that belongs to the index-th other operand. */
static wg_node *of_other_slot(wg__mutated *m, const wg_adjoint *a, int slot)
{
    int other = m->index + (m->index >= slot);
    wg_node *g = right(m, a, slot);
    if (!g || other >= a->n_in || !wg__is_float(wg_node_dtype(a->in[other])) ||
        !wg_shape_equal(wg_node_shape(a->in[slot]), wg_node_shape(a->in[other])))
        return g;
    wg_node *wrong = right(m, a, other);
    return wrong && wrong != g && !(is_zero(wrong) && is_zero(g)) ? applied(m, wrong) : g;
}

/* One node in two slots: what arrives from the first is lost, or counts twice. */
static bool is_shared(const wg_adjoint *a, int slot) { return slot == 0 && a->n_in > 1 && a->in[0] == a->in[1]; }
ON_GRADIENT(accumulation_overwritten, is_shared(a, slot) ? wg_zeros_like(g) : NULL)
ON_GRADIENT(accumulation_doubled, is_shared(a, slot) ? wg_scale(g, 2) : NULL)

/* ---- inside the expression ---- */

/* Changes the index-th place that fits, counting as it goes. */
typedef struct spot {
    wg__mutated *m;
    int seen;
} spot;

static bool is_here(spot *p) { return p->seen++ == p->m->index; }

static wg_node *with_edit(wg__mutated *m, const wg_adjoint *a, int slot, wg__edit edit)
{
    wg_graph *g = wg_node_graph(a->output);
    size_t begin = wg_graph_count(g);
    wg_node *gradient = right(m, a, slot);
    spot p = { m, 0 };
    wg_node *wrong = wg__rebuild(g, begin, gradient, edit, &p);
    return wrong && wrong != gradient ? applied(m, wrong) : gradient;
}

static wg_node *shaped_like(wg_node *x, const wg_node *like)
{
    return !x || wg_shape_equal(x->shape, like->shape) ? x : wg_broadcast_like(x, (wg_node *)like);
}

static wg_node *without_term(void *user, const wg__operation *o, wg_node *const *in)
{
    spot *p = user;
    bool minus = o->op == &wg_op_sub;
    if (o->op == &wg_op_shift) {
        double offset = *(const double *)o->attrs;
        bool drops_constant = is_here(p), drops_x = is_here(p);
        return drops_constant ? in[0] : drops_x ? wg_scale(wg_ones_like(in[0]), offset) : NULL;
    }
    if (o->op != &wg_op_add && !minus)
        return NULL;
    if (is_here(p))
        return shaped_like(minus ? wg_neg(in[1]) : in[1], o->out);
    return is_here(p) ? shaped_like(in[0], o->out) : NULL;
}
static wg_node *term_dropped(wg__mutated *m, const wg_adjoint *a, int slot)
{
    return with_edit(m, a, slot, without_term);
}

/* The shape that the operand of a sum has where it is kept; false: no sum, or one of nothing. */
static bool is_sum(const wg__operation *o)
{
    bool sums = o->op == &wg_op_sum || o->op == &wg_op_sum_to_like || o->op == &wg_op_mean;
    return sums && wg_shape_count(o->in[0]->shape) > wg_shape_count(o->out->shape);
}

static wg_node *averaged(void *user, const wg__operation *o, wg_node *const *in)
{
    (void)in;
    if (!is_sum(o) || !is_here(user))
        return NULL;
    double ratio = wg__mutant_ratio(o->out, o->in[0]);
    wg_node *sum = wg_apply_in(o->graph, o->op, (wg_nodes){ (wg_node **)in, (size_t)o->n_in }, o->attrs);
    return wg_scale(sum, o->op == &wg_op_mean ? 1 / ratio : ratio);
}
static wg_node *sum_averaged(wg__mutated *m, const wg_adjoint *a, int slot) { return with_edit(m, a, slot, averaged); }

static wg_node *without_last(void *user, const wg__operation *o, wg_node *const *in)
{
    if (!is_sum(o) || !is_here(user))
        return NULL;
    wg_node *x[] = { wg__mutant_without_last(in[0]), o->n_in > 1 ? in[1] : NULL };
    return wg_apply_in(o->graph, o->op, (wg_nodes){ x, (size_t)o->n_in }, o->attrs);
}
static wg_node *sum_too_short(wg__mutated *m, const wg_adjoint *a, int slot)
{
    return with_edit(m, a, slot, without_last);
}

static wg_node *transposed_before(void *user, const wg__operation *o, wg_node *const *in)
{
    wg_axes order;
    if (!is_sum(o) || !wg__mutant_other_axis(o, &order) || !is_here(user))
        return NULL;
    wg_node *x[] = { wg_permute(in[0], order), o->n_in > 1 ? in[1] : NULL };
    return wg_apply_in(o->graph, o->op, (wg_nodes){ x, (size_t)o->n_in }, o->attrs);
}
static wg_node *sum_over_other_axis(wg__mutated *m, const wg_adjoint *a, int slot)
{
    return with_edit(m, a, slot, transposed_before);
}

/* ---- other operands go in ---- */

enum { RESULTS = 16 };

typedef struct changed_adjoint {
    wg_adjoint of;
    wg_node *in[WG__SLOTS], *outputs[RESULTS], *cotangents[RESULTS];
    int n_out;
} changed_adjoint;

static bool copy_adjoint(changed_adjoint *to, const wg_adjoint *a)
{
    to->n_out = (int)wg_node_results(a->output).n;
    if (a->n_in > WG__SLOTS || to->n_out > RESULTS)
        return false;
    for (int s = 0; s < a->n_in; s++)
        to->in[s] = a->in[s];
    for (int r = 0; r < to->n_out; r++) {
        to->outputs[r] = a->outputs[r];
        to->cotangents[r] = a->cotangents[r];
    }
    to->of = *a;
    to->of.in = to->in;
    to->of.outputs = to->outputs;
    to->of.cotangents = to->cotangents;
    return true;
}

/* After its arrays were changed. */
static wg_node *ask(const wg__mutated *m, changed_adjoint *a, int slot)
{
    a->of.output = a->outputs[0];
    a->of.cotangent = a->cotangents[0];
    return right(m, &a->of, slot);
}

static wg_node *ones_for_cotangent(wg__mutated *m, const wg_adjoint *a, int slot)
{
    changed_adjoint c;
    wg_node *gradient;
    wg_graph *g = wg_node_graph(a->output);
    if (!some_gradient(m, a, slot, &gradient) || !copy_adjoint(&c, a))
        return gradient;
    for (int r = 0; r < c.n_out; r++)
        c.cotangents[r] = wg_ones_like(a->cotangents[r]);
    size_t begin = wg_graph_count(g);
    wg_node *wrong = ask(m, &c, slot);
    for (int r = 0; r < c.n_out; r++)
        if (wg__needs_values(g, begin, wrong, c.cotangents[r]))
            return applied(m, wrong);
    return wrong ? gradient : NULL;
}

static bool alike(const wg_node *a, const wg_node *b)
{
    return a->dtype == b->dtype && wg_shape_equal(a->shape, b->shape);
}

/* The gradient with that value in that place where it reads it there, else the right one. */
static wg_node *with_value(wg__mutated *m, changed_adjoint *c, const wg_adjoint *a, int slot, wg_node **place,
                           wg_node *value)
{
    wg_graph *g = wg_node_graph(a->output);
    wg_node *replacement = *place = wg_scale(value, 1); /* a node that nothing else reads */
    size_t begin = wg_graph_count(g);
    wg_node *wrong = replacement ? ask(m, c, slot) : NULL;
    if (wrong && wg__needs_values(g, begin, wrong, replacement))
        return applied(m, wrong);
    return wrong ? right(m, a, slot) : NULL;
}

/* index: the operand. */
static wg_node *output_for_input(wg__mutated *m, const wg_adjoint *a, int slot)
{
    changed_adjoint c;
    if (m->index >= a->n_in || !copy_adjoint(&c, a) || !alike(a->in[m->index], a->output))
        return right(m, a, slot);
    return with_value(m, &c, a, slot, &c.in[m->index], a->output);
}

static wg_node *input_for_output(wg__mutated *m, const wg_adjoint *a, int slot)
{
    changed_adjoint c;
    if (m->index >= a->n_in || !copy_adjoint(&c, a) || !alike(a->in[m->index], a->output))
        return right(m, a, slot);
    return with_value(m, &c, a, slot, &c.outputs[0], a->in[m->index]);
}

/* Has the gradient a derivative by `node`, which it was built with? */
static bool depends_on(wg_node *gradient, wg_node *node)
{
    wg_grads d = wg_vjp(gradient, NULL, (wg_nodes){ &node, 1 });
    return d.of.n && wg_node_op(d.of.at[0]) != &wg_op_zeros_like;
}

/* A node of the adjoint is taken for a constant: right at first order, wrong at second. */
static wg_node *detached(wg__mutated *m, const wg_adjoint *a, int slot, changed_adjoint *c, wg_node **place)
{
    wg_node *node = *place;
    if (!wg__is_float(node->dtype))
        return right(m, a, slot);
    wg_node *probe = *place = wg_scale(node, 1); /* a node that nothing else reads */
    wg_node *gradient = probe ? ask(m, c, slot) : NULL;
    if (!gradient || !depends_on(gradient, probe))
        return gradient ? right(m, a, slot) : NULL;
    *place = wg_stop_gradient(node);
    return applied(m, ask(m, c, slot));
}

/* index: the operand; behind the operands, the output. */
static wg_node *operand_detached(wg__mutated *m, const wg_adjoint *a, int slot)
{
    changed_adjoint c;
    if (m->index > a->n_in || !copy_adjoint(&c, a))
        return right(m, a, slot);
    return detached(m, a, slot, &c, m->index < a->n_in ? &c.in[m->index] : &c.outputs[0]);
}

static wg_node *cotangent_detached(wg__mutated *m, const wg_adjoint *a, int slot)
{
    changed_adjoint c;
    if (!copy_adjoint(&c, a))
        return right(m, a, slot);
    wg_node *g;
    if (!some_gradient(m, a, slot, &g))
        return g;
    return detached(m, a, slot, &c, &c.cotangents[m->index < c.n_out ? m->index : 0]);
}

/* ---- the kink's side ---- */

/* The gradient as it would be with that in place of operand `at`, and the result computed from it. */
static wg_node *at_another(wg__mutated *m, const wg_adjoint *a, int slot, int at, wg_node *x)
{
    changed_adjoint c;
    if (!x || !copy_adjoint(&c, a))
        return NULL;
    c.in[at] = x;
    wg_node *y = wg_apply(m->of, (wg_nodes){ c.in, (size_t)a->n_in }, a->attrs);
    wg_nodes results = wg_node_results(y);
    for (size_t r = 0; r < results.n; r++)
        c.outputs[r] = results.at[r];
    return y ? ask(m, &c, slot) : NULL;
}

/* The same with the operand moved by its last bit or two, up or down. */
static wg_node *beside(wg__mutated *m, const wg_adjoint *a, int slot, int at, double sign)
{
    wg_node *x = a->in[at];
    bool wide = x->dtype == WG_F64;
    wg_node *by = wg_shift(wg_scale(wg_abs(x), wide ? 0x1p-52 : 0x1p-23), wide ? 1e-300 : 1e-30);
    return at_another(m, a, slot, at, wg_add(x, wg_scale(by, sign)));
}

/* Has the gradient two sides in the index-th operand? *g: the right one. */
static bool has_sides(const wg__mutated *m, const wg_adjoint *a, int slot, wg_node **g)
{
    return some_gradient(m, a, slot, g) && m->index < a->n_in && wg__mutant_has_kink(m, a, m->index);
}

/* At a kink the other side's, or the right one's where the convention lies between; elsewhere nothing but rounding. */
static wg_node *other_side(wg__mutated *m, const wg_adjoint *a, int slot)
{
    wg_node *g;
    if (!has_sides(m, a, slot, &g))
        return g;
    wg_node *below = beside(m, a, slot, m->index, -1), *above = beside(m, a, slot, m->index, 1);
    wg_node *mirrored = wg_sub(wg_add(below, above), g);
    return mirrored ? applied(m, wg_where(wg_eq(mirrored, g), above, mirrored)) : NULL;
}

/* One side's gradient goes on for a little on the other. */
static wg_node *kink_too_low(wg__mutated *m, const wg_adjoint *a, int slot)
{
    wg_node *g;
    if (!has_sides(m, a, slot, &g))
        return g;
    return applied(m, at_another(m, a, slot, m->index, wg_shift(a->in[m->index], 1e-3)));
}

static wg_node *kink_too_high(wg__mutated *m, const wg_adjoint *a, int slot)
{
    wg_node *g;
    if (!has_sides(m, a, slot, &g))
        return g;
    return applied(m, at_another(m, a, slot, m->index, wg_shift(a->in[m->index], -1e-3)));
}

const wg__mutation wg__adjoint_mutations[] = {
    { .name = "scale 1+1e-6", .gradient = off_a_little },
    { .name = "twice", .gradient = twice },
    { .name = "sign", .gradient = negated },
    { .name = "zero", .gradient = zeroed },
    { .name = "one element off by 1e-4", .gradient = element_off },
    { .name = "one element not a number", .gradient = element_not_a_number },
    { .name = "transposed", .gradient = transposed },
    { .name = "rounded to f32", .gradient = rounded },
    { .name = "off in f32", .gradient = off_in_f32, .elsewhere = true },
    { .name = "broadcast averaged", .gradient = broadcast_averaged },
    { .name = "broadcast not summed", .gradient = broadcast_missing },
    { .name = "broadcast summed over another axis", .gradient = broadcast_other_axis },
    { .name = "a gradient where there is none", .gradient = something_for_nothing },
    { .name = "other operand's gradient %d", .times = WG__EACH_OPERAND, .gradient = of_other_slot },
    { .name = "fan-out overwritten", .gradient = accumulation_overwritten },
    { .name = "fan-out doubled", .gradient = accumulation_doubled },
    { .name = "term %d dropped", .times = WG__EACH_PLACE, .gradient = term_dropped },
    { .name = "sum %d averaged", .times = WG__EACH_PLACE, .gradient = sum_averaged },
    { .name = "sum %d too short", .times = WG__EACH_PLACE, .gradient = sum_too_short },
    { .name = "sum %d over another axis", .times = WG__EACH_PLACE, .gradient = sum_over_other_axis },
    { .name = "cotangent of ones", .gradient = ones_for_cotangent },
    { .name = "output for operand %d", .times = WG__EACH_OPERAND, .gradient = output_for_input },
    { .name = "operand %d for output", .times = WG__EACH_OPERAND, .gradient = input_for_output },
    { .name = "operand %d detached", .times = WG__EACH_OPERAND, .gradient = operand_detached },
    { .name = "cotangent detached", .gradient = cotangent_detached },
    { .name = "the kink 1e-3 too low in operand %d", .times = WG__EACH_OPERAND, .gradient = kink_too_low },
    { .name = "the kink 1e-3 too high in operand %d", .times = WG__EACH_OPERAND, .gradient = kink_too_high },
    { .name = "the kink's other side in operand %d", .times = WG__EACH_OPERAND, .gradient = other_side },
    { .name = NULL },
};

/* ---- decompositions, of operators that have a value besides ---- */

static wg_node *decomposition_off(wg__mutated *m, const wg_adjoint *a)
{
    return applied(m, wg_scale(m->of->decompose(a), 1 + 1e-6));
}

const wg__mutation wg__decompose_mutations[] = {
    { .name = "decomposition off by 1e-6", .decomposition = decomposition_off },
    { .name = NULL },
};
