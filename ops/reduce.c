/* How reductions walk over memory, and the rules for their shapes. */
#include "ops/reduce.h"
#include "base/checked.h"
#include "base/error.h"

/* ---- shapes ---- */

const wg_attr wg__reduce_attr_table[] = {
    { "axes", WG_ATTR_AXES, offsetof(wg__reduce_attrs, axes), "null", NULL },
    { "keepdims", WG_ATTR_BOOL, offsetof(wg__reduce_attrs, keepdims), "false", NULL },
    { 0 },
};

wg_status wg__reduce_infer(wg_infer *t)
{
    const wg__reduce_attrs *at = t->attrs;
    const wg_shape *x = &t->in[0];
    bool on[WG_MAX_RANK];
    wg_status status = wg_infer_axes(t, at->axes, x->rank, on);
    int rank = 0;
    for (int i = 0; !status && i < x->rank; i++)
        if (!on[i] || at->keepdims)
            t->out[0].dim[rank++] = on[i] ? 1 : x->dim[i];
    t->out[0].rank = rank;
    return status;
}

wg_node *wg__restore_axes(wg_node *reduced, const wg_node *x, const void *reduce_attrs)
{
    const wg__reduce_attrs *at = reduce_attrs;
    wg_axes axes = at->axes;
    if (at->keepdims || axes.n <= 0) /* a scalar broadcasts as it is */
        return reduced;
    for (int i = 0; i < axes.n; i++)
        axes.at[i] = wg_axis_of(axes.at[i], wg_node_shape(x).rank);
    return wg_expand_dims(reduced, axes);
}

/* ---- lowering ---- */

/* Neighbouring axes that are both kept or both reduced become one. */
typedef struct collapsed {
    int64_t size[WG_MAX_RANK], stride[WG_MAX_RANK];
    bool reduced[WG_MAX_RANK];
    int n; /* innermost first */
} collapsed;

static collapsed collapse(const wg_shape *x, const bool on[WG_MAX_RANK])
{
    collapsed g = { .n = 0 };
    int64_t stride = 1;
    for (int i = x->rank - 1; i >= 0; i--) {
        if (x->dim[i] == 1)
            continue;
        if (g.n && g.reduced[g.n - 1] == on[i]) {
            g.size[g.n - 1] *= x->dim[i];
        } else {
            g.size[g.n] = x->dim[i];
            g.stride[g.n] = stride;
            g.reduced[g.n++] = on[i];
        }
        stride *= x->dim[i];
    }
    return g;
}

static int64_t at_least_1(int64_t n)
{
    return n > 1 ? n : 1;
}

static int64_t at_most(int64_t n, int64_t most)
{
    return n < most ? n : most;
}

static int64_t parts(int64_t n, int64_t of)
{
    return (n + of - 1) / of;
}

/* The collapsed groups of one kind, without the innermost group of all; returns the product of their sizes. */
static int64_t outer_walk(wg__walk *w, const collapsed *g, bool reduced)
{
    int64_t product = 1;
    for (int i = g->n - 1; i > 0; i--) {
        if (g->reduced[i] != reduced)
            continue;
        w->size[w->n] = g->size[i];
        w->stride[w->n++] = g->stride[i];
        product *= g->size[i];
    }
    return product;
}

/* Long reductions with few results are split so that threads find work. By shape alone. */
enum { SPLIT_ELEMENTS = 32768, ENOUGH_UNITS = 32, GRAIN_ELEMENTS = 4096 };

wg_status wg__reduce_lower_axes(wg_lowering *l, const bool on[WG_MAX_RANK])
{
    _Static_assert(sizeof(wg__reduction) <= WG_PARAMS_MAX, "fits");
    wg__reduction *r = (wg__reduction *)(void *)l->params;
    collapsed g = collapse(&l->in_shape[0], on);
    bool columns = g.n && !g.reduced[0];
    *r = (wg__reduction){ .inner = columns ? g.size[0] : 1, .run = columns || !g.n ? 1 : g.size[0] };
    int64_t kept = outer_walk(&r->kept, &g, false), rows = outer_walk(&r->reduced, &g, true);
    r->pieces = parts(r->run, WG__PIECE);
    r->positions = rows * r->pieces;
    r->results = kept * r->inner;
    r->count = rows * r->run;

    int64_t width = columns ? at_most(r->inner, WG__COLUMNS) : at_most(r->run, WG__PIECE); /* of one position */
    int64_t units = columns ? kept * parts(r->inner, WG__COLUMNS) : kept;
    r->each = at_least_1(r->positions);
    if (units < ENOUGH_UNITS && width && r->positions / 2 > SPLIT_ELEMENTS / width)
        r->each = parts(SPLIT_ELEMENTS, width);
    r->splits = at_least_1(parts(r->positions, r->each));

    int64_t unit_elements = at_least_1(r->each * width);
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .kernel = 0, .extent = units * r->splits,
                              .grain = at_least_1(GRAIN_ELEMENTS / unit_elements),
                              .cost = 4 + 0.2 * (double)unit_elements };
    if (r->splits == 1)
        return WG_OK;
    l->n_stages = 2;
    l->stage[1] = (wg_stage){ .kernel = 1, .extent = r->results, .grain = WG__COLUMNS, .cost = (double)r->splits };
    bool fits = wg__mul_size((size_t)r->results, (size_t)r->splits, &l->scratch) &&
                wg__mul_size(l->scratch, sizeof(wg__sum), &l->scratch);
    return fits ? WG_OK : wg__fail(WG_ERR_NOMEM, "partial results need more bytes than there are");
}

