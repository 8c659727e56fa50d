/* Sizes that are known only when a graph is run: what inference says of them must hold for the size that comes. */
#include "graph/graph.h"
#include "tensor/shape.h"
#include "verify/operator/session.h"

enum { FIRST = 'K', NAMES = 12 };

/* The sizes for which K, L, .. stand. */
typedef struct naming {
    int64_t size[NAMES];
    int n;
} naming;

/* The name of a size; 1 keeps its number, for a broadcast must show in the declared shape. */
static int64_t name(naming *of, int64_t size)
{
    int k = 0;
    while (k < of->n && of->size[k] != size)
        k++;
    if (size == 1 || k == NAMES)
        return size;
    if (k == of->n)
        of->size[of->n++] = size;
    return WG_DIM(FIRST + k);
}

static bool holds_for(const naming *of, int64_t said, int64_t size)
{
    int64_t k = -said - FIRST;
    return said == size || said == WG_ANY || (k >= 0 && k < of->n && of->size[k] == size);
}

static bool holds(const naming *of, wg_shape said, wg_shape shape)
{
    bool all = said.rank == shape.rank;
    for (int axis = 0; axis < shape.rank && all; axis++)
        all = holds_for(of, said.dim[axis], shape.dim[axis]);
    return all;
}

/* named: the sample, with names in the place of sizes. Inference may refuse them: some sizes must be known. */
static void check_named(wg__session *s, const wg_sample *sample, const wg_sample *named, const naming *of)
{
    wg_shape shape[WG__MAX_RESULTS], said[WG__MAX_RESULTS];
    wg_dtype type[WG__MAX_RESULTS], said_type[WG__MAX_RESULTS];
    int results;
    if (!of->n || !wg__infer_sample(s->op, sample, shape, type, &results) ||
        !wg__infer_sample(s->op, named, said, said_type, &results))
        return;
    for (int r = 0; r < results; r++) {
        char a[96], b[96], c[96];
        wg__settle_check(s, "shape", 0, holds(of, said[r], shape[r]) && type[r] == said_type[r],
                         "where operand 0 is %s its result %d is said to be %s, but with all sizes known it is %s",
                         wg_shape_text(named->in[0].shape, a, sizeof a), r, wg_shape_text(said[r], b, sizeof b),
                         wg_shape_text(shape[r], c, sizeof c));
    }
}

/* Names all sizes; with one >= 0 those equal to it alone. */
static void check_sizes(wg__session *s, const wg_sample *sample, int64_t one)
{
    wg_sample named = *sample;
    naming of = { .n = 0 };
    for (int slot = 0; slot < wg__sample_operands(s->op, sample); slot++)
        for (int axis = 0; axis < sample->in[slot].shape.rank; axis++) {
            int64_t *size = &named.in[slot].shape.dim[axis];
            if (one < 0 || *size == one)
                *size = name(&of, *size);
        }
    check_named(s, sample, &named, &of);
}

void wg__check_named_sizes(wg__session *s, const wg_sample *sample)
{
    check_sizes(s, sample, -1);
    for (int slot = 0; slot < wg__sample_operands(s->op, sample); slot++)
        for (int axis = 0; axis < sample->in[slot].shape.rank; axis++) {
            wg_sample named = *sample;
            naming of = { .n = 0 };
            int64_t size = sample->in[slot].shape.dim[axis];
            named.in[slot].shape.dim[axis] = name(&of, size);
            check_named(s, sample, &named, &of);
            check_sizes(s, sample, size);
        }
}
