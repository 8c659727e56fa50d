/* A scan as the plain interpreter does it: the body node by node, once an iteration, and every value copied where it goes. */
#include <string.h>

#include "base/random.h"
#include "exec/interpret.h"
#include "graph/scan.h"

typedef struct looping {
    wg__interpreter inner; /* of the body */
    const wg__scan *attrs;
    const wg__signature *signature;
    const void *const *in;
    void *const *out;
    wg_node **input; /* the body's */
    size_t n_in;
} looping;

static bool is_slice(const wg__scan *s, size_t operand)
{
    return (int64_t)operand >= s->carries && (int64_t)operand < s->carries + s->slices;
}

/* What iteration `first` .. sees of the operands: carries are in the results' memory from the second one on. */
static wg_status take_inputs(looping *l, bool first, int64_t t)
{
    wg__interpreter *inner = &l->inner;
    for (size_t s = 0; s < l->n_in; s++) {
        const wg_node *n = inner->copy.image[l->input[s]->index];
        wg_shape shape = l->signature->in_shape[s];
        const char *data = l->in[s];
        size_t bytes = 0;
        if (!n)
            continue;
        if (is_slice(l->attrs, s)) {
            shape.rank--;
            for (int d = 0; d < shape.rank; d++)
                shape.dim[d] = shape.dim[d + 1];
            wg__shape_bytes(&shape, n->dtype, &bytes);
            data += (size_t)t * bytes;
        } else if ((int64_t)s < l->attrs->carries && !first) {
            data = l->out[s];
        }
        inner->value[n->index] = (void *)data;
        inner->shape[n->index] = shape;
        wg_status status = wg__sizes_bind(&inner->sizes, n, &shape);
        if (status)
            return status;
    }
    return WG_OK;
}

/* Copies first, then moves, for what is given may be what was taken. */
static wg_status give_results(const looping *l, int64_t t)
{
    const wg__interpreter *inner = &l->inner;
    const wg_graph *body = l->attrs->body;
    void *copy[WG__MAX_RESULTS];
    size_t bytes[WG__MAX_RESULTS];
    for (size_t r = 0; r < body->n_outputs; r++) {
        const wg_node *n = inner->copy.image[body->outputs[r]->index];
        wg__shape_bytes(&inner->shape[n->index], n->dtype, &bytes[r]);
        if (!(copy[r] = wg__arena_alloc(inner->memory, bytes[r])))
            return WG_ERR_NOMEM;
        if (bytes[r])
            memcpy(copy[r], inner->value[n->index], bytes[r]);
    }
    for (size_t r = 0; r < body->n_outputs; r++)
        if (bytes[r])
            memcpy((char *)l->out[r] + ((int64_t)r < l->attrs->carries ? 0 : (size_t)t * bytes[r]), copy[r], bytes[r]);
    return WG_OK;
}

static wg_status iterate(looping *l, bool first, int64_t t)
{
    wg__interpreter *inner = &l->inner;
    const wg_graph *g = inner->copy.graph;
    inner->shape = wg__arena_alloc(inner->memory, g->n_nodes * sizeof *inner->shape);
    inner->value = wg__arena_alloc(inner->memory, g->n_nodes * sizeof *inner->value);
    if (!inner->shape || !inner->value)
        return WG_ERR_NOMEM;
    for (size_t i = 0; i < g->n_nodes; i++) {
        inner->value[i] = (void *)g->nodes[i]->operation->value;
        inner->shape[i] = g->nodes[i]->shape;
    }
    wg_status status = take_inputs(l, first, t);
    for (size_t i = 0; i < g->n_nodes && !status; i++)
        if (!(wg__op_of(g->nodes[i])->flags & WG_LEAF) && !inner->value[i])
            status = wg__interpret_operation(inner, g->nodes[i]->operation);
    return status ? status : give_results(l, t);
}

wg_status wg__interpret_loop(wg__interpreter *outer, const wg__operation *o, const wg__signature *signature,
                             const void *const *in, void *const *out)
{
    const wg__scan *attrs = wg__scan_of(o);
    const wg__allocator *a = &outer->exec->allocator;
    wg__arena memory = { .allocator = a };
    looping l = { .attrs = attrs, .signature = signature, .in = in, .out = out, .n_in = (size_t)o->n_in };
    l.inner = (wg__interpreter){ .exec = outer->exec, .memory = &memory, .sizes = outer->sizes };
    int64_t length = signature->in_shape[attrs->carries].dim[0];
    l.input = wg__alloc(a, l.n_in, sizeof *l.input);
    wg_status status = WG_OK;
    if (!l.input ||
        !wg__settle_graph(&l.inner.copy, attrs->body, outer->exec->plan->mode, wg_graph_outputs(attrs->body)))
        status = wg_error_status();
    else
        wg__body_inputs(attrs->body, l.input);
    for (int64_t k = 0; k < length && !status; k++) {
        int64_t t = attrs->reverse ? length - 1 - k : k;
        l.inner.seed = wg__iteration_seed(outer->seed, t);
        status = iterate(&l, k == 0, t);
        wg__arena_free(&memory);
        if (status)
            wg__fail_in("iteration %lld: ", (long long)t);
    }
    for (int64_t r = 0; r < attrs->carries && length == 0; r++) {
        size_t bytes = 0;
        if (wg__shape_bytes(&signature->out_shape[r], signature->out_type[r], &bytes) && bytes)
            memcpy(out[r], in[r], bytes);
    }
    wg__copy_drop(&l.inner.copy);
    wg__free(a, l.input, l.n_in, sizeof *l.input);
    return status;
}