wg_status wg__reduce_lower(wg_lowering *l)
{
    wg_axes axes = ((const wg__reduce_attrs *)l->attrs)->axes;
    bool on[WG_MAX_RANK] = { 0 };
    for (int i = 0; i < l->in_shape[0].rank && axes.n < 0; i++)
        on[i] = true;
    for (int i = 0; i < axes.n; i++)
        on[wg_axis_of(axes.at[i], l->in_shape[0].rank)] = true;
    return wg__reduce_lower_axes(l, on);
}

/* First pass, its join, second pass, its join; both are cut alike. */
wg_status wg__reduce_lower_twice(wg_lowering *l)
{
    const wg__reduction *r = (const wg__reduction *)(const void *)l->params;
    wg_status status = wg__reduce_lower(l);
    size_t found;
    if (status)
        return status;
    if (!wg__mul_size((size_t)r->results, sizeof(double), &found) || !wg__add_size(l->scratch, found, &l->scratch))
        return wg__fail(WG_ERR_NOMEM, "partial results need more bytes than there are");
    const wg_stage fold = l->stage[0], join = l->stage[1];
    const int each = l->n_stages;
    for (int pass = 0; pass < 2; pass++) {
        l->stage[pass * each] = fold;
        l->stage[pass * each].kernel = pass ? 0 : 1;
        if (each == 2) {
            l->stage[pass * each + 1] = join;
            l->stage[pass * each + 1].kernel = pass ? 3 : 2;
        }
    }
    l->n_stages = 2 * each;
    return WG_OK;
}

/* ---- kernels ---- */

/* Where position `index` of the walk begins, in elements. */
static int64_t walk_to(const wg__walk *w, int64_t index)
{
    int64_t at = 0;
    for (int64_t i = w->n - 1; i > 0; i--) {
        at += index % w->size[i] * w->stride[i];
        index /= w->size[i];
    }
    return w->n ? at + index * w->stride[0] : 0;
}

/* What the fold knows of results from `result` on. */
static wg__about about(const wg_call *c, const double *at, int64_t result)
{
    return (wg__about){ at ? at + result : NULL, c->attrs };
}

/* Pieces first .. last-1 of the runs that belong to one result, whose operand begins at x. */
static void fold_runs(const wg__reduction *r, const wg__fold *f, wg__sum *sum, const char *x, int64_t first,
                      int64_t last, wg__about a)
{
    for (int64_t p = first; p < last; p++) {
        int64_t row = r->pieces == 1 ? p : p / r->pieces, begin = (p - row * r->pieces) * WG__PIECE;
        int64_t n = at_most(r->run - begin, WG__PIECE);
        f->run(sum, x + (size_t)(walk_to(&r->reduced, row) + begin) * f->size, n, a);
    }
}

/* Rows first .. last-1 of `width` columns, in blocks with sums of their own, so that rounding errors grow slowly. */
static void fold_rows(const wg__reduction *r, const wg__fold *f, wg__sum *sum, const char *x, int64_t first,
                      int64_t last, int64_t width, wg__about a)
{
    enum { BLOCK = 32 };
    const wg__walk *w = &r->reduced;
    int64_t inmost = w->n ? w->size[w->n - 1] : 1, stride = w->n ? w->stride[w->n - 1] : 0;
    for (int64_t row = first, n; row < last; row += n) {
        wg__sum block[WG__COLUMNS];
        n = at_most(at_most(inmost - row % inmost, last - row), BLOCK); /* rows at equal distances */
        const char *at = x + (size_t)walk_to(w, row) * f->size;
        if (row == first) {
            f->rows(sum, at, n, stride, width, a);
            continue;
        }
        f->start(block, width);
        f->rows(block, at, n, stride, width, a);
        f->join(sum, block, width);
    }
}

/* Where a unit's results go: to the operator's result, or as partial ones to scratch. */
static void store(const wg_call *c, const wg__fold *f, const wg__sum *sum, int64_t split, int64_t result, int64_t n,
                  const double *at)
{
    const wg__reduction *r = c->params;
    if (r->splits > 1) {
        wg__sum *partial = (wg__sum *)c->scratch + split * r->results + result;
        for (int64_t i = 0; i < n; i++)
            partial[i] = sum[i];
    } else {
        f->finish((char *)c->out + (size_t)result * wg_dtype_size(c->out_type), sum, n, r->count,
                  about(c, at, result));
    }
}

