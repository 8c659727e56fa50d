/* wg_compile: checks, copies, and lists of what a run will have to do. */
#include <stdio.h>
#include <string.h>

#include "graph/scan.h"
#include "plan/plan.h"

static bool wanted_usable(const wg_graph *g, wg_nodes wanted)
{
    if (!g) {
        wg__fail_null("wg_compile", "graph");
        return false;
    }
    if (g->status) {
        wg__fail(WG_ERR_GRAPH, "%s", g->error);
        return false;
    }
    if (!wanted.n || !wanted.at) {
        wg__fail(WG_ERR_ARG, "wg_compile: nothing is wanted");
        return false;
    }
    for (size_t i = 0; i < wanted.n; i++)
        if (!wanted.at[i] || wanted.at[i]->operation->graph != g) {
            wg__fail(WG_ERR_GRAPH, "wg_compile: wanted node %zu is %s", i, wanted.at[i] ? "of another graph" : "NULL");
            return false;
        } else if (!wg__scan_outside(wanted.at[i], "wg_compile")) {
            return false;
        }
    return true;
}

static bool want_value(wg_plan *p, const wg_node *asked, const wg_node *node)
{
    if (!wg__grow(&p->allocator, (void **)&p->wanted, &p->wanted_capacity, p->n_wanted + 1, sizeof *p->wanted))
        return false;
    size_t at = p->n_wanted;
    while (at && p->wanted[at - 1].asked->index > asked->index)
        at--;
    memmove(p->wanted + at + 1, p->wanted + at, (p->n_wanted - at) * sizeof *p->wanted);
    p->wanted[at] = (wg__wanted){ asked, node };
    p->n_wanted++;
    return true;
}

static bool want_assign(wg_plan *p, const wg_node *effect)
{
    const wg_node *variable = effect->operation->in[0];
    for (size_t i = 0; i < p->n_assignments; i++)
        if (p->assignment[i].variable == variable) {
            wg__fail(WG_ERR_ASSIGN, "two assigns to %s in one plan", variable->name);
            return false;
        }
    if (!wg__grow(&p->allocator, (void **)&p->assignment, &p->assignments_capacity, p->n_assignments + 1,
                  sizeof *p->assignment))
        return false;
    p->assignment[p->n_assignments++] = (wg__assignment){ variable, effect->operation->in[1] };
    return true;
}

/* Adds the assigns among the effects that are marked, of which groups consist; operands have smaller indices. */
static bool want_effects(wg_plan *p, unsigned char *marked)
{
    const wg_graph *g = p->canonical.graph;
    for (size_t i = g->n_nodes; i-- > 0;) {
        const wg__operation *o = g->nodes[i]->operation;
        if (!marked[i])
            continue;
        if (o->op == &wg_op_assign && !want_assign(p, g->nodes[i]))
            return false;
        for (int s = 0; o->op != &wg_op_assign && s < o->n_in; s++)
            if (wg__op_of(o->in[s])->flags & WG_EFFECT)
                marked[o->in[s]->index] = 1;
    }
    return true;
}

/* The node of the plan's graph that stands for one of the user's. */
static wg_node *image_of(const wg_plan *p, const wg_node *asked)
{
    return p->canonical.image[p->settled.image[asked->index]->index];
}

static bool list_wanted(wg_plan *p, wg_nodes wanted)
{
    size_t n = p->canonical.graph->n_nodes;
    unsigned char *effects = wg__alloc_zero(&p->allocator, n, 1);
    bool done = effects != NULL;
    for (size_t i = 0; done && i < wanted.n; i++) {
        const wg_node *image = image_of(p, wanted.at[i]);
        if (wg__op_of(image)->flags & WG_EFFECT)
            effects[image->index] = 1;
        else
            done = want_value(p, wanted.at[i], image);
    }
    done = done && want_effects(p, effects);
    wg__free(&p->allocator, effects, n, 1);
    return done;
}

