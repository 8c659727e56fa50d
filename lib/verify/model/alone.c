/* Which operation of a run gives something else than it should, with no derivative in play. */
#include "verify/model/alone.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "exec/exec.h"
#include "tensor/shape.h"

static size_t count_of(const wg_view *v) { return (size_t)wg_shape_count(v->shape); }

/* ---- f32 ---- */

typedef struct comparison {
    wg__trace *narrow, *wide;
    const wg__tape_entry *entry, *twin;
    wg__lone *lone;
    wg_view *in, *bar, *out, *pulled;
    wg__stream stream;
    wg__arena memory; /* of one entry */
} comparison;

/* A view's elements as the twin's type, with every one a little smaller: labels and probabilities stay what they are. */
static wg_view widened(comparison *c, wg_view v, wg_dtype type, double wobble)
{
    size_t n = count_of(&v), bytes = n * wg_dtype_size(type);
    char *room = wg__arena_alloc(&c->memory, bytes + WG__ALIGN);
    if (!room)
        return (wg_view){ 0 };
    void *data = room + (WG__ALIGN - (uintptr_t)room % WG__ALIGN) % WG__ALIGN;
    wg__convert(data, type, v.data, v.dtype, (int64_t)n);
    for (size_t i = 0; type == WG_F64 && wobble != 0 && i < n; i++)
        ((double *)data)[i] *= 1 - wobble * wg__draw(&c->stream);
    return wg_view_of(data, type, v.shape);
}

static bool widen_all(comparison *c, double wobble)
{
    const wg__operation *o = c->twin->of;
    for (int s = 0; s < o->n_in; s++)
        if (!(c->in[s] = widened(c, wg__trace_value(c->narrow, c->entry->in[s]), o->in[s]->dtype, wobble)).data)
            return false;
    for (int r = 0; r < o->n_out; r++)
        if (c->entry->bar[r] &&
            !(c->bar[r] = widened(c, wg__trace_value(c->narrow, c->entry->bar[r]), o->out[r].dtype, wobble)).data)
            return false;
    return true;
}

static double norm_of(const double *a, const double *b, size_t n)
{
    long double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ((long double)a[i] - (b ? b[i] : 0)) * ((long double)a[i] - (b ? b[i] : 0));
    return (double)sqrtl(sum);
}

/* What is compared: result r, or the share of slot s. */
typedef struct item {
    const wg_node *narrow; /* NULL: nothing */
    const wg_view *wide;
    int slot;
} item;

static item item_at(const comparison *c, int k)
{
    int m = c->twin->of->n_out;
    if (k < m)
        return (item){ c->twin->of->out[k].dtype == WG_F64 ? &c->entry->of->out[k] : NULL, &c->out[k], -1 };
    return (item){ c->lone->backward && c->pulled[k - m].data ? c->entry->share[k - m] : NULL, &c->pulled[k - m],
                   k - m };
}

static wg_status run_wide(comparison *c, bool adjoint)
{
    wg_status st = wg__lone_run(c->lone, c->in, c->out);
    return st || !adjoint ? st : wg__lone_pull(c->lone, c->in, c->bar, c->pulled);
}

static bool prepare(comparison *c, bool *adjoint)
{
    const wg__operation *o = c->twin->of;
    size_t n = (size_t)o->n_in, m = (size_t)o->n_out;
    wg_view *views = wg__arena_alloc(&c->memory, 2 * (n + m) * sizeof *views);
    bool *has = wg__arena_alloc(&c->memory, (m + 1) * sizeof *has);
    if (!views || !has)
        return false;
    c->in = views, c->pulled = views + n, c->bar = views + 2 * n, c->out = views + 2 * n + m;
    *adjoint = false;
    for (size_t r = 0; r < m; r++)
        *adjoint = (has[r] = c->entry->bar[r] != NULL) || *adjoint;
    if (!widen_all(c, 0) || !(c->lone = wg__lone_of(&c->wide->lones, o, c->in)))
        return false;
    bool any = false;
    for (size_t s = 0; s < n; s++)
        any = any || c->entry->share[s];
    *adjoint = *adjoint && any && !wg__lone_differentiate(&c->wide->lones, c->lone, has);
    return true;
}

static void accuse(const comparison *c, const item *it, double apart, double size, double tolerance)
{
    char label[WG__BLAME_LABEL];
    const wg__operation *o = c->entry->of;
    wg_check check = { .op = o->op->name,
                       .node = wg__blame_name(c->narrow, o->out),
                       .what = "f32",
                       .kind = it->slot < 0 ? "f32 values" : "f32 gradient",
                       .slot = it->slot,
                       .order = it->slot < 0 ? 0 : 1,
                       .sample = -1,
                       .expected = size,
                       .got = apart,
                       .tolerance = tolerance,
                       .verdict = WG_FAIL };
    wg__blame_label(c->narrow, o->out, label);
    if (it->slot < 0)
        wg__report_add(c->wide->report, check,
                       "%s: in f32 its values are wrong: %.2g off in norm, of %.6g; f64 is right", label, apart, size);
    else
        wg__report_add(c->wide->report, check,
                       "%s: in f32 its gradient for operand %d is wrong: %.2g off in norm, of %.6g; f64 is right",
                       label, it->slot, apart, size);
}

