/* A scan ends: what its iterations compute is copied out of the user's graph into a body, what they use of outside becomes
 * operands, and promises are kept. */
#include "graph/operation.h"
#include "graph/scan.h"

enum { SMALL_CONSTANT = 4096 }; /* bytes; larger ones are shared as operands */

typedef struct ending {
    wg_scan *s;
    wg_graph *g, *body;
    size_t n_image;       /* nodes of g when the end began */
    wg_node **image;      /* by node index of g: what stands for it in the body */
    unsigned char *marks; /* by node index of g: needed */
    wg_node **in;         /* operands: first values, slices, captured ones */
    size_t n_in, in_capacity;
    wg_node *result[WG__MAX_RESULTS]; /* carries' last values, stacks along axis 0 */
} ending;

static bool complete(const wg_scan *s)
{
    wg_graph *g = s->graph;
    size_t results = s->n_stacks;
    for (size_t i = 0; i < s->n_carries; i++) {
        results += s->carry[i].last != NULL;
        if (!s->carry[i].next) {
            wg__graph_fail(g, WG_ERR_ARG, "wg_scan_end: the carry %s has no next", s->carry[i].inside->name);
            return false;
        }
    }
    if (!s->n_slices)
        wg__graph_fail(g, WG_ERR_ARG, "wg_scan_end: the scan has no slice, so no length");
    else if (!results)
        wg__graph_fail(g, WG_ERR_ARG, "wg_scan_end: nothing is stacked, and no last value asked for");
    else if (g->scan != s)
        wg__graph_fail(g, WG_ERR_ARG, "wg_scan_end: a scan inside it has not ended");
    return g->status == WG_OK;
}

static bool add_operand(ending *e, wg_node *n)
{
    if (!wg__grow(&e->g->allocator, (void **)&e->in, &e->in_capacity, e->n_in + 1, sizeof(wg_node *)))
        return false;
    e->in[e->n_in++] = n;
    return true;
}

/* Carries and slices become the body's first inputs. */
static bool add_inputs(ending *e)
{
    wg_scan *s = e->s;
    for (size_t i = 0; i < s->n_carries + s->n_slices; i++) {
        bool carry = i < s->n_carries;
        const wg__scan_carry *c = &s->carry[carry ? i : 0];
        const wg__scan_slice *l = &s->slice[carry ? 0 : i - s->n_carries];
        wg_node *inside = carry ? c->inside : l->inside;
        wg_node *input = wg__body_input(e->body, inside, inside->shape);
        if (!input || !add_operand(e, carry ? c->first : l->of))
            return false;
        e->image[inside->index] = input;
    }
    return true;
}

static void mark(ending *e)
{
    const wg_scan *s = e->s;
    for (size_t i = 0; i < s->n_carries; i++)
        e->marks[s->carry[i].next->index] = 1;
    for (size_t i = 0; i < s->n_stacks; i++)
        e->marks[s->stack[i].of->index] = 1;
    wg__mark_needed(e->g, (wg_nodes){ NULL, 0 }, e->marks);
}

/* A node of outside becomes an input of the body; a small constant is copied. */
static bool capture(ending *e, wg_node *n)
{
    size_t bytes;
    if (e->image[n->index])
        return true;
    if (wg__op_of(n) == &wg_op_constant && wg__shape_bytes(&n->shape, n->dtype, &bytes) && bytes <= SMALL_CONSTANT)
        return wg__copy_operation(e->body, n->operation, e->image);
    return (e->image[n->index] = wg__body_input(e->body, n, n->shape)) != NULL && add_operand(e, n);
}

static bool copy_operation(ending *e, const wg__operation *o)
{
    for (int s = 0; s < o->n_in; s++)
        if (!e->image[o->in[s]->index] && !capture(e, o->in[s]))
            return false;
    return wg__copy_operation(e->body, o, e->image);
}

static bool copy_inside(ending *e)
{
    for (size_t i = 0; i < e->n_image; i++) {
        const wg__operation *o = e->g->nodes[i]->operation;
        if (e->marks[i] && !e->image[i] && o->inside == e->s && !copy_operation(e, o))
            return false;
    }
    return true;
}

static bool add_output(ending *e, wg_node *n) { return capture(e, n) && wg__body_output(e->image[n->index]); }

static bool add_outputs(ending *e)
{
    const wg_scan *s = e->s;
    for (size_t i = 0; i < s->n_carries; i++)
        if (!add_output(e, s->carry[i].next))
            return false;
    for (size_t i = 0; i < s->n_stacks; i++)
        if (!add_output(e, s->stack[i].of))
            return false;
    return true;
}

static bool keep(wg__operation *promised, wg_node *result)
{
    return !promised || wg__operation_enter(promised, (wg_nodes){ &result, 1 });
}

static bool keep_promises(const ending *e)
{
    const wg_scan *s = e->s;
    for (size_t i = 0; i < s->n_carries; i++)
        if (!keep(s->carry[i].last, e->result[i]))
            return false;
    for (size_t i = 0; i < s->n_stacks; i++)
        if (!keep(s->stack[i].stacked, e->result[s->n_carries + i]))
            return false;
    return true;
}

wg_node *wg__scan_apply(wg_graph *g, wg__scan attrs, wg_nodes in)
{
    if (attrs.body->status)
        wg__graph_fail(g, attrs.body->status, "%s", attrs.body->error);
    wg_node *made = g->status ? NULL : wg_apply_in(g, &wg_op_scan, in, &attrs);
    wg__graph_release(attrs.body);
    return made;
}

static bool apply(ending *e)
{
    const wg_scan *s = e->s;
    const wg_nodes in = { e->in, e->n_in };
    wg__scan attrs = { .body = e->body, .carries = (int64_t)s->n_carries, .slices = (int64_t)s->n_slices };
    if (s->stretch && !e->body->status)
        return wg__scan_in_stretches(e->g, attrs, s->stretch, in, e->result);
    wg__graph_hold(e->body);
    wg_node *made = wg__scan_apply(e->g, attrs, in);
    for (int r = 0; made && r < made->operation->n_out; r++)
        e->result[r] = &made->operation->out[r];
    return made != NULL;
}

static bool end(ending *e)
{
    e->image = wg__alloc_zero(&e->g->allocator, e->n_image, sizeof *e->image);
    e->marks = wg__alloc_zero(&e->g->allocator, e->n_image, 1);
    e->body = wg__graph_new_private(e->g);
    if (!e->image || !e->marks || !e->body)
        return false;
    mark(e);
    bool done = add_inputs(e) && copy_inside(e) && add_outputs(e);
    if (!done && !e->body->status)
        wg__graph_fail_again(e->body);
    return apply(e) && keep_promises(e);
}

void wg_scan_end(wg_scan *s)
{
    if (!s)
        wg__fail_null("wg_scan_end", "scan");
    if (!s || s->graph->status)
        return;
    if (s->ended) {
        wg__graph_fail(s->graph, WG_ERR_ARG, "wg_scan_end: the scan has ended");
        return;
    }
    if (!complete(s))
        return;
    ending e = { .s = s, .g = s->graph, .n_image = s->graph->n_nodes };
    s->graph->scan = s->outer;
    if (!end(&e))
        wg__graph_fail_again(s->graph);
    s->ended = true;
    wg__free(&e.g->allocator, e.image, e.n_image, sizeof *e.image);
    wg__free(&e.g->allocator, e.marks, e.n_image, 1);
    wg__free(&e.g->allocator, e.in, e.in_capacity, sizeof(wg_node *));
    wg__graph_release(e.body);
}
