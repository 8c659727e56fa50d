/* One operation under suspicion: the three-way verdict of verdict.c for each operand, its adjoint computed anew. */
#include "verify/model/suspect.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "verify/numerics/kinks.h"

typedef struct suspect {
    wg__trace *t;
    const wg__tape_entry *entry;
    wg__lone *lone;
    wg_view *in, *at, *out, *bar, *pulled; /* in: as they are; at: as moved */
    size_t count;                          /* of all results with a cotangent */
    int slot;
    double *room, *scale, *x; /* (of the slot) */
    size_t place;             /* the result's element that is looked at */
    wg__arena memory;
} suspect;

static size_t count_of(const wg_view *v) { return (size_t)wg_shape_count(v->shape); }

static bool set_up(suspect *s)
{
    const wg__operation *o = s->entry->of;
    wg__arena *a = &s->memory;
    size_t n = (size_t)o->n_in, m = (size_t)o->n_out;
    wg_view *views = wg__arena_alloc(a, (3 * n + 2 * m) * sizeof *views);
    bool *has = wg__arena_alloc(a, m * sizeof *has);
    if (!views || !has)
        return false;
    s->in = views, s->at = views + n, s->pulled = views + 2 * n, s->out = views + 3 * n, s->bar = views + 3 * n + m;
    for (size_t k = 0; k < n; k++)
        s->in[k] = s->at[k] = wg__trace_value(s->t, s->entry->in[k]);
    for (size_t r = 0; r < m; r++) {
        has[r] = s->entry->bar[r] != NULL;
        if (!has[r])
            continue;
        s->bar[r] = wg__trace_value(s->t, s->entry->bar[r]);
        s->count += count_of(&s->bar[r]);
    }
    s->lone = wg__lone_of(&s->t->lones, o, s->in);
    return s->lone && s->count && wg__lone_differentiate(&s->t->lones, s->lone, has) == WG_OK;
}

/* ---- for wg__subject ---- */

static wg_status value(void *user, const double *x, double *y)
{
    suspect *s = user;
    memcpy(s->x, x, count_of(&s->in[s->slot]) * sizeof *x);
    wg_status st = wg__lone_run(s->lone, s->at, s->out);
    for (int r = 0; r < s->entry->of->n_out && !st; r++)
        if (s->entry->bar[r]) {
            if (!s->out[r].data)
                return wg_error_status();
            memcpy(y, s->out[r].data, count_of(&s->bar[r]) * sizeof *y);
            y += count_of(&s->bar[r]);
        }
    return st;
}

static wg_status gradient(void *user, const double *x, double *g)
{
    suspect *s = user;
    size_t n = count_of(&s->in[s->slot]);
    memcpy(s->x, x, n * sizeof *x);
    wg_status st = wg__lone_pull(s->lone, s->at, s->bar, s->pulled);
    if (st)
        return st;
    const wg_view *found = &s->pulled[s->slot];
    if (!found->data || count_of(found) != n)
        return wg__fail(WG_ERR_SHAPE, "%s: its gradient for operand %d has another shape", s->entry->of->op->name,
                        s->slot);
    memcpy(g, found->data, n * sizeof *g);
    return WG_OK;
}

/* ---- keeping off kinks ---- */

static void take_room(void *user, const int64_t *at, double distance)
{
    suspect *s = user;
    double *room = &s->room[at[s->slot]];
    *room = fmin(*room, distance);
}

static void measure_room(suspect *s)
{
    const wg__operation *o = s->entry->of;
    for (size_t i = 0; i < count_of(&s->in[s->slot]); i++)
        s->room[i] = INFINITY;
    if (wg__has_kinks(o->op, o->n_in))
        wg__each_kink(o->op, o->attrs, o->n_in, s->at, wg__trace_value(s->t, o->out).shape, take_room, s);
}

/* An element that stands at a kink, or next to one, is moved aside: the adjoint's program is the same there. */
static void move_aside(suspect *s, wg__stream *stream, double *base)
{
    enum { TRIES = 8 };
    const double near = 0x1p-12, aside = 0x1p-4;
    size_t n = count_of(&s->in[s->slot]);
    for (int k = 0; k < TRIES; k++) {
        bool moved = false;
        memcpy(s->x, base, n * sizeof *base);
        measure_room(s);
        for (size_t i = 0; i < n; i++)
            if (s->room[i] < near * s->scale[i]) {
                base[i] += aside * wg__draw_signed(stream) * s->scale[i];
                moved = true;
            }
        if (!moved)
            return;
    }
    measure_room(s);
}

