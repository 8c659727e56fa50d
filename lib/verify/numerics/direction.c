/* Where to step: random directions on a grid that makes every step exact. */
#include "verify/numerics/numerics.h"

#include <math.h>

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: a counter, mixed. Every check draws a
 * number an element, so a generator for cryptographers would be a sixth of its time. */
double wg__draw(wg__stream *s)
{
    uint64_t z = s->key + ++s->drawn * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

double wg__draw_signed(wg__stream *s)
{
    double t = wg__draw(s);
    return t < 0.5 ? -0.5 - t : t;
}

void wg__scale_of(size_t n, const double *x, double *scale)
{
    long double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (long double)x[i] * x[i];
    double rms = n ? (double)sqrtl(sum / (long double)n) : 0;
    if (!(rms > 0) || !isfinite(rms))
        rms = 1;
    for (size_t i = 0; i < n; i++)
        scale[i] = fabs(x[i]) > rms ? fabs(x[i]) : rms;
}

/* The exponent e of the grid 2^e of x_i. With |x_i| <= scale < 2^k and |h d_i| <= 2 scale, x_i +- h d_i stays below
 * 2^(k + 2), and so is a double when it is a multiple of 2^(k - 51). */
static int grid_of(double scale) { return ilogb(scale) + 1 - 51; }

static double round_to(double x, int exponent) { return ldexp(rint(ldexp(x, -exponent)), exponent); }

void wg__round_point(size_t n, double *x, const double *scale)
{
    for (size_t i = 0; i < n; i++)
        x[i] = round_to(x[i], grid_of(scale[i]));
}

int wg__probe_steps(wg__probe *p)
{
    const wg__subject *f = p->of;
    p->first = WG__STEP_FIRST;
    for (size_t i = 0; f->room && i < f->n; i++) {
        double most = f->room[i] / (4 * f->scale[i]);
        if (!(most > 0))
            return 0;
        if (most < ldexp(1, p->first))
            p->first = ilogb(most);
    }
    if (p->first < WG__STEP_LEAST)
        p->first = WG__STEP_LEAST;
    /* A short first step leaves fewer levels before d would keep less than 8 bits on its grid. */
    p->depth = 40 + p->first;
    if (p->depth > WG__LEVELS_MAX)
        p->depth = WG__LEVELS_MAX;
    return 1;
}

/* The grid on which a direction must lie for `n` more halvings of the shortest step, 0.375 * 2^last = 3 * 2^(last - 3). */
static int step_grid(const wg__probe *p, double scale, int n)
{
    int last = p->first - (p->depth - 1) - n;
    return grid_of(scale) - (last - 3);
}

void wg__probe_coarsen(wg__probe *p, int n)
{
    for (size_t i = 0; i < p->of->n; i++)
        p->d[i] = round_to(p->d[i], step_grid(p, p->of->scale[i], n));
}

void wg__probe_direction(wg__probe *p, wg__stream *stream)
{
    const wg__subject *f = p->of;
    for (size_t i = 0; i < f->n; i++) {
        p->d[i] = round_to(wg__draw_signed(stream) * f->scale[i], step_grid(p, f->scale[i], 0));
        if (wg__has_flaw(WG__DIRECTION_ZERO))
            p->d[i] = 0;
    }
}