/* Off by more than rounding, for results of that length of sums, and than what a rounding of the operands does to them? */
static wg_status compare_entry(comparison *c, size_t *guilty)
{
    enum { MOST = 64 };
    double apart[MOST], size[MOST], *first[MOST];
    bool adjoint;
    const wg__operation *o = c->twin->of;
    int n = o->n_out + o->n_in;
    if (!prepare(c, &adjoint))
        return wg_error_status() ? wg_error_status() : WG_ERR_NOMEM;
    wg_status st = n > MOST ? WG_OK : run_wide(c, adjoint);
    size_t longest = 1;
    for (int s = 0; s < o->n_in; s++)
        longest = count_of(&c->in[s]) > longest ? count_of(&c->in[s]) : longest;
    for (int k = 0; k < n && n <= MOST && !st; k++) {
        item it = item_at(c, k);
        first[k] = NULL;
        if (!it.narrow || !(adjoint || it.slot < 0))
            continue;
        wg_view narrow = widened(c, wg__trace_value(c->narrow, it.narrow), WG_F64, 0),
                wide = widened(c, *it.wide, WG_F64, 0);
        if (!narrow.data || !wide.data)
            return WG_ERR_NOMEM;
        if (count_of(&narrow) != count_of(&wide))
            continue;
        first[k] = (double *)wide.data;
        apart[k] = norm_of(narrow.data, wide.data, count_of(&wide));
        size[k] = norm_of(wide.data, NULL, count_of(&wide));
    }
    if (st || n > MOST)
        return st;
    if (!widen_all(c, 8 * WG__U32))
        return WG_ERR_NOMEM;
    if (run_wide(c, adjoint))
        return WG_OK; /* beside its operands it cannot be asked: then nothing is known of its rounding */
    for (int k = 0; k < n; k++) {
        item it = item_at(c, k);
        if (!first[k])
            continue;
        double moved = norm_of(it.wide->data, first[k], count_of(it.wide));
        double tolerance = 12 * sqrt((double)longest) * WG__U32 * size[k] / sqrt((double)count_of(it.wide)) +
                           16 * WG__U32 * size[k] + 4 * moved;
        if (wg__within(apart[k], 0, tolerance) || !isfinite(size[k]))
            continue;
        accuse(c, &it, apart[k], size[k], tolerance);
        ++*guilty;
    }
    return WG_OK;
}

wg_status wg__alone_narrow(wg__trace *narrow, wg__trace *wide, size_t *guilty)
{
    comparison c = { .narrow = narrow, .wide = wide, .stream = { 3, 0 } };
    const wg__tape *a = &narrow->m->tape, *b = &wide->m->tape;
    wg_status st = WG_OK;
    c.memory.allocator = &wg__default_allocator;
    for (size_t i = 0; i < a->n && a->n == b->n && !st; i++) {
        c.entry = &a->at[i], c.twin = &b->at[i];
        if (c.entry->of->op != c.twin->of->op || c.entry->of->op->flags & (WG_LEAF | WG_EFFECT))
            continue;
        st = compare_entry(&c, guilty);
        wg__arena_free(&c.memory);
    }
    return st;
}

/* ---- threads ---- */

static bool same(const wg__trace *a, const wg__trace *b, const wg_node *n)
{
    if (!n)
        return true;
    wg_view x = wg__trace_value(a, n), y = wg__trace_value(b, n);
    size_t bytes = count_of(&x) * wg_dtype_size(x.dtype);
    return !bytes || (x.data && y.data && !memcmp(x.data, y.data, bytes));
}

static bool all_same(const wg__trace *a, const wg__trace *b, wg_node *const *nodes, int n)
{
    for (int i = 0; i < n; i++)
        if (!same(a, b, nodes[i]))
            return false;
    return true;
}

static bool tell(const wg__trace *a, const wg__tape_entry *e, int slot, int threads_a, int threads_b, wg_report *report)
{
    char label[WG__BLAME_LABEL], which[48] = "value";
    wg_check check = { .op = e->of->op->name,
                       .node = wg__blame_name(a, e->of->out),
                       .what = "threads",
                       .kind = "threads",
                       .slot = slot,
                       .order = slot >= 0,
                       .sample = -1,
                       .verdict = WG_FAIL };
    if (slot >= 0)
        snprintf(which, sizeof which, "gradient for operand %d", slot);
    wg__report_add(report, check, "%s: its %s has other bits with %d threads than with %d",
                   wg__blame_label(a, e->of->out, label), which, threads_b, threads_a);
    return true;
}