enum { SHAPE = 1, VALUE = 2 }; /* what of a node is needed */

static void mark(const wg_plan *p, unsigned char *need)
{
    const wg_graph *g = p->canonical.graph;
    for (size_t i = 0; i < p->n_wanted; i++)
        need[p->wanted[i].node->index] = SHAPE | VALUE;
    for (size_t i = 0; i < p->n_assignments; i++) {
        need[p->assignment[i].value->index] = SHAPE | VALUE;
        need[p->assignment[i].variable->index] |= SHAPE;
    }
    for (size_t i = g->n_nodes; i-- > 0;) {
        const wg__operation *o = g->nodes[i]->operation;
        for (int s = 0; need[i] && s < o->n_in; s++)
            need[o->in[s]->index] |= need[i] & VALUE && wg__reads_operand(o, s) ? SHAPE | VALUE : SHAPE;
    }
}

static bool add_leaf(wg_plan *p, const wg_node *n)
{
    if (!wg__grow(&p->allocator, (void **)&p->leaf, &p->leaves_capacity, p->n_leaves + 1, sizeof *p->leaf))
        return false;
    const wg_node *asked = wg__plan_origin(p, n);
    size_t at = p->n_leaves;
    while (at && p->leaf[at - 1].asked->index > asked->index)
        at--;
    memmove(p->leaf + at + 1, p->leaf + at, (p->n_leaves - at) * sizeof *p->leaf);
    p->leaf[at] = (wg__leaf){ n, asked };
    p->n_leaves++;
    return true;
}

static bool list_operations(wg_plan *p)
{
    const wg_graph *g = p->canonical.graph;
    const wg__allocator *a = &p->allocator;
    unsigned char *need = wg__alloc_zero(a, g->n_nodes, 1);
    p->operation = wg__alloc(a, g->n_nodes, sizeof *p->operation);
    p->computed = wg__alloc_zero(a, g->n_nodes, 1);
    p->leaf_of = wg__alloc(a, g->n_nodes, sizeof *p->leaf_of);
    bool done = need && p->operation && p->computed && p->leaf_of;
    if (done)
        mark(p, need);
    for (size_t i = 0, step = 1; done && i < g->n_nodes; i += step) {
        wg__operation *o = g->nodes[i]->operation;
        unsigned char all = 0;
        step = (size_t)o->n_out; /* an operation's results stand together */
        for (size_t r = 0; r < step; r++)
            all |= need[i + r];
        if (!all || o->op->flags & WG_EFFECT || o->op == &wg_op_constant)
            continue;
        if (o->op->flags & WG_LEAF && (o->variable >= 0 || o->op == &wg_op_input)) {
            done = add_leaf(p, o->out);
            continue;
        }
        p->operation[p->n_operations++] = o;
        p->computed[i] = (all & VALUE) != 0;
    }
    wg__free(a, need, g->n_nodes, 1);
    for (size_t i = 0; done && i < g->n_nodes; i++)
        p->leaf_of[i] = -1;
    for (size_t i = 0; done && i < p->n_leaves; i++)
        p->leaf_of[p->leaf[i].node->index] = (int)i;
    return done;
}

/* The iterations of scans are plans of their own. */
static bool plan_bodies(wg_plan *p)
{
    size_t n = p->canonical.graph->n_nodes;
    if (!(p->body = wg__alloc_zero(&p->allocator, n, sizeof *p->body)))
        return false;
    for (size_t k = 0; k < p->n_operations; k++) {
        const wg__operation *o = p->operation[k];
        if (wg__scan_of(o) && p->computed[o->out->index] &&
            !(p->body[o->out->index] = wg__plan_body(wg__scan_of(o)->body, p->mode)))
            return false;
    }
    return true;
}

