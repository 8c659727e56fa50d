/* Differences of one operation along the tangents of its operands, extrapolated.
 *
 * Where an operator works element by element on operands of one shape, every element has a step of its own, as long as
 * its value and the distance to its kink allow; elsewhere one step serves all. Two rows of the triangle are enough for whatever is
 * linear or bilinear, and those are the large ones; the others go on until the rows agree. */
#include "verify/model/push.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "kernels/vecmath.h"
#include "verify/numerics/kinks.h"

bool wg__buffer64_fit(wg__buffer64 *b, size_t count)
{
    size_t bytes = (count + 1) * sizeof(double);
    if (bytes <= b->bytes)
        return true;
    wg__buffer64_free(b);
    b->at = wg__alloc_aligned(NULL, bytes);
    b->bytes = b->at ? bytes : 0;
    return b->at != NULL;
}

void wg__buffer64_free(wg__buffer64 *b)
{
    wg__free(NULL, b->at, b->bytes, 1);
    *b = (wg__buffer64){ 0 };
}

void wg__push_room_free(wg__push_room *r)
{
    for (int l = 0; l < WG__LEVELS_MAX; l++)
        wg__buffer64_free(&r->row[l]);
    wg__buffer64_free(&r->plus);
    wg__buffer64_free(&r->middle);
    wg__buffer64_free(&r->per);
}

/* ---- steps ---- */

static size_t count_of(const wg_view *v) { return (size_t)wg_shape_count(v->shape); }

bool wg__push_alone(const wg__push *p)
{
    if (!(p->of->op->flags & WG_ELEMENTWISE) || p->of->n_out != 1 || p->of->n_in > WG__KINK_OPERANDS)
        return false;
    for (int s = 0; s < p->of->n_in; s++)
        if (!wg_shape_equal(p->in[s].shape, p->out->shape) && (p->tangent[s] || count_of(&p->in[s]) != 1))
            return false;
    return true;
}

/* The distance of the operands at element e, moved by h along their tangents, to the nearest kink. */
static double distance(const wg__push *p, size_t e, double h)
{
    double x[WG__KINK_OPERANDS];
    for (int s = 0; s < p->of->n_in; s++) {
        if (p->tangent[s]) /* of the result's shape, then */
            x[s] = ((const double *)p->in[s].data)[e] + h * p->tangent[s][e];
        else
            x[s] = wg__load(p->in[s].data, p->in[s].dtype, count_of(&p->in[s]) == 1 ? 0 : (int64_t)e);
    }
    return p->of->op->kink(p->of->attrs, x);
}

