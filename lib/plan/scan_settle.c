/* A scan is made anew with the results that are needed alone. A carry stays where a needed result comes from it, be it through
 * later iterations. Scans that extend each other become the last of them that is needed. */
#include <string.h>

#include "plan/loop.h"

enum { NEEDED = 1, EXTENDED = 2 }; /* EXTENDED: a scan that extends this one is needed */

typedef struct liveness {
    wg__operation *tip;   /* gives all that is needed */
    const wg_graph *body; /* the tip's */
    size_t n_in, n_out;
    unsigned char *in, *out; /* by operand, by result: live */
    unsigned char *marks;    /* by node of the body */
    wg_node **input;
} liveness;

static void forget(liveness *l)
{
    const wg__allocator *a = &l->body->allocator;
    wg__free(a, l->in, l->n_in, 1);
    wg__free(a, l->out, l->n_out, 1);
    wg__free(a, l->marks, l->body->n_nodes, 1);
    wg__free(a, l->input, l->n_in, sizeof *l->input);
}

static bool any_needed(const wg__operation *o, const unsigned char *needed)
{
    for (int r = 0; r < o->n_out; r++)
        if (needed[o->out[r].index])
            return true;
    return false;
}

/* Once around: what the live results come from, and the carries among that. */
static bool spread(liveness *l, int64_t carries)
{
    bool more = false;
    for (size_t r = 0; r < l->n_out; r++)
        if (l->out[r])
            l->marks[l->body->outputs[r]->index] = 1;
    wg__mark_needed(l->body, (wg_nodes){ NULL, 0 }, l->marks);
    for (size_t s = 0; s < l->n_in; s++) {
        bool carry = (int64_t)s < carries;
        if (l->marks[l->input[s]->index] || (carry && l->out[s]))
            l->in[s] = 1;
        if (carry && l->in[s] && !l->out[s]) {
            l->out[s] = 1;
            more = true;
        }
    }
    return more;
}

static bool find_live(liveness *l, const wg__operation *root, const unsigned char *needed)
{
    l->tip = (wg__operation *)root;
    for (wg__operation *o = l->tip; o; o = o->extended)
        if (any_needed(o, needed))
            l->tip = o;
    const wg__scan *attrs = wg__scan_of(l->tip);
    l->body = attrs->body;
    l->n_in = (size_t)l->tip->n_in;
    l->n_out = (size_t)l->tip->n_out;
    const wg__allocator *a = &l->body->allocator;
    l->in = wg__alloc_zero(a, l->n_in, 1);
    l->out = wg__alloc_zero(a, l->n_out, 1);
    l->marks = wg__alloc_zero(a, l->body->n_nodes, 1);
    l->input = wg__alloc_zero(a, l->n_in, sizeof *l->input);
    if (!l->in || !l->out || !l->marks || !l->input)
        return false;
    wg__body_inputs(l->body, l->input);
    for (const wg__operation *o = root; o; o = o->extended)
        for (int r = 0; r < o->n_out && (size_t)r < l->n_out; r++)
            l->out[r] |= needed[o->out[r].index] & NEEDED;
    while (spread(l, attrs->carries))
        continue;
    bool any_slice = false;
    for (int64_t s = attrs->carries; s < attrs->carries + attrs->slices; s++)
        any_slice = any_slice || l->in[s];
    if (!any_slice) /* one must tell the length */
        l->in[attrs->carries] = 1;
    return true;
}

bool wg__scan_mark(const wg__operation *o, unsigned char *needed)
{
    if (!any_needed(o, needed))
        return true;
    if (o->extends) {
        needed[o->extends->out->index] |= EXTENDED;
        return true;
    }
    liveness l;
    memset(&l, 0, sizeof l);
    bool done = find_live(&l, o, needed);
    for (size_t s = 0; done && s < l.n_in; s++)
        if (l.in[s])
            needed[l.tip->in[s]->index] |= NEEDED;
    forget(&l);
    return done;
}

/* The body with what is live alone. */
static wg_graph *trim(const liveness *l, const wg_graph *like)
{
    wg_graph *body = wg__graph_new_private(like);
    wg_node **image = body ? wg__alloc_zero(&body->allocator, l->body->n_nodes, sizeof *image) : NULL;
    bool done = image != NULL;
    for (size_t s = 0; done && s < l->n_in; s++)
        if (l->in[s])
            done = wg__copy_operation(body, l->input[s]->operation, image);
    done = done && wg__copy_marked(body, l->body, l->marks, image);
    for (size_t r = 0; done && r < l->n_out; r++)
        if (l->out[r])
            done = wg__body_output(image[l->body->outputs[r]->index]);
    if (image)
        wg__free(&body->allocator, image, l->body->n_nodes, sizeof *image);
    if (!done) {
        wg__graph_release(body);
        return NULL;
    }
    return body;
}

static wg_node *apply(wg__remats *r, const liveness *l, wg__scan attrs, size_t when)
{
    const wg__copy *c = r->copy;
    wg_node **in = wg__alloc(&c->graph->allocator, l->n_in, sizeof *in), *made = NULL;
    size_t n = 0;
    int64_t carries = 0, slices = 0;
    bool done = in != NULL;
    for (size_t s = 0; done && s < l->n_in; s++) {
        if (!l->in[s])
            continue;
        done = (in[n++] = wg__remat_read(r, l->tip->in[s], when)) != NULL;
        carries += (int64_t)s < attrs.carries;
        slices += (int64_t)s >= attrs.carries && (int64_t)s < attrs.carries + attrs.slices;
    }
    attrs.carries = carries;
    attrs.slices = slices;
    if (done && (attrs.body = trim(l, c->graph)))
        made = wg__scan_apply(c->graph, attrs, (wg_nodes){ in, n });
    wg__free(&c->graph->allocator, in, l->n_in, sizeof *in);
    return made;
}

bool wg__scan_settle(wg__remats *remats, const wg__operation *o, const unsigned char *needed)
{
    wg__copy *c = remats->copy;
    if (o->extends) /* made with what it extends, which stands before it */
        return true;
    liveness l;
    memset(&l, 0, sizeof l);
    wg_node *made = find_live(&l, o, needed) ? apply(remats, &l, *wg__scan_of(l.tip), o->index) : NULL;
    int result = 0;
    for (size_t r = 0; made && r < l.n_out; r++) {
        if (!l.out[r])
            continue;
        for (const wg__operation *e = o; e; e = e->extended)
            if ((int)r < e->n_out)
                c->image[e->out[r].index] = &made->operation->out[result];
        result++;
    }
    forget(&l);
    return made && wg__copy_origin(c, o->out);
}
