/* How far a whole model may be stepped before an operator in it meets a kink: each operand's distance to the nearest
 * kink, over the speed with which the step moves it. */
#include <math.h>

#include "verify/model/model.h"
#include "verify/numerics/kinks.h"

enum { DIRECTIONS = 2 };

/* The operands of one kinked operation: where the speeds of each begin. */
typedef struct kinked {
    const wg__operation *of;
    size_t begin[WG__KINK_OPERANDS];
} kinked;

typedef struct survey {
    wg__model *m;
    wg__arena arena;
    kinked *at;
    wg_node **wanted; /* all their operands */
    size_t n, n_wanted, total;
    wg_exec *exec;
    double *speed;            /* (total): the largest met, for a step of length 1 */
    double *point, *d, *plus; /* (n of theta) twice; (total) */
    const kinked *now;
    double reach;
} survey;

static bool find_kinked(survey *s)
{
    const wg_graph *g = s->m->twin.graph;
    unsigned char *needed = wg__arena_alloc(&s->arena, g->n_nodes);
    s->at = wg__arena_alloc(&s->arena, g->n_nodes * sizeof *s->at);
    s->wanted = wg__arena_alloc(&s->arena, (g->n_nodes + 1) * WG__KINK_OPERANDS * sizeof *s->wanted);
    if (!needed || !s->at || !s->wanted)
        return false;
    wg__mark_needed(g, (wg_nodes){ &s->m->scalar, 1 }, needed);
    for (size_t i = 0; i < g->n_nodes; i++) {
        const wg__operation *o = g->nodes[i]->operation;
        if (!needed[i] || !wg__has_kinks(o->op, o->n_in))
            continue;
        s->at[s->n++].of = o;
        for (int slot = 0; slot < o->n_in; slot++)
            s->wanted[s->n_wanted++] = o->in[slot];
    }
    return true;
}

/* Finds where each operand's elements go, once a run has told the shapes. */
static bool lay_out(survey *s)
{
    for (size_t i = 0; i < s->n; i++)
        for (int slot = 0; slot < s->at[i].of->n_in; slot++) {
            s->at[i].begin[slot] = s->total;
            int64_t count = wg_shape_count(wg_result(s->exec, s->at[i].of->in[slot]).shape);
            s->total += count > 0 ? (size_t)count : 0;
        }
    s->speed = wg__arena_alloc(&s->arena, (s->total + 1) * sizeof(double));
    s->plus = wg__arena_alloc(&s->arena, (s->total + 1) * sizeof(double));
    s->point = wg__arena_alloc(&s->arena, (s->m->n + 1) * sizeof(double));
    s->d = wg__arena_alloc(&s->arena, (s->m->n + 1) * sizeof(double));
    return s->speed && s->plus && s->point && s->d;
}

/* Runs at theta + h d. */
static wg_status run_at(survey *s, double h)
{
    for (size_t i = 0; i < s->m->n; i++)
        s->point[i] = s->m->theta[i] + h * s->d[i];
    for (size_t i = 0; i < s->m->n_parts; i++) {
        wg__twin_input *leaf = s->m->parts[i].leaf;
        for (size_t k = 0; k < leaf->count; k++)
            ((double *)leaf->data)[k] = s->point[s->m->parts[i].begin + k];
    }
    return wg_run(s->exec);
}

static void each_value(const survey *s, void (*visit)(const survey *, size_t at, double value))
{
    for (size_t i = 0; i < s->n; i++)
        for (int slot = 0; slot < s->at[i].of->n_in; slot++) {
            wg_view v = wg_result(s->exec, s->at[i].of->in[slot]);
            int64_t count = wg_shape_count(v.shape);
            for (int64_t k = 0; k < count; k++)
                visit(s, s->at[i].begin[slot] + (size_t)k, wg_view_at(v, k));
        }
}

static const double step = 0x1p-20;

static void remember(const survey *s, size_t at, double value) { s->plus[at] = value; }

static void measure(const survey *s, size_t at, double value)
{
    s->speed[at] = fmax(s->speed[at], fabs(s->plus[at] - value) / (2 * step));
}