/* The copies' roots are what is wanted, as the pass before left it. */
static bool canonise(wg_plan *p, wg_nodes wanted)
{
    wg_node **at = wg__alloc(&p->allocator, wanted.n, sizeof *at);
    for (size_t i = 0; at && i < wanted.n; i++)
        at[i] = p->settled.image[wanted.at[i]->index];
    bool done = at && wg__canonise_graph(&p->canonical, &p->settled, (wg_nodes){ at, wanted.n });
    wg__free(&p->allocator, at, wanted.n, sizeof *at);
    return done;
}

/* Everything but the store, which has been set where there is one. Takes the plan, also when it fails. */
static wg_plan *make(wg_plan *p, wg_nodes wanted)
{
    if (wg__settle_graph(&p->settled, p->source, p->mode, wanted) && canonise(p, wanted) && list_wanted(p, wanted) &&
        list_operations(p) && plan_bodies(p))
        return p;
    wg_plan_free(p);
    return NULL;
}

static wg_plan *begin(wg_graph *g, wg_mode mode)
{
    wg_plan *p = wg__alloc_zero(&g->allocator, 1, sizeof *p);
    if (!p)
        return NULL;
    p->allocator = g->allocator;
    atomic_init(&p->holds, 1);
    p->source = wg__graph_hold(g);
    p->mode = mode;
    p->precision = g->precision; /* the settled graph, and so the bodies in it, have it from the graph too */
    return p;
}

wg_plan *wg_compile(wg_graph *g, wg_mode mode, wg_nodes wanted)
{
    if (!wanted_usable(g, wanted))
        return NULL;
    if (mode != WG_INFER && mode != WG_TRAIN) {
        wg__fail(WG_ERR_ARG, "wg_compile: there is no mode %d: WG_INFER or WG_TRAIN", (int)mode);
        return NULL;
    }
    wg_plan *p = begin(g, mode);
    if (p && !(p->store = wg_store_ref(wg_graph_store(g)))) {
        wg_plan_free(p);
        return NULL;
    }
    return p ? make(p, wanted) : NULL;
}

wg_plan *wg__plan_body(wg_graph *body, wg_mode mode)
{
    wg_plan *p = begin(body, mode);
    if (!p)
        return NULL;
    p->is_body = true;
    return make(p, wg_graph_outputs(body));
}

wg_plan *wg__plan_hold(const wg_plan *p)
{
    wg_plan *mutable_p = (wg_plan *)p; /* the count is the one thing that a user changes */
    atomic_fetch_add_explicit(&mutable_p->holds, 1, memory_order_relaxed);
    return mutable_p;
}

void wg_plan_free(wg_plan *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->holds, 1, memory_order_acq_rel) != 1)
        return;
    wg__allocator a = p->allocator;
    size_t n = p->canonical.graph ? p->canonical.graph->n_nodes : 0;
    for (size_t i = 0; p->body && i < n; i++)
        wg_plan_free(p->body[i]);
    wg__free(&a, p->body, n, sizeof *p->body);
    wg__free(&a, p->operation, n, sizeof *p->operation);
    wg__free(&a, p->computed, n, 1);
    wg__free(&a, p->leaf_of, n, sizeof *p->leaf_of);
    wg__free(&a, p->leaf, p->leaves_capacity, sizeof *p->leaf);
    wg__free(&a, p->wanted, p->wanted_capacity, sizeof *p->wanted);
    wg__free(&a, p->assignment, p->assignments_capacity, sizeof *p->assignment);
    wg__copy_drop(&p->canonical);
    wg__copy_drop(&p->settled);
    wg_store_free(p->store);
    wg_graph *source = p->source;
    wg__free(&a, p, 1, sizeof *p);
    wg__graph_release(source);
}

char *wg__node_label(const wg_node *n, char *text, size_t size)
{
    char expression[512];
    if (n->operation->n_in == 0)
        snprintf(text, size, "%s", n->name);
    else {
        bool named = n->operation->named; /* then the expression would be the name again */
        snprintf(text, size, "%s", n->name);
        if (!named)
            snprintf(text, size, "%s (%s)", n->name, wg__expression(n, expression, sizeof expression));
    }
    return text;
}
