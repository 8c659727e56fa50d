/* The model as its owner runs it: the compiled gradients themselves, in f32 where it is f32, on several threads. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "base/team.h"
#include "exec/exec.h"
#include "verify/model/alone.h"
#include "verify/model/trial.h"

/* Above this many parameters one other number of threads is tried, in place of two or three, and operations of f32 models only on suspicion. */
enum { LARGE = 1 << 20 };

typedef struct actual {
    wg__trial *t;
    wg__trace *wide;
    wg__model narrow, *m; /* m: what is run: `narrow`, or the twin where the model is in f64 already */
    bool in_f32;
    wg_node **gradient;
    uint64_t *bits, *again; /* by part: a checksum of its gradient; of that on other threads */
    wg_exec *exec;
} actual;

static size_t count_of(const wg_view *v) { return (size_t)wg_shape_count(v->shape); }

static wg_exec *gradients_on(const actual *a, int threads)
{
    wg_exec *e = wg__twin_exec_on(&a->m->twin, a->m->mode, (wg_nodes){ a->gradient, a->m->n_parts }, threads);
    if (e && !wg_run(e))
        return e;
    wg_exec_free(e);
    return NULL;
}

static void settle(const actual *a, wg_check check, const char *text, const char *name)
{
    check.op = check.node = name;
    check.slot = check.sample = -1;
    check.order = 1;
    wg__report_add(a->t->report, check, "the gradient of %s %s", name, text);
}

static bool same_bits(wg_view x, wg_view y)
{
    size_t bytes = count_of(&x) * wg_dtype_size(x.dtype);
    return count_of(&x) == count_of(&y) && (!bytes || (x.data && y.data && !memcmp(x.data, y.data, bytes)));
}

static uint64_t mixed(uint64_t lane, uint64_t word)
{
    uint64_t z = lane ^ word;
    return (z << 29 | z >> 35) * 0x9e3779b97f4a7c15u; /* one to one: a single word that differs is always seen */
}

/* A checksum of all bits. */
static uint64_t checksum_of(wg_view v)
{
    enum { LANES = 8 }; /* multiplications on their way at once */
    size_t bytes = count_of(&v) * wg_dtype_size(v.dtype);
    uint64_t lane[LANES], w[LANES], sum = bytes;
    const char *at = v.data, *end = at + bytes;
    for (int k = 0; k < LANES; k++)
        lane[k] = (uint64_t)k + 1;
    for (; (size_t)(end - at) >= sizeof w; at += sizeof w) {
        memcpy(w, at, sizeof w);
        for (int k = 0; k < LANES; k++)
            lane[k] = mixed(lane[k], w[k]);
    }
    memset(w, 0, sizeof w);
    memcpy(w, at, (size_t)(end - at));
    for (int k = 0; k < LANES; k++)
        sum = mixed(sum, mixed(lane[k], w[k]));
    return sum;
}

typedef struct checksums {
    const actual *a;
    const wg_exec *exec;
    uint64_t *sum;
    atomic_size_t next; /* part that nobody has taken */
} checksums;

static void sum_parts(void *arg, int worker, int workers)
{
    checksums *c = arg;
    (void)worker, (void)workers;
    for (size_t i; (i = atomic_fetch_add(&c->next, 1)) < c->a->m->n_parts;)
        c->sum[i] = checksum_of(wg_result(c->exec, c->a->gradient[i]));
}

/* Of each part's gradient. */
static void take_checksums(const actual *a, const wg_exec *e, uint64_t *sum)
{
    checksums c = { a, e, sum, 0 };
    wg__team_run(a->t->threads, NULL, sum_parts, &c);
}

static const char *part_name(const actual *a, size_t i) { return wg_node_name(a->m->parts[i].leaf->source); }

/* ---- f64: what the compiler made of it has the bits of what was verified ---- */

static wg_status compare_plan(const actual *a)
{
    size_t first = 0;
    bool named;
    while (first < a->m->n_parts &&
           (wg__op_of(a->gradient[first])->flags & WG_LEAF ||
            same_bits(wg__trace_value(a->wide, a->gradient[first]), wg_result(a->exec, a->gradient[first]))))
        first++;
    if (first == a->m->n_parts) {
        settle(a, (wg_check){ .what = "plan", .verdict = WG_PASS }, "", "all parameters");
        return WG_OK;
    }
    wg_status st = wg__alone_unkept(a->wide, (wg_nodes){ a->gradient, a->m->n_parts }, a->t->report, &named);
    if (!st && !named)
        settle(a, (wg_check){ .what = "plan", .kind = "other bits", .verdict = WG_FAIL },
               "has other bits where the compiler is free than where every value is kept", part_name(a, first));
    return st;
}

/* ---- f32 ---- */

/* || narrow - wide || / || wide ||; NaN where something is not finite. */
static double distance(const actual *a, wg_view narrow, wg_view wide)
{
    size_t n = count_of(&wide);
    if (narrow.dtype != WG_F32 || wide.dtype != WG_F64)
        return 0; /* this one is in f64 already */
    const float *x = wg_view_f32(narrow, NULL);
    const double *y = wg_view_f64(wide, NULL);
    if (!n || !x || !y || count_of(&narrow) != n)
        return n ? NAN : 0;
    wg__dot squares = wg__apart_many(a->t->threads, n, x, y);
    return squares.value == 0 ? 0 : sqrt(squares.value / squares.size);
}