static wg_status measure_speeds(survey *s, wg__stream *stream)
{
    wg_status st = WG_OK;
    for (int k = 0; k < DIRECTIONS && !st; k++) {
        for (size_t i = 0; i < s->m->n; i++)
            s->d[i] = wg__draw_signed(stream) * s->m->scale[i];
        if ((st = run_at(s, step)))
            return st;
        each_value(s, remember);
        if (!(st = run_at(s, -step)))
            each_value(s, measure);
    }
    return st;
}

static void look(void *user, const int64_t *at, double distance)
{
    survey *s = user;
    double speed = 0;
    for (int slot = 0; slot < s->now->of->n_in; slot++)
        speed += s->speed[s->now->begin[slot] + (size_t)at[slot]];
    if (speed > 0 && distance / speed < s->reach)
        s->reach = distance / speed;
}

static wg_status measure_reach(survey *s)
{
    wg_status st = run_at(s, 0);
    for (size_t i = 0; i < s->n && !st; i++) {
        const wg__operation *o = s->at[i].of;
        wg_view in[WG__KINK_OPERANDS];
        wg_shape shape = { { 0 }, 0 };
        int axis;
        bool fits = true;
        for (int slot = 0; slot < o->n_in; slot++) {
            in[slot] = wg_result(s->exec, o->in[slot]);
            fits = fits && in[slot].data && wg__broadcast(&shape, &in[slot].shape, &shape, &axis);
        }
        s->now = &s->at[i];
        if (fits)
            wg__each_kink(o->op, o->attrs, o->n_in, in, shape, look, s);
    }
    return st;
}

/* How far theta may be stepped: infinite where there are no kinks. */
static wg_status reach_of(wg__model *m, wg__stream *stream, double *reach)
{
    survey s = { .m = m, .reach = INFINITY };
    s.arena.allocator = &wg__default_allocator;
    wg_status st = find_kinked(&s) ? WG_OK : WG_ERR_NOMEM;
    if (!st && s.n) {
        s.exec = wg__twin_exec(&m->twin, m->mode, (wg_nodes){ s.wanted, s.n_wanted });
        st = s.exec ? wg_run(s.exec) : wg_error_status();
        if (!st && !lay_out(&s))
            st = WG_ERR_NOMEM;
        if (!st)
            st = measure_speeds(&s, stream);
        if (!st)
            st = measure_reach(&s);
    }
    *reach = s.reach / 2; /* other directions may be twice as fast as the ones tried */
    wg_exec_free(s.exec);
    wg__arena_free(&s.arena);
    return st;
}

/* Looks for a point with a better reach a little beside `start`; leaves the best in theta. */
static wg_status move_off(wg__model *m, wg__stream *stream, const double *start, double *best, double enough,
                          double *reach)
{
    enum { TRIES = 8 };
    const double displacement = 0x1p-6;
    wg_status st = WG_OK;
    for (size_t i = 0; i < m->n; i++)
        best[i] = start[i];
    for (int k = 0; k < TRIES && *reach < enough && !st; k++) {
        double found;
        for (size_t i = 0; i < m->n; i++)
            m->theta[i] = start[i] + displacement * wg__draw_signed(stream) * m->scale[i];
        st = reach_of(m, stream, &found);
        if (st || !(found > *reach))
            continue;
        *reach = found;
        for (size_t i = 0; i < m->n; i++)
            best[i] = m->theta[i];
    }
    for (size_t i = 0; i < m->n; i++)
        m->theta[i] = best[i];
    return st;
}

wg_status wg__keep_off_kinks(wg__model *m, wg__stream *stream)
{
    /* A reach below `enough` is worth a move; steps below `least` drown in rounding: a kink that is nearer is crossed,
     * and differences will say that they are unsure. */
    const double enough = 0x1p-14, least = 0x1p-24;
    double reach, *work = wg__alloc(NULL, 2 * m->n + 1, sizeof *work);
    wg_status st = work ? reach_of(m, stream, &reach) : WG_ERR_NOMEM;
    if (!st && reach < enough) {
        for (size_t i = 0; i < m->n; i++)
            work[i] = m->theta[i];
        st = move_off(m, stream, work, work + m->n, enough, &reach);
    }
    for (size_t i = 0; i < m->n && !st; i++)
        m->room[i] = fmax(reach, least) * m->scale[i];
    wg__free(NULL, work, 2 * m->n + 1, sizeof *work);
    return st;
}
