/* A step of a hand-written backward pass that goes astray: which of its operands is to blame?
 *
 * The operation is run again with another value in the place of one operand. Where that gives a right cotangent, the operand
 * was the wrong node. Where nothing does, the cotangent that arrives is right, and what it is multiplied by is not. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "verify/model/wiring.h"

static bool alike(wg_view a, wg_view b)
{
    double ratio;
    return wg__wiring_proportional(a, b, &ratio);
}

/* The same, to rounding? */
static bool equal(wg_view a, wg_view b)
{
    double ratio;
    return wg__wiring_proportional(a, b, &ratio) && fabs(ratio - 1) < 1e-9;
}

/* ---- another value for one operand ---- */

typedef struct trial {
    wg__wiring *w;
    const wg_node *u;
    wg_view *in, *out;
    wg__lone *lone; /* NULL: it cannot be run alone */
} trial;

static trial trial_of(wg__wiring *w, const wg_node *u)
{
    const wg__operation *o = u->operation;
    trial t = { .w = w, .u = u };
    t.in = wg__arena_alloc(&w->memory, ((size_t)o->n_in + (size_t)o->n_out) * sizeof *t.in);
    if (!t.in)
        return t;
    t.out = t.in + o->n_in;
    for (int s = 0; s < o->n_in; s++)
        if (!(t.in[s] = wg__wiring_value(w, o->in[s])).data)
            return t;
    t.lone = wg__lone_of(&w->t->lones, o, t.in);
    return t;
}

/* Would u be right, as `to` is (NULL: as anything is), with v for operand s? Not by being v: masks leave as it is what they
 * have masked. */
static bool mends(trial *t, int s, wg_view v, const wg_node *to)
{
    const wg_view is = t->in[s];
    if (!t->lone || !v.data || v.dtype != is.dtype || !wg_shape_equal(v.shape, is.shape) || equal(v, is))
        return false;
    t->in[s] = v;
    bool right = false, ran = wg__lone_run(t->lone, t->in, t->out) == WG_OK;
    wg_view y = ran ? t->out[t->u->result] : (wg_view){ 0 };
    if (ran && to)
        right = alike(y, wg__wiring_value(t->w, to));
    for (size_t i = 0; i < t->w->n_rights && ran && !to && !right; i++)
        right = alike(y, t->w->right[i].value);
    t->in[s] = is;
    return right && !alike(y, v);
}

/* The right cotangent of the part whose gradient u is. */
static const wg_node *cotangent_of_part(const wg__wiring *w, const wg_node *u)
{
    for (size_t i = 0; i < w->t->m->n_parts; i++)
        if (w->t->m->parts[i].gradient == u)
            return wg__wiring_cotangent(w, w->t->m->parts[i].leaf->node);
    return NULL;
}

/* The one right cotangent that would make `reader` right in the place of its operand s; NULL: none, or several would. */
static const wg_node *asked_by(wg__wiring *w, const wg_node *reader, int s)
{
    trial t = trial_of(w, reader);
    const wg_node *found = NULL, *to = cotangent_of_part(w, reader);
    for (size_t i = 0; i < w->n_rights; i++) {
        if (!mends(&t, s, w->right[i].value, to))
            continue;
        if (found && !alike(w->right[i].value, wg__wiring_value(w, found)))
            return NULL;
        found = w->right[i].node;
    }
    return found;
}

/* What u should be, as those that read it tell. NULL: they do not. */
static const wg_node *meant_by(wg__wiring *w, const wg_node *u)
{
    const wg_graph *g = w->t->m->twin.graph;
    const wg_node *found = cotangent_of_part(w, u);
    for (size_t i = u->index + 1; i < w->before && !found; i++)
        for (int s = 0; w->theirs[i] && s < g->nodes[i]->operation->n_in && !found; s++)
            if (g->nodes[i]->operation->in[s] == u)
                found = asked_by(w, g->nodes[i], s);
    return found;
}

/* ---- steps that reverse mode would take ---- */

/* Does a step from the cotangent that arrives lead to what is right for `of`: to something of u's shape, or, where it is
 * given, to `to`? */
static bool leads(const wg__wiring *w, wg_view arrives, const wg_node *of, wg_view u, const wg_node *to)
{
    for (size_t i = 0; i < w->n_rights; i++) {
        wg_view v = w->right[i].value;
        if (w->right[i].of == of && v.data && !alike(v, arrives) && wg_shape_equal(v.shape, u.shape) &&
            (!to || alike(v, wg__wiring_value(w, to))))
            return true;
    }
    return false;
}

/* The forward node from whose cotangent, `arrives`, such a step leads to one of its operands. */
static const wg_node *step_from(const wg__wiring *w, wg_view arrives, wg_view u, const wg_node *to)
{
    for (size_t i = 0; i < w->n_rights; i++) {
        const wg__operation *o = w->right[i].of->operation;
        for (int s = 0; s < o->n_in && alike(arrives, w->right[i].value); s++)
            if (leads(w, arrives, o->in[s], u, to))
                return w->right[i].of;
    }
    return NULL;
}

static const wg_node *owner_of(const wg__wiring *w, wg_view v)
{
    for (size_t i = 0; i < w->n_rights; i++)
        if (alike(v, w->right[i].value))
            return w->right[i].of;
    return NULL;
}

/* The operand that no cotangent comes by; -1: there is none. */
static int factor_of(wg__wiring *w, const wg_node *u)
{
    for (int s = 0; s < u->operation->n_in; s++)
        if (!wg__wiring_carries(w, u->operation->in[s]))
            return s;
    return -1;
}

/* ---- what is told ---- */