bool wg__alone_differs(const wg__trace *a, const wg__trace *b, int threads_a, int threads_b, wg_report *report)
{
    const wg__tape *tape = &a->m->tape;
    for (size_t i = 0; i < tape->n; i++) {
        const wg__tape_entry *e = &tape->at[i];
        for (int r = 0; r < e->of->n_out && !(e->of->op->flags & WG_LEAF); r++)
            if (!same(a, b, &e->of->out[r]) && all_same(a, b, e->in, e->of->n_in))
                return tell(a, e, -1, threads_a, threads_b, report);
    }
    for (size_t i = tape->n; i-- > 0;) {
        const wg__tape_entry *e = &tape->at[i];
        for (int s = 0; s < e->of->n_in; s++)
            if (!same(a, b, e->share[s]) && all_same(a, b, e->bar, e->of->n_out))
                return tell(a, e, s, threads_a, threads_b, report);
    }
    return false;
}

/* ---- what the compiler makes of it ---- */

typedef struct unkept {
    const wg__trace *kept;
    wg_node **wanted; /* (n + 2): then the node that is looked at, and one that is kept for it */
    size_t n;
    const wg__tape_entry *entry; /* what was found: the operation; */
    int slot;                    /* its operand, where it is the adjoint; -1: its value */
    const wg_node
        *node; /* or an operand of what was found, which is right as soon as it is kept; NULL: it is not that */
} unkept;

static bool is_computed(const wg_node *n) { return n && !(wg__op_of(n)->flags & (WG_LEAF | WG_EFFECT)); }

/* Has n other bits in a plan that keeps it, and `also` (may be NULL)? */
static wg_status has_other_bits(const unkept *u, wg_node *n, wg_node *also, bool *other)
{
    *other = false;
    u->wanted[u->n] = n, u->wanted[u->n + 1] = also;
    wg_exec *e = wg__twin_exec_on(&u->kept->m->twin, u->kept->m->mode,
                                  (wg_nodes){ u->wanted, u->n + 1 + (also != NULL) }, u->kept->lones.threads);
    wg_status st = e ? wg_run(e) : wg_error_status();
    if (!st) {
        wg_view now = wg_result(e, n), then = wg__trace_value(u->kept, n);
        size_t bytes = count_of(&now) * wg_dtype_size(now.dtype);
        *other = bytes && (!now.data || !then.data || memcmp(now.data, then.data, bytes) != 0);
    }
    wg_exec_free(e);
    return st;
}

/* An operand that is fused with its reader is wrong only where it is not kept. */
static wg_status look_at_operands(unkept *u, wg_node *n)
{
    wg_status st = WG_OK;
    bool other = true;
    for (int s = 0; s < n->operation->n_in && !st && !u->node; s++) {
        wg_node *in = n->operation->in[s];
        if (!is_computed(in))
            continue;
        st = has_other_bits(u, n, in, &other);
        u->node = !st && !other ? in : NULL;
    }
    return st;
}

static wg_status look_at_node(unkept *u, wg_node *n, const wg__tape_entry *e, int slot)
{
    bool other = false;
    wg_status st = is_computed(n) && !u->entry ? has_other_bits(u, n, NULL, &other) : WG_OK;
    if (st || !other)
        return st;
    u->entry = e, u->slot = slot;
    return look_at_operands(u, n);
}

static wg_status look_at_entry(unkept *u, const wg__tape_entry *e, bool forward)
{
    wg_status st = WG_OK;
    for (int r = 0; r < e->of->n_out && forward && !st; r++)
        st = look_at_node(u, &e->of->out[r], e, -1);
    for (int s = 0; s < e->of->n_in && !forward && !st; s++)
        st = look_at_node(u, e->share[s], e, s);
    return st;
}

static void tell_unkept(const unkept *u, wg_report *report)
{
    char label[WG__BLAME_LABEL], which[48] = "value";
    const wg_node *n = u->node ? u->node : u->entry->of->out;
    int slot = u->node ? -1 : u->slot;
    wg_check check = { .op = wg__op_of(n)->name,
                       .node = wg__blame_name(u->kept, n),
                       .what = "plan",
                       .kind = "other bits",
                       .slot = slot,
                       .order = slot >= 0,
                       .sample = -1,
                       .verdict = WG_FAIL };
    if (slot >= 0)
        snprintf(which, sizeof which, "gradient for operand %d", slot);
    wg__report_add(report, check, "%s: its %s has other bits where the compiler is free than where every value is kept",
                   wg__blame_label(u->kept, n, label), which);
}

wg_status wg__alone_unkept(const wg__trace *kept, wg_nodes wanted, wg_report *report, bool *named)
{
    const wg__tape *tape = &kept->m->tape;
    unkept u = { .kept = kept, .wanted = wg__alloc(NULL, wanted.n + 2, sizeof(wg_node *)), .n = wanted.n };
    wg_status st = u.wanted ? WG_OK : WG_ERR_NOMEM;
    if (!st)
        memcpy(u.wanted, wanted.at, wanted.n * sizeof *u.wanted);
    for (size_t k = 0; k < 2 * tape->n && !st && !u.entry; k++) { /* the forward pass in its order, then the other */
        bool forward = k < tape->n;
        st = look_at_entry(&u, &tape->at[forward ? k : 2 * tape->n - 1 - k], forward);
    }
    *named = !st && u.entry;
    if (*named)
        tell_unkept(&u, report);
    wg__free(NULL, u.wanted, wanted.n + 2, sizeof *u.wanted);
    return st;
}
