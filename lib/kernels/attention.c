/* How attention is cut, and the stages that carry it out. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "kernels/attention.h"
#include "kernels/vecmath.h"

enum {
    WG__QUERIES = 64, /* of a block, at most */
    WG__KEYS = 128,
    WG__TASKS = 16 /* units that are enough for a few threads */
};

static inline int64_t wg__whole(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

/* Which matrix of operand `slot` belongs to matrix `at` of the result. */
static int64_t matrix_of(const wg_call *c, int slot, int64_t at)
{
    const wg_shape *own = &c->in_shape[slot], *out = &c->out_shape;
    int64_t index = 0, step = 1;
    for (int i = 3; i <= out->rank; i++) {
        const int64_t here = at % out->dim[out->rank - i], size = own->rank < i ? 1 : own->dim[own->rank - i];
        at /= out->dim[out->rank - i];
        index += size > 1 ? here * step : 0;
        step *= size;
    }
    return index;
}

/* Where the mask of matrix `at` begins, in elements. */
static int64_t mask_of(const wg__attention *p, const wg_call *c, int64_t at)
{
    const wg_shape *s = &c->in_shape[p->mask_slot];
    int64_t size = 1;
    for (int i = 1; i <= 2 && i <= s->rank; i++)
        size *= s->dim[s->rank - i];
    return matrix_of(c, p->mask_slot, at) * size;
}

/* The keys that queries before `end` attend to. */
static inline int64_t keys_before(const wg__attention *p, int64_t end)
{
    return p->causal ? wg__least(p->keys, end) : p->keys;
}

#define T float
#define TYPE f32
#include "kernels/attention_stage.h"

#define T double
#define TYPE f64
#include "kernels/attention_stage.h"

/* ---- deciding ---- */

/* A worker's memory: rows of queries, as many lines as given, and copies of `copies` elements. */
static wg_status declare(wg_lowering *l, wg_stage stage, int64_t lines, int64_t copies, size_t element)
{
    const int64_t row = wg__whole(WG__QUERIES, WG__VECTOR / (int64_t)element);
    size_t rows, bytes;
    if (!wg__mul_size((size_t)lines, (size_t)row, &rows) || !wg__add_size(rows, (size_t)copies, &rows) ||
        !wg__mul_size(rows, element, &bytes))
        return WG_ERR_NOMEM;
    stage.local = bytes;
    stage.grain = 1;
    l->stage[l->n_stages++] = stage;
    return WG_OK;
}

wg_status WG_ISA_SYM(wg__attention_cut)(wg__attention *p, wg_lowering *l, size_t element)
{
    const int64_t lanes = WG__VECTOR / (int64_t)element, rows = wg__least(p->queries, WG__QUERIES);
    const double work = (double)rows * (double)p->keys;
    p->query_blocks = (p->queries + WG__QUERIES - 1) / WG__QUERIES;
    return declare(l,
                   (wg_stage){
                       .extent = p->batch * p->query_blocks,
                       .cost = work * (0.3 + (double)(p->width + p->values) / (5 * (double)lanes)),
                   },
                   p->width + WG__KEYS + 4, WG__KEYS * wg__whole(p->values, lanes), element);
}

wg_status WG_ISA_SYM(wg__attention_cut_back)(wg__attention *p, wg_lowering *l, size_t element)
{
    const int64_t lanes = WG__VECTOR / (int64_t)element, blocks = (p->keys + WG__KEYS - 1) / WG__KEYS;
    const int64_t count = p->batch * p->queries * p->width;
    p->query_blocks = (p->queries + WG__QUERIES - 1) / WG__QUERIES;
    p->splits = wg__most(1, wg__least(blocks, WG__TASKS / wg__most(1, p->batch)));
    const double work = (double)p->queries * (double)p->keys / (double)p->splits;
    wg_status status = declare(
        l,
        (wg_stage){
            .extent = p->batch * p->splits,
            .cost = work * (0.3 + (double)(3 * p->width + 2 * p->values) / (5 * (double)lanes)),
        },
        p->width + p->values + 2 * WG__KEYS + 2,
        (WG__KEYS + WG__QUERIES) * wg__whole(p->width, lanes) + WG__QUERIES * wg__whole(p->values, lanes), element);
    if (status || p->splits == 1)
        return status;
    if (!wg__mul_size((size_t)count * element, (size_t)p->splits, &l->scratch))
        return WG_ERR_NOMEM;
    l->stage[l->n_stages++] =
        (wg_stage){ .kernel = 1, .extent = count, .grain = 1024, .cost = 0.1 * (double)p->splits };
    return WG_OK;
}