/* Rounding grows with depth, and a unit that rounding switches over changes a gradient by much more: what is judged is each
 * operation on the operands that it had. Gradients only tell whether to look. */
static wg_status compare_narrow(const actual *a)
{
    const double suspicious = 1e-3, hopeless = 0.1;
    double worst = 0;
    size_t at = 0, guilty = 0;
    for (size_t i = 0; i < a->m->n_parts; i++) {
        double d =
            distance(a, wg_result(a->exec, a->gradient[i]), wg__trace_value(a->wide, a->t->m->parts[i].gradient));
        if (!(d <= worst))
            worst = d, at = i;
    }
    wg_status st = WG_OK;
    bool looked = a->m->n <= LARGE || !(worst <= suspicious);
    if (looked) {
        wg__trace kept;
        st = wg__trace_open(&kept, a->m, a->t->threads);
        if (!st)
            st = wg__alone_narrow(&kept, a->wide, &guilty);
        wg__trace_free(&kept);
    }
    if (st || guilty)
        return st;
    bool far = !(worst <= hopeless) && a->t->given;
    settle(a,
           (wg_check){ .what = "f32",
                       .kind = far ? "f32" : "",
                       .got = worst,
                       .error = worst,
                       .tolerance = hopeless,
                       .verdict = far ? WG_FAIL : WG_PASS },
           "in f32 is not that in f64", far ? part_name(a, at) : "all parameters");
    return WG_OK;
}

/* ---- threads ---- */

static wg_status name_by_threads(const actual *a, int threads, bool *named)
{
    wg__trace one, other;
    wg_status st = wg__trace_open(&one, a->m, a->t->threads), also = wg__trace_open(&other, a->m, threads);
    *named = !st && !also && wg__alone_differs(&one, &other, a->t->threads, threads, a->t->report);
    wg__trace_free(&one);
    wg__trace_free(&other);
    return st ? st : also;
}

static wg_status compare_threads(const actual *a, int threads, bool *same)
{
    wg_exec *e = gradients_on(a, threads);
    wg_status st = e ? WG_OK : wg_error_status();
    bool named;
    if (e)
        take_checksums(a, e, a->again);
    for (size_t i = 0; i < a->m->n_parts && !st && *same; i++) {
        if (a->again[i] == a->bits[i])
            continue;
        *same = false;
        st = name_by_threads(a, threads, &named);
        if (!st && !named)
            settle(a, (wg_check){ .what = "threads", .kind = "threads", .verdict = WG_FAIL },
                   "depends on the number of threads", part_name(a, i));
    }
    wg_exec_free(e);
    return st;
}

/* Checksums instead of the gradients themselves, whose memory the other runs take over. */
static wg_status try_threads(actual *a)
{
    int own = a->t->threads, most = a->m->n <= LARGE ? 3 : own == 1 ? 2 : 1;
    bool same = true;
    wg_status st = WG_OK;
    take_checksums(a, a->exec, a->bits);
    wg_exec_free(a->exec);
    a->exec = NULL;
    for (int threads = 1; threads <= most && same && !st; threads++)
        if (threads != own)
            st = compare_threads(a, threads, &same);
    if (!st && same)
        settle(a, (wg_check){ .what = "threads", .verdict = WG_PASS }, "", "all parameters");
    return st;
}

static wg_status judge(actual *a)
{
    wg__trial *t = a->t;
    wg_status st = WG_OK;
    if (a->in_f32) {
        st = wg__model_open_narrow(&a->narrow, t->scalar, t->gradients, t->at, &t->reuse);
        a->m = &a->narrow;
    }
    a->gradient = wg__alloc(NULL, t->m->n_parts, sizeof *a->gradient);
    a->bits = wg__alloc(NULL, 2 * t->m->n_parts, sizeof *a->bits);
    if (st || !a->gradient || !a->bits)
        return st ? st : WG_ERR_NOMEM;
    a->again = a->bits + t->m->n_parts;
    for (size_t i = 0; i < a->m->n_parts; i++)
        a->gradient[i] = a->m->parts[i].gradient;
    a->exec = gradients_on(a, t->threads);
    if (!a->exec)
        return wg_error_status();
    if (a->in_f32)
        st = compare_narrow(a);
    else
        st = compare_plan(a);
    return st ? st : try_threads(a);
}

wg_status wg__judge_actual(wg__trial *t, wg__trace *wide)
{
    actual a = { .t = t, .wide = wide, .m = t->m };
    a.in_f32 = wg_node_dtype(t->scalar) == WG_F32;
    for (size_t i = 0; i < t->m->n_parts; i++)
        a.in_f32 = a.in_f32 || wg_node_dtype(t->m->parts[i].leaf->source) == WG_F32;
    wg_status st = judge(&a);
    wg_exec_free(a.exec);
    wg__free(NULL, a.gradient, t->m->n_parts, sizeof *a.gradient);
    wg__free(NULL, a.bits, 2 * t->m->n_parts, sizeof *a.bits);
    if (a.in_f32)
        wg__model_free(&a.narrow);
    return st;
}
