/* Kernels that are wrong in one known way. */
#include <string.h>

#include "tensor/shape.h"
#include "verify/mutation/mutant.h"

/* ---- which elements a call computes ---- */

/* Of operators that cut their work into units of their own it is known only that the first unit holds the first element,
 * and the last the last. */
static wg__portion_of_result portion(const wg__mutated *m, const wg_call *c, int64_t begin, int64_t end, int stage)
{
    wg__portion_of_result p = { .call = c, .total = wg_shape_count(c->out_shape) };
    if (!m->kernels.lower) {
        p.first = c->first + begin;
        p.end = c->first + end;
        p.cut = p.first > 0;
        p.divisible = m->of->flags & WG_ELEMENTWISE && p.total > 1;
        return p;
    }
    wg_shape shape[WG__MAX_RESULTS];
    wg_dtype type[WG__MAX_RESULTS];
    wg_lowering l;
    wg__signature s = { c->attrs, c->n_in, m->of->results ? m->of->results : 1, c->in_shape, c->in_type, shape, type };
    if (wg__infer(m->of, c->attrs, c->n_in, c->in_shape, c->in_type, shape, type) ||
        wg__lower(m->of, &m->kernels, &s, WG_MATMUL_HIGHEST, &l) || !l.n_stages || l.stage[l.n_stages - 1].kernel != stage)
        return p;
    int64_t extent = l.stage[l.n_stages - 1].extent;
    p.divisible = extent > l.stage[l.n_stages - 1].grain;
    p.cut = begin > 0;
    p.first = begin == 0 ? 0 : p.total - (end == extent);
    p.end = end == extent ? p.total : p.first + (begin == 0);
    return p;
}

/* ---- the mutations ---- */

/* Multiplied, for a constant offset has no derivative; a zero stays what it is. */
static void multiply(wg__mutated *m, const wg__portion_of_result *p, int64_t element, double factor)
{
    if (element < p->first || element >= p->end)
        return;
    int64_t at = element - (m->kernels.lower ? 0 : p->call->first);
    const double was = wg__load(p->call->out, p->call->out_type, at);
    wg__store(p->call->out, p->call->out_type, at, was * factor);
    if (was != 0)
        atomic_store(&m->applied, true);
}

static void first_off(wg__mutated *m, const wg__portion_of_result *p)
{
    if (p->call->out_type == WG_F64)
        multiply(m, p, 0, 1 + 1e-4);
}

static void last_off(wg__mutated *m, const wg__portion_of_result *p)
{
    if (p->call->out_type == WG_F64)
        multiply(m, p, p->total - 1, 1 + 1e-4);
}

static void narrow_off(wg__mutated *m, const wg__portion_of_result *p)
{
    if (p->call->out_type == WG_F32)
        multiply(m, p, 0, 1 + 1e-3);
}

/* Where the work of a call can be cut, it will be. */
static void cut_off(wg__mutated *m, const wg__portion_of_result *p)
{
    if (p->cut && p->divisible)
        multiply(m, p, p->first, 1 + 1e-4);
    const int64_t last = p->end - 1 - (m->kernels.lower ? 0 : p->call->first);
    if (p->divisible && p->end > p->first && wg__load(p->call->out, p->call->out_type, last) != 0)
        atomic_store(&m->applied, true);
}

/* Exact for whole numbers: then nothing has changed. */
static void rounded(wg__mutated *m, const wg__portion_of_result *p)
{
    double *out = p->call->out;
    int64_t base = m->kernels.lower ? 0 : p->call->first;
    for (int64_t i = p->first - base; p->call->out_type == WG_F64 && i < p->end - base; i++) {
        double narrow = (double)(float)out[i];
        if (narrow != out[i])
            atomic_store(&m->applied, true);
        out[i] = narrow;
    }
}

static void stale(wg__mutated *m, const wg__portion_of_result *p)
{
    double *out = p->call->out;
    int64_t base = m->kernels.lower ? 0 : p->call->first;
    for (int64_t i = p->first; p->call->out_type == WG_F64 && i < p->end && i < WG__STALE; i++) {
        double now = out[i - base];
        if (m->remembered[i])
            out[i - base] = m->last[i];
        m->last[i] = now;
        m->remembered[i] = true;
        atomic_store(&m->applied, true);
    }
}

/* Blocks see broadcast operands in copies, where writing does no harm. */
static void writes_operand(wg__mutated *m, const wg__portion_of_result *p)
{
    const wg_call *c = p->call;
    bool whole = !(m->of->flags & WG_ELEMENTWISE) || wg_shape_equal(c->in_shape[0], c->out_shape);
    if (!c->n_in || !c->in[0] || p->cut || p->end <= p->first || c->in[0] == c->out || !whole ||
        c->out_type != WG_F64 || wg_shape_count(c->in_shape[0]) < 1)
        return;
    unsigned char *byte = (unsigned char *)c->in[0];
    *byte = *byte ^ 1;
    atomic_store(&m->applied, true);
}

const wg__mutation wg__kernel_mutations[] = {
    { .name = "value: first element off by 1e-4", .value = first_off },
    { .name = "value: last element off by 1e-4", .value = last_off },
    { .name = "value: off in f32", .value = narrow_off },
    { .name = "value: off where a range begins", .value = cut_off },
    { .name = "value: rounded to f32", .value = rounded },
    { .name = "value: of the run before", .value = stale },
    { .name = "value: an operand overwritten", .value = writes_operand },
    { .name = NULL },
};

/* ---- the trampolines ---- */

static wg_status run(const wg_call *c, int64_t begin, int64_t end, int stage, wg_dtype type)
{
    wg__mutated *m;
    memcpy(&m, (const char *)c->attrs + WG__MUTATED_AT, sizeof(wg__mutated *));
    const wg_kernels *k = stage ? &m->kernels.stage[stage - 1] : &m->kernels.forward;
    wg_status st = (type == WG_F32 ? k->f32 : k->f64)(c, begin, end);
    if (st || !m->mutation || !m->mutation->value || !wg__is_float(c->out_type))
        return st;
    wg__portion_of_result p = portion(m, c, begin, end, stage);
    m->mutation->value(m, &p);
    return WG_OK;
}

#define STAGE(n)                                                                                                       \
    static wg_status run_f32_##n(const wg_call *c, int64_t begin, int64_t end)                                         \
    {                                                                                                                  \
        return run(c, begin, end, n, WG_F32);                                                                          \
    }                                                                                                                  \
    static wg_status run_f64_##n(const wg_call *c, int64_t begin, int64_t end) { return run(c, begin, end, n, WG_F64); }
STAGE(0)
STAGE(1)
STAGE(2)
STAGE(3)

static void wrap(wg_kernels *to, const wg_kernels *of, wg_kernel f32, wg_kernel f64)
{
    *to = *of;
    to->f32 = of->f32 ? f32 : NULL;
    to->f64 = of->f64 ? f64 : NULL;
}

void wg__mutated_kernels(wg__mutated *m)
{
    static const wg_kernel f32[] = { run_f32_0, run_f32_1, run_f32_2, run_f32_3 };
    static const wg_kernel f64[] = { run_f64_0, run_f64_1, run_f64_2, run_f64_3 };
    wrap(&m->op.forward, &m->kernels.forward, f32[0], f64[0]);
    for (int i = 1; i < WG_STAGES; i++)
        wrap(&m->op.stage[i - 1], &m->kernels.stage[i - 1], f32[i], f64[i]);
    m->op.lower = m->kernels.lower;
}
