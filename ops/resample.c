/* The tables of resampling: from each axis' rule to windows and weights, as they are or transposed. */
#include "ops/resample.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"

/* The window of element i: at most n elements from `first` on. A mean has one weight for all; two neighbours have one each. */
typedef struct window {
    int64_t first, count;
    double weight[2];
} window;

static window mean_of(int64_t first, int64_t count, int64_t divisor)
{
    const double weight = 1 / (double)divisor;
    return (window){ first, count, { weight, weight } };
}

static window average(const wg__rule *r, int64_t n, int64_t i)
{
    int64_t begin = i * r->stride - r->padding, end = begin + r->kernel;
    end = end < n + r->padding ? end : n + r->padding;
    const int64_t whole = end - begin;
    begin = begin > 0 ? begin : 0;
    end = end < n ? end : n;
    return mean_of(begin, end - begin, r->padded ? whole : end - begin);
}

static window part(int64_t n, int64_t m, int64_t i)
{
    const int64_t begin = i * n / m, end = ((i + 1) * n + m - 1) / m;
    return mean_of(begin, end - begin, end - begin);
}

static window between(const wg__rule *r, int64_t n, int64_t m, int64_t i)
{
    const double at = ((double)i + 0.5) / r->scale - 0.5, from = at > 0 ? at : 0;
    int64_t first = m == n ? i : (int64_t)from;
    if (m == n || first >= n - 1)
        return (window){ first < n - 1 ? first : n - 1, 1, { 1, 1 } };
    const double rest = from - (double)first;
    return (window){ first, 2, { 1 - rest, rest } };
}

static window nearest(const wg__rule *r, int64_t n, int64_t i)
{
    const int64_t at = (int64_t)((double)i / r->scale);
    return (window){ at < n ? at : n - 1, 1, { 1, 1 } };
}

static window window_of(const wg__rule *r, int64_t n, int64_t m, int64_t i)
{
    switch (r->kind) {
    case WG__RULE_ONE:
        break;
    case WG__RULE_AVERAGE:
        return average(r, n, i);
    case WG__RULE_PARTS:
        return part(n, m, i);
    case WG__RULE_NEAREST:
        return nearest(r, n, i);
    case WG__RULE_LINEAR:
        return between(r, n, m, i);
    }
    return (window){ 0, 1, { 1, 1 } };
}

/* The weight of tap t: of a mean all are alike. */
static double weight_at(const window *w, int64_t t) { return w->weight[t > 0]; }

/* The longest window of the table; transposed, the most windows that hold one element: ends ascend, so the first that reaches
 * it only moves on. */
static int64_t most_taps(const wg__rule *r, int64_t n, int64_t m, bool transposed)
{
    int64_t most = 0;
    for (int64_t i = 0, reaching = 0; i < m; i++) {
        const window w = window_of(r, n, m, i);
        for (window old = window_of(r, n, m, reaching); transposed && old.first + old.count <= w.first && reaching < i;)
            old = window_of(r, n, m, ++reaching);
        const int64_t taps = transposed ? i - reaching + 1 : w.count;
        most = taps > most ? taps : most;
    }
    return most;
}

wg_status wg__resample_lower(wg_lowering *l, wg__rule_of rule_of, bool transposed)
{
    _Static_assert(sizeof(wg__resample) <= WG_PARAMS_MAX, "fits");
    wg__resample *p = (wg__resample *)(void *)l->params;
    const wg_shape *x = &l->in_shape[0], *y = &l->out_shape[0];
    const int spatial = x->rank - 2;
    *p = (wg__resample){ .transposed = transposed, .from = { 1, 1 }, .to = { 1, 1 }, .planes = x->dim[0] * x->dim[1] };
    size_t scratch = 0, table;
    for (int k = 0; k < 2; k++) {
        const int axis = k - 2 + spatial; /* among the spatial ones; -1: there is but one, and it is k = 1 */
        if (axis >= 0) {
            p->rule[k] = rule_of(l->attrs, axis);
            p->from[k] = x->dim[2 + axis];
            p->to[k] = y->dim[2 + axis];
        }
        const int64_t n = transposed ? p->to[k] : p->from[k], m = transposed ? p->from[k] : p->to[k];
        p->taps[k] = most_taps(&p->rule[k], n, m, transposed);
        if (!wg__mul_size((size_t)p->to[k], (size_t)(2 + p->taps[k]) * 8, &table) ||
            !wg__add_size(scratch, table, &scratch))
            return wg__fail(WG_ERR_NOMEM, "its tables need more bytes than there are");
    }
    const int64_t columns = p->to[1] < WG__RESAMPLE_COLUMNS ? p->to[1] : WG__RESAMPLE_COLUMNS;
    p->chunks = (p->to[1] + WG__RESAMPLE_COLUMNS - 1) / WG__RESAMPLE_COLUMNS;
    const double work =
        (double)p->taps[0] * (double)p->from[1] / (double)(1 + p->chunks) + (double)(p->taps[1] * columns);
    const int64_t units = wg_shape_count(*y) ? p->planes * p->to[0] * p->chunks : 0;
    l->scratch = scratch;
    l->n_stages = 2;
    l->stage[0] = (wg_stage){ .kernel = 0,
                              .extent = units > 0,
                              .grain = 1,
                              .cost = 3 * ((double)(p->taps[0] * p->to[0]) + (double)(p->taps[1] * p->to[1])) };
    l->stage[1] = (wg_stage){ .kernel = 1,
                              .extent = units,
                              .grain = 1 + (int64_t)(4096 / (1 + work)),
                              .local = (size_t)(p->from[1] + p->taps[1]) * sizeof(double),
                              .cost = 10 + 0.5 * work };
    return WG_OK;
}

static void put(const wg__windows *w, int64_t i, int64_t t, double weight)
{
    w->weight[i * w->item + t * w->tap] = weight;
}

static void fill(const wg__resample *p, const wg__windows *w, int axis)
{
    const int64_t n = p->from[axis], m = p->to[axis];
    for (int64_t i = 0; i < m; i++) {
        const window at = window_of(&p->rule[axis], n, m, i);
        w->first[i] = at.first;
        w->count[i] = at.count;
        for (int64_t t = 0; t < at.count; t++)
            put(w, i, t, weight_at(&at, t));
    }
}

/* Element i of a window of element j becomes element j of the window of i. */
static void fill_transposed(const wg__resample *p, const wg__windows *w, int axis)
{
    const int64_t n = p->to[axis], m = p->from[axis];
    memset(w->count, 0, (size_t)n * sizeof *w->count);
    for (int64_t j = 0; j < m; j++) {
        const window at = window_of(&p->rule[axis], n, m, j);
        for (int64_t t = 0; t < at.count; t++) {
            const int64_t i = at.first + t;
            w->first[i] = w->count[i] ? w->first[i] : j;
            put(w, i, w->count[i]++, weight_at(&at, t));
        }
    }
    for (int64_t i = 0; i < n; i++) /* those in no window stand between their neighbours */
        if (!w->count[i])
            w->first[i] = i ? w->first[i - 1] + w->count[i - 1] : 0;
}

wg_status wg__resample_tables(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__resample *p = c->params;
    for (int axis = 0; axis < 2 && begin < end; axis++) {
        const wg__windows w = wg__windows_of(c, axis);
        memset(w.weight, 0, (size_t)(p->taps[axis] * p->to[axis]) * sizeof *w.weight);
        (p->transposed ? fill_transposed : fill)(p, &w, axis);
    }
    return WG_OK;
}