static wg_status fold_about(const wg_call *c, const wg__fold *f, const double *at, int64_t begin, int64_t end)
{
    const wg__reduction *r = c->params;
    const char *x = c->in[0];
    wg__sum sum[WG__COLUMNS];
    if (begin == end)
        return WG_OK;
    if (r->inner > 1) {
        int64_t blocks = parts(r->inner, WG__COLUMNS), units = r->results / r->inner * blocks;
        for (int64_t u = begin; u < end; u++) {
            int64_t split = u / units, kept = u % units / blocks, column = u % blocks * WG__COLUMNS;
            int64_t width = at_most(r->inner - column, WG__COLUMNS);
            int64_t first = split * r->each, last = at_most(first + r->each, r->positions);
            f->start(sum, width);
            fold_rows(r, f, sum, x + (size_t)(walk_to(&r->kept, kept) + column) * f->size, first, last, width,
                      about(c, at, kept * r->inner + column));
            store(c, f, sum, split, kept * r->inner + column, width, at);
        }
        return WG_OK;
    }
    for (int64_t u = begin, n; u < end; u += n) { /* results go out by the block */
        int64_t split = u / r->results, result = u % r->results;
        int64_t first = split * r->each, last = at_most(first + r->each, r->positions);
        n = at_most(at_most(end - u, WG__COLUMNS), r->results - result);
        f->start(sum, n);
        for (int64_t i = 0; i < n; i++)
            fold_runs(r, f, &sum[i], x + (size_t)walk_to(&r->kept, result + i) * f->size, first, last,
                      about(c, at, result + i));
        store(c, f, sum, split, result, n, at);
    }
    return WG_OK;
}

static wg_status join_about(const wg_call *c, const wg__fold *f, const double *found, int64_t begin, int64_t end)
{
    const wg__reduction *r = c->params;
    const wg__sum *partial = c->scratch;
    wg__sum sum[WG__COLUMNS];
    for (int64_t at = begin, n; at < end; at += n) {
        n = at_most(end - at, WG__COLUMNS);
        f->start(sum, n);
        for (int64_t split = 0; split < r->splits; split++)
            f->join(sum, partial + split * r->results + at, n);
        f->finish((char *)c->out + (size_t)at * wg_dtype_size(c->out_type), sum, n, r->count, about(c, found, at));
    }
    return WG_OK;
}

wg_status wg__reduce_fold(const wg_call *c, const wg__fold *f, int64_t begin, int64_t end)
{
    return fold_about(c, f, NULL, begin, end);
}

wg_status wg__reduce_join(const wg_call *c, const wg__fold *f, int64_t begin, int64_t end)
{
    return join_about(c, f, NULL, begin, end);
}

/* ---- two passes: the first's results stand in scratch behind the partial ones ---- */

static double *found_first(const wg_call *c)
{
    const wg__reduction *r = c->params;
    return (double *)c->scratch + (r->splits > 1 ? r->splits * r->results : 0);
}

static wg_call into_scratch(const wg_call *c)
{
    wg_call first = *c;
    first.out = found_first(c);
    first.out_type = WG_F64;
    return first;
}

wg_status wg__reduce_fold_first(const wg_call *c, const wg__fold *f, int64_t begin, int64_t end)
{
    wg_call first = into_scratch(c);
    return fold_about(&first, f, NULL, begin, end);
}

wg_status wg__reduce_join_first(const wg_call *c, const wg__fold *f, int64_t begin, int64_t end)
{
    wg_call first = into_scratch(c);
    return join_about(&first, f, NULL, begin, end);
}

wg_status wg__reduce_fold_second(const wg_call *c, const wg__fold *f, int64_t begin, int64_t end)
{
    return fold_about(c, f, found_first(c), begin, end);
}

wg_status wg__reduce_join_second(const wg_call *c, const wg__fold *f, int64_t begin, int64_t end)
{
    return join_about(c, f, found_first(c), begin, end);
}

/* ---- samples: all, trailing, leading, middle and alternating axes ---- */

static const wg__reduce_attrs last = { { { -1 }, 1 }, false }, first = { { { 0 }, 1 }, false },
                              kept = { { { 1 }, 1 }, true }, middle = { { { 1 }, 1 }, false },
                              outer = { { { 0, 2 }, 2 }, false };

const wg_sample wg__reduce_samples[7] = {
    { .in = { { .shape = WG_DIMS(2, 3), .lo = -2, .hi = 2, .distinct = true } } },
    { .in = { { .shape = WG_DIMS(3, 4), .lo = -2, .hi = 2, .distinct = true } }, .attrs = &last },
    { .in = { { .shape = WG_DIMS(3, 4), .lo = -2, .hi = 2, .distinct = true } }, .attrs = &first },
    { .in = { { .shape = WG_DIMS(4, 3), .lo = -2, .hi = 2, .distinct = true } }, .attrs = &kept },
    { .in = { { .shape = WG_DIMS(2, 3, 2), .lo = -2, .hi = 2, .distinct = true } }, .attrs = &middle },
    { .in = { { .shape = WG_DIMS(2, 3, 2), .lo = -2, .hi = 2, .distinct = true } }, .attrs = &outer },
    { .in = { { .shape = WG_DIMS(1, 5), .lo = -2, .hi = 2, .distinct = true } }, .attrs = &kept },
};