static wg_status judge(suspect *s, wg__stream *stream, wg__suspicion *out)
{
    size_t n = count_of(&s->in[s->slot]), at = 0;
    wg__arena *a = &s->memory;
    double *base = wg__arena_alloc(a, (n + 1) * sizeof *base), *v = wg__arena_alloc(a, (s->count + 1) * sizeof *v);
    s->room = wg__arena_alloc(a, (n + 1) * sizeof *s->room);
    s->scale = wg__arena_alloc(a, (n + 1) * sizeof *s->scale);
    s->x = wg__alloc_aligned(NULL, (n + 1) * sizeof *s->x);
    if (!base || !v || !s->room || !s->scale || !s->x) {
        wg__free(NULL, s->x, (n + 1) * sizeof *s->x, 1);
        return WG_ERR_NOMEM;
    }
    for (int r = 0; r < s->entry->of->n_out; r++)
        if (s->entry->bar[r]) {
            memcpy(v + at, s->bar[r].data, count_of(&s->bar[r]) * sizeof *v);
            at += count_of(&s->bar[r]);
        }
    memcpy(base, s->in[s->slot].data, n * sizeof *base);
    s->at[s->slot].data = s->x;
    wg__scale_of(n, base, s->scale);
    move_aside(s, stream, base);
    wg__round_point(n, base, s->scale);
    wg__subject f = { s, n, s->count, value, gradient, base, v, s->scale, s->room };
    wg_status st = wg__judge(&f, stream, &out->judgement);
    if (!st && out->judgement.verdict == WG_FAIL)
        wg__kind_of_claim(&f, s->in[s->slot].shape, &out->judgement, out->kind);
    s->at[s->slot] = s->in[s->slot];
    wg__free(NULL, s->x, (n + 1) * sizeof *s->x, 1);
    return st;
}

/* ---- what the graph's run has, against the operation alone ---- */

static bool differ(const wg_view *a, const wg_view *b)
{
    double large = 0, apart = 0;
    for (size_t i = 0; i < count_of(a) && count_of(a) == count_of(b) && a->data && b->data; i++) {
        double x = wg__load(a->data, a->dtype, (int64_t)i), y = wg__load(b->data, b->dtype, (int64_t)i);
        large = fmax(large, fabs(x));
        if (x != y && !(isnan(x) && isnan(y)))
            apart = wg__largest(apart, fabs(x - y));
    }
    return count_of(a) != count_of(b) || !(apart <= 1e-9 * large);
}

static wg_status compare_runs(suspect *s, wg__suspicion *out, int *n)
{
    const wg__tape_entry *e = s->entry;
    wg_status st = wg__lone_run(s->lone, s->in, s->out);
    *out = (wg__suspicion){ .slot = -1, .forward = true, .kind = "other values" };
    for (int r = 0; r < e->of->n_out && !st && !*n; r++) {
        wg_view kept = wg__trace_value(s->t, &e->of->out[r]);
        *n = differ(&s->out[r], &kept);
    }
    if (!st && !*n)
        st = wg__lone_pull(s->lone, s->in, s->bar, s->pulled);
    for (int k = 0; k < e->of->n_in && !st && !*n; k++) {
        if (!e->share[k] || !s->pulled[k].data)
            continue;
        wg_view kept = wg__trace_value(s->t, e->share[k]);
        out->forward = false;
        *n = differ(&s->pulled[k], &kept);
    }
    return st;
}

wg_status wg__suspect(wg__trace *t, wg__stream *stream, size_t entry, wg__suspicion found[WG__SUSPECT_SLOTS], int *n,
                      bool *decided)
{
    suspect s = { .t = t, .entry = &t->m->tape.at[entry] };
    s.memory.allocator = &wg__default_allocator;
    *n = 0;
    *decided = false;
    wg_status st = set_up(&s) ? WG_OK : wg_error_status() ? wg_error_status() : WG_ERR_NOMEM;
    for (s.slot = 0; s.slot < s.entry->of->n_in && !st && *n < WG__SUSPECT_SLOTS; s.slot++) {
        const wg_node *in = s.entry->in[s.slot];
        if (in->dtype != WG_F64 || !t->m->tape.depends[in->index])
            continue;
        found[*n] = (wg__suspicion){ .slot = s.slot };
        st = judge(&s, stream, &found[*n]);
        *decided = *decided || (!st && found[*n].judgement.verdict != WG_INCONCLUSIVE);
        *n += !st && found[*n].judgement.verdict == WG_FAIL;
    }
    if (!st && !*n)
        st = compare_runs(&s, found, n);
    wg__arena_free(&s.memory);
    return st;
}
