/* A scan in stretches is a scan over stretches, whose body is the scan over one, and the same scan over what is left at the end.
 * The adjoint of the outer one keeps carries alone, and so computes a stretch again when it comes to it. */
#include "graph/scan.h"

static bool is_slice(const wg__scan *attrs, size_t s)
{
    return (int64_t)s >= attrs->carries && (int64_t)s < attrs->carries + attrs->slices;
}

/* One stretch: the scan as an operation of a body. `in`: the operands of the scan over all stretches. */
static wg_graph *one_stretch(wg_graph *g, wg__scan attrs, wg_nodes in)
{
    wg_graph *body = wg__graph_new_private(g);
    wg_node **input = wg__alloc(&g->allocator, in.n, sizeof *input), *made = NULL;
    bool done = body && input;
    for (size_t s = 0; done && s < in.n; s++) {
        wg_shape shape = in.at[s]->shape;
        if (is_slice(&attrs, s)) {
            shape.rank--;
            for (int d = 0; d < shape.rank; d++)
                shape.dim[d] = shape.dim[d + 1];
        }
        done = (input[s] = wg__body_input(body, in.at[s], shape)) != NULL;
    }
    if (done) {
        wg__graph_hold(attrs.body);
        made = wg__scan_apply(body, attrs, (wg_nodes){ input, in.n });
    }
    for (int r = 0; made && r < made->operation->n_out; r++)
        if (!wg__body_output(&made->operation->out[r]))
            made = NULL;
    wg__free(&g->allocator, input, in.n, sizeof *input);
    if (made)
        return body;
    if (body && body->status)
        wg__graph_fail(g, body->status, "%s", body->error);
    wg__graph_release(body);
    return NULL;
}

/* The operands with the slices' stretches, or with what is left of them and the carries that the stretches gave. */
static bool take_part(wg__scan attrs, int64_t stretch, wg_nodes in, const wg__operation *before, wg_node **part)
{
    for (size_t s = 0; s < in.n; s++) {
        bool carry = (int64_t)s < attrs.carries;
        part[s] = is_slice(&attrs, s) ? before ? wg__stretch_rest(in.at[s], stretch) : wg__stretches(in.at[s], stretch)
                  : carry && before ? &before->out[s]
                                      : in.at[s];
        if (!part[s])
            return false;
    }
    return true;
}

bool wg__scan_in_stretches(wg_graph *g, wg__scan attrs, int64_t stretch, wg_nodes in, wg_node **result)
{
    wg_node **part = wg__alloc(&g->allocator, in.n, sizeof *part), *whole = NULL, *rest = NULL;
    wg__scan outer = attrs;
    outer.recompute = true;
    if (part && take_part(attrs, stretch, in, NULL, part) &&
        (outer.body = one_stretch(g, attrs, (wg_nodes){ part, in.n })) != NULL)
        whole = wg__scan_apply(g, outer, (wg_nodes){ part, in.n });
    if (whole && take_part(attrs, stretch, in, whole->operation, part)) {
        wg__graph_hold(attrs.body);
        rest = wg__scan_apply(g, attrs, (wg_nodes){ part, in.n });
    }
    wg__free(&g->allocator, part, in.n, sizeof *part);
    bool done = rest != NULL;
    for (int r = 0; done && r < rest->operation->n_out; r++) {
        wg_node *last = &rest->operation->out[r];
        result[r] =
            r < attrs.carries ? last : wg__stretch_join(&whole->operation->out[r], last, in.at[attrs.carries], stretch);
        done = result[r] != NULL;
    }
    return done;
}
