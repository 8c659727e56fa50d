/* One directional derivative: central differences, extrapolated to step zero (Ridders 1982), with an error that counts
 * truncation and rounding. */
#include "verify/numerics/numerics.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* y (m) = f(x + h d); false when it fails or is not finite. */
static bool value_at(const wg__probe *p, double h, double *y)
{
    const wg__subject *f = p->of;
    for (size_t i = 0; i < f->n; i++)
        p->point[i] = f->x[i] + h * p->d[i];
    if (f->value(f->user, p->point, y))
        return false;
    for (size_t j = 0; j < f->m; j++)
        if (!isfinite(y[j]))
            return false;
    return true;
}

/* (phi(+h) - phi(-h)) / 2h. The elements are subtracted before they are summed, so that large ones that do not move add
 * no noise. */
static bool central(const wg__probe *p, double h, double *slope)
{
    if (!value_at(p, h, p->plus) || !value_at(p, -h, p->minus))
        return false;
    long double sum = 0;
    for (size_t j = 0; j < p->of->m; j++)
        sum += (long double)p->of->v[j] * ((long double)p->plus[j] - p->minus[j]);
    *slope = (double)(sum / (2 * (long double)h));
    return true;
}

double wg__noise(const double value[7])
{
    /* gamma_k = (k!)^2 / (2k)!: the k-th differences of white noise have variance sigma^2 / gamma_k. */
    static const double gamma[7] = { 1, 1.0 / 2, 1.0 / 6, 1.0 / 20, 1.0 / 70, 1.0 / 252, 1.0 / 924 };
    double t[7], sigma[7];
    bool turns[7];
    for (int i = 0; i < 7; i++)
        t[i] = value[i];
    for (int k = 1; k < 7; k++) {
        double sum = 0, low = INFINITY, high = -INFINITY;
        for (int i = 0; i < 7 - k; i++) {
            t[i] = t[i + 1] - t[i];
            sum += t[i] * t[i];
            low = fmin(low, t[i]), high = fmax(high, t[i]);
        }
        sigma[k] = sqrt(gamma[k] * sum / (7 - k));
        turns[k] = low < 0 && high > 0;
    }
    for (int k = 1; k <= 4; k++) { /* the first column from which three agree: the smooth part is gone */
        double low = fmin(sigma[k], fmin(sigma[k + 1], sigma[k + 2]));
        double high = fmax(sigma[k], fmax(sigma[k + 1], sigma[k + 2]));
        if (turns[k] && high <= 4 * low)
            return sigma[k];
    }
    return fmin(sigma[4], fmin(sigma[5], sigma[6]));
}

/* The noise of phi near x: its scatter at the shortest steps, and at least that of rounding its terms. */
static double noise_of(const wg__probe *p, double factor, double size)
{
    const wg__subject *f = p->of;
    double value[7], h = factor * ldexp(1, p->first - (p->depth - 1));
    if (wg__has_flaw(WG__NOISE_INFINITE))
        return INFINITY;
    for (int i = 0; i < 7; i++) {
        if (!value_at(p, (i - 3) * h, p->plus))
            return 2 * WG__U64 * size;
        long double sum = 0; /* relative to phi(x), which keeps the differences' bits */
        for (size_t j = 0; j < f->m; j++)
            sum += (long double)f->v[j] * ((long double)p->plus[j] - p->here[j]);
        value[i] = (double)sum;
    }
    return fmax(2 * WG__U64 * size, 4 * wg__noise(value));
}

/* The triangle of Richardson's extrapolation, a row a step. */
typedef struct triangle {
    double row[WG__LEVELS_MAX][WG__LEVELS_MAX];
    int rows;
    double noise;
} triangle;

/* Adds a row for step h, and improves `best` by its entries. */
static void add_row(triangle *t, double first, double h, wg__slope *best)
{
    double *now = t->row[t->rows], *before = t->rows ? t->row[t->rows - 1] : NULL;
    double four = 1, amplified = 1; /* 4^m; how much the entry magnifies noise */
    now[0] = first;
    for (int m = 1; m <= t->rows; m++) {
        four *= 4;
        now[m] = (four * now[m - 1] - before[m - 1]) / (four - 1);
        amplified *= (four + 1) / (four - 1);
        double error = fmax(fabs(now[m] - now[m - 1]), fabs(now[m] - before[m - 1])) + amplified * t->noise / h;
        if (error < best->error)
            best->error = error, best->value = now[m];
    }
    t->rows++;
}

wg__slope wg__difference(const wg__probe *p, double factor)
{
    const wg__subject *f = p->of;
    wg__slope best = { NAN, INFINITY, 0 };
    if (!value_at(p, 0, p->here))
        return best;
    for (size_t j = 0; j < f->m; j++)
        best.size += fabs(f->v[j] * p->here[j]);

    triangle t = { .noise = noise_of(p, factor, best.size) };
    for (int level = 0; level < p->depth; level++) {
        double h = factor * ldexp(1, p->first - level), slope;
        if (central(p, h, &slope))
            add_row(&t, slope, h, &best);
        else
            t.rows = 0; /* the step left the function's domain: begin again with the next */
        if (level + 1 >= WG__LEVELS && best.error <= 1e-10 * fabs(best.value))
            break;
    }
    if (wg__has_flaw(WG__ERROR_ZERO))
        best.error = 0;
    return best;
}