/* The largest power of two that is not above x, a normal number. */
static double power_below(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0xfff0000000000000u;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* How far element e may go, in units of its tangents; 0: it stands on a kink. A kink that the tangents run along is none. */
static double reach_of(const wg__push *p, size_t e, double speed, double natural)
{
    const double least = 0x1p-40;
    double far = distance(p, e, 0), reach = far / (4 * speed);
    if (reach > natural)
        return natural;
    if (reach > least * natural)
        return reach;
    return distance(p, e, natural) == far && distance(p, e, -natural) == far ? natural : 0;
}

typedef struct grading {
    wg__push *p;
    double rms[WG__KINK_OPERANDS];
    atomic_size_t left_out;
} grading;

/* For `n` elements from `begin` on, at most BLOCK of them: how far they may go by their sizes, and sum |tangent|. */
static void reach_by_size(const grading *g, size_t begin, size_t n, double *reach, double *speed)
{
    const wg__push *p = g->p;
    for (size_t i = 0; i < n; i++)
        reach[i] = INFINITY, speed[i] = 0;
    for (int s = 0; s < p->of->n_in; s++) {
        if (!p->tangent[s])
            continue;
        const double *x = (const double *)p->in[s].data + begin, *d = p->tangent[s] + begin;
        double rms = g->rms[s], least = rms > 0 ? rms : 1;
        WG_SIMD for (size_t i = 0; i < n; i++)
        {
            double fast = fabs(d[i]), size = fabs(x[i]);
            double natural = (size > rms ? size : least) / (8 * fast); /* infinite at rest */
            reach[i] = natural < reach[i] ? natural : reach[i];
            speed[i] += fast;
        }
    }
}

static void grade(void *arg, size_t begin, size_t end)
{
    enum { BLOCK = 512 };
    grading *g = arg;
    const wg__push *p = g->p;
    double reach[BLOCK], speed[BLOCK], step[BLOCK];
    size_t left_out = 0;
    for (size_t n; begin < end; begin += n) {
        n = end - begin < BLOCK ? end - begin : BLOCK;
        reach_by_size(g, begin, n, reach, speed);
        for (size_t i = 0; i < n; i++) {
            bool moves = speed[i] > 0;
            double far = moves && isfinite(reach[i]) ? reach[i] : 1;
            if (moves && p->of->op->kink)
                far = reach_of(p, begin + i, speed[i], far);
            bool out = !(far >= DBL_MIN);
            double power = out || !isfinite(far) ? 1 : power_below(far);
            p->room->per.at[begin + i] = 1 / power;
            step[i] = out ? 0 : power;
            left_out += out;
            if (p->left_out)
                p->left_out[begin + i] = out;
        }
        for (int s = 0; s < p->of->n_in; s++) {
            if (!p->tangent[s])
                continue;
            const double *d = p->tangent[s] + begin;
            double *to = p->step[s] + begin;
            WG_SIMD for (size_t i = 0; i < n; i++) to[i] = step[i] != 0 ? step[i] * d[i] : 0;
        }
    }
    atomic_fetch_add(&g->left_out, left_out);
}

/* Each element's step, a power of two in units of its tangent: one over it in `per`, the steps themselves in step[]. */
static bool grade_elements(wg__push *p)
{
    size_t n = count_of(p->out);
    grading g = { .p = p };
    if (!wg__buffer64_fit(&p->room->per, n))
        return false;
    for (int s = 0; s < p->of->n_in; s++)
        g.rms[s] = p->tangent[s] ? wg__rms_about(n, p->in[s].data) : 0;
    wg__each_range(p->threads, n, grade, &g);
    p->n_left_out = atomic_load(&g.left_out);
    return true;
}

/* One step for all: an eighth of the operands' sizes, in units of their tangents. */
static double common_step(wg__push *p)
{
    double h = INFINITY;
    for (int s = 0; s < p->of->n_in; s++) {
        size_t n = count_of(&p->in[s]);
        if (!p->tangent[s])
            continue;
        double fast = wg__rms_about(n, p->tangent[s]), size = wg__rms_about(n, p->in[s].data);
        if (fast > 0)
            h = fmin(h, (size > 0 ? size : 1) / (8 * fast));
    }
    return isfinite(h) && h >= DBL_MIN ? power_below(h) : 1;
}

typedef struct broadcast_kinks {
    wg__push *p;
    double h, reach; /* the step; the least reach of all elements that move */
    size_t e;
} broadcast_kinks;

/* Elements of a broadcasting operator that stand at a kink rest, in all operands. */
static void look(void *user, const int64_t *at, double distance)
{
    const double least = 0x1p-20;
    broadcast_kinks *b = user;
    wg__push *p = b->p;
    double speed = 0;
    size_t e = b->e++;
    for (int s = 0; s < p->of->n_in; s++)
        speed += p->tangent[s] ? fabs(p->step[s][at[s]]) : 0;
    if (!(speed > 0) || distance >= 4 * speed)
        return;
    if (distance / (4 * speed) > least) {
        b->reach = fmin(b->reach, distance / (4 * speed));
        return;
    }
    for (int s = 0; s < p->of->n_in; s++)
        if (p->tangent[s])
            p->step[s][at[s]] = 0;
    p->n_left_out++;
    if (p->left_out)
        p->left_out[e] = 1;
}

static void keep_off_kinks(wg__push *p)
{
    broadcast_kinks b = { p, 1, 1, 0 };
    wg__each_kink(p->of->op, p->of->attrs, p->of->n_in, p->in, p->out->shape, look, &b);
    if (b.reach == 1)
        return;
    double shorter = power_below(b.reach);
    for (int s = 0; s < p->of->n_in; s++)
        for (size_t i = 0; p->tangent[s] && i < count_of(&p->in[s]); i++)
            p->step[s][i] *= shorter;
    p->room->per.at[0] /= shorter;
}

/* Sets step[], and in `per` how many steps make up the tangents: by element, or one number for all. */
static bool set_steps(wg__push *p, bool alone)
{
    if (p->left_out)
        memset(p->left_out, 0, count_of(p->out));
    if (alone)
        return grade_elements(p);
    if (!wg__buffer64_fit(&p->room->per, 1))
        return false;
    double h = common_step(p);
    p->room->per.at[0] = 1 / h;
    if (!wg__has_kinks(p->of->op, p->of->n_in)) {
        p->unit = h;
        for (int s = 0; s < p->of->n_in; s++)
            p->step[s] = (double *)p->tangent[s];
        return true;
    }
    for (int s = 0; s < p->of->n_in; s++)
        for (size_t i = 0; p->tangent[s] && i < count_of(&p->in[s]); i++)
            p->step[s][i] = h * p->tangent[s][i];
    keep_off_kinks(p);
    return true;
}

/* ---- rows ---- */

static size_t results_count(const wg__push *p)
{
    size_t n = 0;
    for (int r = 0; r < p->of->n_out; r++)
        n += p->pushed[r] ? count_of(&p->out[r]) : 0;
    return n;
}

typedef struct beside {
    const double *x, *step;
    double by, *to;
} beside;

static void move(void *arg, size_t begin, size_t end)
{
    const beside *b = arg;
    const double *x = b->x, *step = b->step;
    double by = b->by, *to = b->to;
    WG_SIMD for (size_t i = begin; i < end; i++) to[i] = x[i] + by * step[i];
}

static wg_status run_at(wg__push *p, wg_view *operands, double h, wg_view *out)
{
    for (int s = 0; s < p->of->n_in; s++) {
        operands[s] = p->in[s];
        if (!p->tangent[s])
            continue;
        beside b = { p->in[s].data, p->step[s], h * p->unit, p->moved[s] };
        wg__each_range(p->threads, count_of(&p->in[s]), move, &b);
        operands[s].data = b.to;
    }
    return wg__lone_run(p->lone, operands, out);
}

/* to = (plus - now) / 2 h, in units of the tangents. */
static void subtract(const wg__push *p, bool alone, const double *plus, const double *now, size_t n, double h,
                     double *to)
{
    const double *per = p->room->per.at;
    double inverse = 1 / (2 * h); /* a power of two: exact */
    if (alone)
        WG_SIMD for (size_t i = 0; i < n; i++) to[i] = (plus[i] - now[i]) * (inverse * per[i]);
    else {
        inverse *= per[0];
        WG_SIMD for (size_t i = 0; i < n; i++) to[i] = (plus[i] - now[i]) * inverse;
    }
}

/* What the results would be half a step ahead if they were quadratic, from those at a step ahead, behind, and at the
 * point. */
static void predict(wg__push *p, const wg_view *behind)
{
    const double *ahead = p->room->plus.at;
    double *to = p->room->middle.at;
    for (int r = 0; r < p->of->n_out; r++) {
        size_t n = p->pushed[r] ? count_of(&p->out[r]) : 0;
        const double *here = p->out[r].data, *back = behind[r].data;
        WG_SIMD for (size_t i = 0; i < n; i++) to[i] = 0.75 * here[i] + 0.375 * ahead[i] - 0.125 * back[i];
        ahead += n, to += n;
    }
}

/* Which slots move, as bits; 0: too many to tell. */
static uint64_t moving(const wg__push *p)
{
    uint64_t slots = 0;
    for (int s = 0; s < p->of->n_in; s++)
        slots |= s < 64 && p->tangent[s] ? (uint64_t)1 << s : 0;
    return p->of->n_in <= 64 ? slots : 0;
}

/* What was so of the same operation elsewhere is taken to be so here; a residual that comes of it is looked into. */
static bool was_quadratic(const wg__push *p)
{
    uint64_t slots = moving(p);
    return slots && !(slots & ~p->lone->quadratic);
}

/* Linear and bilinear operators, whose first row is exact, are known by meeting the prediction: *error is then how far
 * they may be off, by the third derivative that would explain what the prediction misses. */
static bool is_quadratic(wg__push *p, wg_view *views, double h, double noise, double size, double *error)
{
    wg_view *out = views + p->of->n_in;
    const double *middle = p->room->middle.at;
    double apart = 0;
    if (run_at(p, views, h / 2, out))
        return false;
    for (int r = 0; r < p->of->n_out; r++) {
        size_t n = p->pushed[r] ? count_of(&p->out[r]) : 0;
        const double *y = out[r].data;
        for (size_t i = 0; p->cotangent[r] && i < n; i++)
            apart += fabs(p->cotangent[r][i] * (y[i] - middle[i]));
        middle += n;
    }
    *error = 3 * apart / h * p->room->per.at[0] + noise / h;
    if (!(*error <= 16 * noise / h + 1e-13 * size))
        return false;
    p->lone->quadratic |= moving(p);
    p->lone->roughness = fmax(p->lone->roughness, noise > 0 ? *error / (noise / h) : 0);
    return true;
}

/* The differences for one step, into row `level`. False: something is not finite there, or the operator refuses. */
static bool measure(wg__push *p, bool alone, wg_view *views, double h, int level, wg__dot *dot)
{
    wg_view *out = views + p->of->n_in;
    double *plus = p->room->plus.at, *row = p->room->row[level].at;
    if (run_at(p, views, h, out))
        return false;
    for (int r = 0; r < p->of->n_out; r++)
        if (p->pushed[r]) {
            memcpy(plus, out[r].data, count_of(&p->out[r]) * sizeof *plus);
            plus += count_of(&p->out[r]);
        }
    if (run_at(p, views, -h, out))
        return false;
    if (level == 0 && !alone && !was_quadratic(p))
        predict(p, out);
    plus = p->room->plus.at;
    *dot = (wg__dot){ 0, 0 };
    for (int r = 0; r < p->of->n_out; r++) {
        size_t n = p->pushed[r] ? count_of(&p->out[r]) : 0;
        if (!n)
            continue;
        subtract(p, alone, plus, out[r].data, n, h, row);
        if (p->cotangent[r]) {
            wg__dot d = wg__dot_many(p->threads, n, p->cotangent[r], row);
            dot->value += d.value, dot->size += d.size;
        }
        plus += n, row += n;
    }
    return isfinite(dot->value);
}

/* ---- noise ---- */

/* By how much rounding of its operands' positions moves element i of the result, where each steps by itself, in its units. */
static double noise_of_positions(const wg__push *p, size_t i, double row)
{
    double most = 0;
    for (int s = 0; s < p->of->n_in; s++) {
        if (!p->tangent[s] || p->step[s][i] == 0)
            continue;
        double at = fabs(row * ((const double *)p->in[s].data)[i] / p->step[s][i]);
        most = at > most ? at : most;
    }
    return most;
}

/* What rounding contributes to the slope at h = 1: of the results, and of the operands' positions. */
static double noise_of(const wg__push *p, bool alone, const double *row)
{
    const double *per = p->room->per.at;
    double sum = 0;
    for (int r = 0; r < p->of->n_out; r++) {
        size_t n = p->pushed[r] ? count_of(&p->out[r]) : 0;
        const double *y = p->out[r].data, *bar = p->cotangent[r];
        if (bar && !alone)
            sum += per[0] * wg__dot_many(p->threads, n, bar, y).size;
        for (size_t i = 0; bar && alone && i < n; i++) {
            double of_result = fabs(y[i]) * per[i], of_positions = noise_of_positions(p, i, row[i]);
            sum += fabs(bar[i]) * (of_result > of_positions ? of_result : of_positions);
        }
        row += n;
    }
    return 4 * WG__U64 * sum;
}

/* ---- the triangle ---- */

typedef struct triangle {
    double row[WG__LEVELS_MAX][WG__LEVELS_MAX];
    int first, rows; /* level of row 0 */
    int at, order;   /* the best entry */
    double error, value;
} triangle;

static void add_row(triangle *t, double value, double noise)
{
    double *now = t->row[t->rows], *before = t->rows ? t->row[t->rows - 1] : NULL;
    double four = 1, amplified = 1;
    now[0] = value;
    for (int m = 1; m <= t->rows; m++) {
        four *= 4;
        now[m] = (four * now[m - 1] - before[m - 1]) / (four - 1);
        amplified *= (four + 1) / (four - 1);
        double error = fmax(fabs(now[m] - now[m - 1]), fabs(now[m] - before[m - 1])) + amplified * noise;
        if (error < t->error)
            t->error = error, t->value = now[m], t->at = t->rows, t->order = m;
    }
    t->rows++;
}

/* The entry (at, order) as a combination of the rows: weight[l]. */
static void weights_of(int at, int order, double weight[WG__LEVELS_MAX])
{
    for (int l = 0; l < WG__LEVELS_MAX; l++)
        weight[l] = l == at;
    for (int m = 1; m <= order; m++) { /* e(l, m) = (4^m e(l, m-1) - e(l-1, m-1)) / (4^m - 1), product form by order */
        double four = ldexp(1, 2 * m), next[WG__LEVELS_MAX] = { 0 };
        for (int l = 0; l <= at; l++) {
            next[l] += weight[l] * four / (four - 1);
            if (l)
                next[l - 1] -= weight[l] / (four - 1);
        }
        memcpy(weight, next, sizeof next);
    }
}

/* The results' tangents: the rows combined as the best entry combines their sums. */
static void combine(wg__push *p, const triangle *t)
{
    double weight[WG__LEVELS_MAX];
    size_t begin = 0;
    weights_of(t->at, t->order, weight);
    for (int r = 0; r < p->of->n_out; r++) {
        size_t n = p->pushed[r] ? count_of(&p->out[r]) : 0;
        for (size_t i = 0; i < n; i++)
            p->pushed[r][i] = 0;
        for (int l = 0; l <= t->at; l++)
            if (weight[l] != 0) {
                const double *row = p->room->row[t->first + l].at + begin;
                double *to = p->pushed[r], by = weight[l];
                WG_SIMD for (size_t i = 0; i < n; i++) to[i] += by * row[i];
            }
        begin += n;
    }
}

static wg_status difference(wg__push *p, bool alone, wg_view *views)
{
    enum { HALVINGS = 40 };
    triangle t = { .error = INFINITY, .value = NAN };
    size_t n = results_count(p);
    double noise = 0, size = 0;
    if (!wg__buffer64_fit(&p->room->plus, n) || !wg__buffer64_fit(&p->room->middle, n))
        return WG_ERR_NOMEM;
    for (int k = 0; k < HALVINGS && t.rows < WG__LEVELS_MAX; k++) {
        wg__dot dot;
        double h = ldexp(1, -k);
        if (!wg__buffer64_fit(&p->room->row[t.rows], n))
            return WG_ERR_NOMEM;
        if (!measure(p, alone, views, h, t.rows, &dot)) {
            if (t.rows > 1)
                break;
            t.rows = 0; /* the step left the function's domain */
            continue;
        }
        if (t.rows == 0)
            noise = noise_of(p, alone, p->room->row[0].at);
        size = fmax(size, dot.size);
        add_row(&t, dot.value, noise / h);
        if (k == 0 && !alone && was_quadratic(p)) {
            t.error = fmax(1, p->lone->roughness) * noise / h;
            t.value = dot.value, t.at = t.order = 0;
            break;
        }
        if (k == 0 && !alone && is_quadratic(p, views, h, noise, size, &t.error)) {
            t.value = dot.value, t.at = t.order = 0;
            break;
        }
        t.error = t.rows == 1 ? INFINITY : t.error;
        if (t.rows > 1 && t.error <= 4 * noise / h + 1e-13 * size)
            break;
        if (t.rows >= WG__LEVELS && t.error <= 1e-9 * size)
            break;
    }
    p->rows = t.rows;
    p->slope = (wg__slope){ t.value, t.error, size };
    if (isfinite(t.error))
        combine(p, &t);
    return WG_OK;
}

wg__dot wg__push_pulled(const wg__push *p, const double *const *share, wg__dot *each)
{
    wg__dot sum = { 0, 0 };
    bool alone = wg__push_alone(p);
    for (int s = 0; s < p->of->n_in; s++) {
        if (!p->tangent[s] || !share[s])
            continue;
        size_t n = count_of(&p->in[s]);
        bool broadcast = p->n_left_out && !alone; /* then the steps are copies, some of them zero */
        wg__dot d = wg__dot_many(p->threads, n, share[s], broadcast ? p->step[s] : p->tangent[s]);
        for (size_t i = 0; alone && p->n_left_out && i < n; i++)
            if (p->left_out[i])
                d.value -= share[s][i] * p->tangent[s][i];
        double by = broadcast ? p->room->per.at[0] : 1;
        each[s] = (wg__dot){ by * d.value, by * d.size };
        sum.value += by * d.value, sum.size += by * d.size;
    }
    return sum;
}

wg_status wg__push_run(wg__push *p)
{
    bool alone = wg__push_alone(p);
    size_t n = (size_t)p->of->n_in + (size_t)p->of->n_out;
    wg_view *views = wg__alloc(NULL, n, sizeof *views);
    p->n_left_out = 0;
    p->unit = 1;
    p->slope = (wg__slope){ NAN, INFINITY, 0 };
    wg_status st = views && set_steps(p, alone) ? difference(p, alone, views) : WG_ERR_NOMEM;
    wg__free(NULL, views, n, sizeof *views);
    return st;
}