static void tell_derivative(const wg__wiring *w, const wg_node *u, int slot, const wg_node *of, wg__culprit *out)
{
    char label[WG__BLAME_LABEL];
    out->node = u, out->slot = slot;
    snprintf(out->kind, sizeof out->kind, "%s", "wrong derivative");
    snprintf(out->remark, sizeof out->remark, "operand %d is not the derivative of %s", slot,
             wg__blame_label(w->t, of, label));
}

static void tell_wiring(const wg__wiring *w, const wg_node *u, int slot, const wg_node *belongs, bool gradients,
                        wg__culprit *out)
{
    char a[WG__BLAME_LABEL], b[WG__BLAME_LABEL];
    const wg_node *is = u->operation->in[slot], *owner = gradients ? owner_of(w, wg__wiring_value(w, is)) : is;
    const char *what = gradients ? "the gradient of " : "";
    out->node = u, out->slot = slot;
    snprintf(out->kind, sizeof out->kind, "%s", "wiring");
    wg__blame_label(w->t, belongs, b);
    if (owner)
        snprintf(out->remark, sizeof out->remark, "operand %d is %s%s where %s%s belongs", slot, what,
                 wg__blame_label(w->t, owner, a), gradients ? "that of " : "", b);
    else
        snprintf(out->remark, sizeof out->remark, "operand %d is not %s%s", slot, what, b);
}

/* Is u right, but only one of the terms of which the gradient is the sum? */
static bool is_term(const wg__wiring *w, const wg_node *u, const wg_node *right)
{
    for (int s = 0; s < right->operation->n_in && !strcmp(wg__op_of(right)->name, "add"); s++) {
        const wg_node *term = right->operation->in[s];
        if (term->index >= w->before &&
            (alike(wg__wiring_value(w, u), wg__wiring_value(w, term)) || is_term(w, u, term)))
            return true;
    }
    return false;
}

/* A term that is a multiple of the right one: where it became that is another question. */
static void tell_factor(const wg_node *u, wg_view right, wg_view wrong, wg__culprit *out)
{
    if (!wg__wiring_proportional(wrong, right, &out->ratio))
        return;
    out->node = NULL, out->multiple = u;
    wg__kind_of((size_t)wg_shape_count(right.shape), right.data, wrong.data, right.shape, 1e-9, out->kind);
}

static void tell_term(wg__wiring *w, const wg_node *u, const wg_node *of, wg__culprit *out)
{
    char label[WG__BLAME_LABEL];
    int slot = wg__wiring_carrier(w, u);
    out->node = u, out->slot = slot < 0 ? 0 : slot;
    snprintf(out->kind, sizeof out->kind, "%s", "missing term");
    snprintf(out->remark, sizeof out->remark, "it is one term only of %s%s", of ? "the gradient of " : "the gradient",
             of ? wg__blame_label(w->t, of, label) : "");
}

/* What belongs there was not handed in. To blame before u are an operand that is a multiple of it, or one term of it, and one that
 * should have made it of what it read, but left that as it was (a mask that is one everywhere). */
static void blame_wiring(wg__wiring *w, const wg_node *u, int slot, const wg__right *belongs, wg__culprit *out)
{
    const wg_node *in = u->operation->in[slot];
    int before = w->theirs[in->index] ? wg__wiring_carrier(w, in) : -1, factor = before < 0 ? -1 : factor_of(w, in);
    wg_view is = wg__wiring_value(w, in);
    if (w->theirs[in->index] && alike(is, belongs->value)) {
        tell_factor(in, belongs->value, is, out);
        return;
    }
    if (w->theirs[in->index] && is_term(w, in, belongs->node)) {
        tell_term(w, in, belongs->of, out);
        return;
    }
    if (factor >= 0 && alike(is, wg__wiring_value(w, in->operation->in[before]))) {
        const wg_node *of = step_from(w, is, is, belongs->node);
        if (of) {
            tell_derivative(w, in, factor, of, out);
            return;
        }
    }
    tell_wiring(w, u, slot, belongs->of, true, out);
}

/* Is another node's cotangent, or another node's value, what operand s should be? */
static bool find_other(wg__wiring *w, trial *t, int s, const wg_node *to, wg__culprit *out)
{
    const wg_graph *g = w->t->m->twin.graph;
    bool carried = wg__wiring_carries(w, t->u->operation->in[s]);
    for (size_t i = 0; i < w->n_rights && carried; i++)
        if (mends(t, s, w->right[i].value, to)) {
            blame_wiring(w, t->u, s, &w->right[i], out);
            return true;
        }
    for (size_t i = 0; i < w->before && !carried; i++)
        if (w->forward[i] && mends(t, s, wg__wiring_value(w, g->nodes[i]), to)) {
            tell_wiring(w, t->u, s, g->nodes[i], false, out);
            return true;
        }
    return false;
}

void wg__wiring_step(wg__wiring *w, const wg_node *u, const wg_node *gradient, const wg_node *right, wg__culprit *out)
{
    int carrier = wg__wiring_carrier(w, u);
    out->node = u;
    out->slot = carrier < 0 ? 0 : carrier;
    if (u == gradient && is_term(w, u, right)) {
        tell_term(w, u, NULL, out);
        return;
    }
    trial t = trial_of(w, u);
    const wg_node *to = meant_by(w, u);
    for (int s = 0; s < u->operation->n_in && wg_shape_count(wg__wiring_value(w, u).shape) > 1; s++)
        if (find_other(w, &t, s, to, out))
            return;
    if (carrier < 0)
        return;
    wg_view arrives = wg__wiring_value(w, u->operation->in[carrier]);
    const wg_node *of = step_from(w, arrives, wg__wiring_value(w, u), to);
    int factor = factor_of(w, u);
    if (of && factor >= 0)
        tell_derivative(w, u, factor, of, out);
    else if (u != gradient)
        *out->kind = '\0'; /* what the gradient looks like tells nothing of it */
}
