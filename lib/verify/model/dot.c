/* Inner products with few rounding errors, fast: blocks in double, their sums in long double; and loops over many elements
 * on several threads. What comes out does not depend on their number. */
#include <math.h>

#include "base/team.h"
#include "kernels/vecmath.h"
#include "verify/model/push.h"

enum { BLOCK = 1024, LANES = 8, SEGMENTS = 32, LARGE = 1 << 13 };

typedef struct segment {
    long double value, size;
} segment;

static segment sum_of(size_t begin, size_t end, const double *a, const double *b)
{
    segment s = { 0, 0 };
    for (size_t last; begin < end; begin = last) {
        double sum[LANES] = { 0 }, magnitude[LANES] = { 0 };
        size_t i = begin;
        last = begin + BLOCK < end ? begin + BLOCK : end;
        for (; i + LANES <= last; i += LANES)
            WG_SIMD for (size_t k = 0; k < LANES; k++)
            {
                double product = a[i + k] * b[i + k];
                sum[k] += product;
                magnitude[k] += fabs(product);
            }
        for (; i < last; i++)
            sum[0] += a[i] * b[i], magnitude[0] += fabs(a[i] * b[i]);
        for (int k = 0; k < LANES; k++)
            s.value += sum[k], s.size += magnitude[k];
    }
    return s;
}

static segment apart_of(size_t begin, size_t end, const float *a, const double *b)
{
    segment s = { 0, 0 };
    for (size_t last; begin < end; begin = last) {
        double apart[LANES] = { 0 }, square[LANES] = { 0 };
        size_t i = begin;
        last = begin + BLOCK < end ? begin + BLOCK : end;
        for (; i + LANES <= last; i += LANES)
            WG_SIMD for (size_t k = 0; k < LANES; k++)
            {
                double d = a[i + k] - b[i + k];
                apart[k] += d * d;
                square[k] += b[i + k] * b[i + k];
            }
        for (; i < last; i++)
            apart[0] += (a[i] - b[i]) * (a[i] - b[i]), square[0] += b[i] * b[i];
        for (int k = 0; k < LANES; k++)
            s.value += apart[k], s.size += square[k];
    }
    return s;
}

typedef struct product {
    const double *a, *b;
    const float *narrow; /* in the place of a, for differences */
    size_t n;
    segment part[SEGMENTS];
} product;

static void work(void *arg, int worker, int workers)
{
    product *p = arg;
    size_t each = (p->n + SEGMENTS - 1) / SEGMENTS;
    for (size_t k = (size_t)worker; k < SEGMENTS; k += (size_t)workers) {
        size_t begin = k * each < p->n ? k * each : p->n, end = begin + each < p->n ? begin + each : p->n;
        p->part[k] = p->narrow ? apart_of(begin, end, p->narrow, p->b) : sum_of(begin, end, p->a, p->b);
    }
}

static wg__dot over_segments(int threads, product *p)
{
    segment all = { 0, 0 };
    wg__team_run(threads, NULL, work, p);
    for (int k = 0; k < SEGMENTS; k++)
        all.value += p->part[k].value, all.size += p->part[k].size;
    return (wg__dot){ (double)all.value, (double)all.size };
}

wg__dot wg__apart_many(int threads, size_t n, const float *a, const double *b)
{
    product p = { .narrow = a, .b = b, .n = n };
    return over_segments(n < LARGE ? 1 : threads, &p);
}

wg__dot wg__dot_many(int threads, size_t n, const double *a, const double *b)
{
    product p = { .a = a, .b = b, .n = n };
    return n < LARGE ? wg__dot_of(n, a, b) : over_segments(threads, &p);
}

wg__dot wg__dot_of(size_t n, const double *a, const double *b)
{
    segment s = sum_of(0, n, a, b);
    return (wg__dot){ (double)s.value, (double)s.size };
}

double wg__rms_about(size_t n, const double *x)
{
    enum { ENOUGH = 1024 };
    size_t stride = n / ENOUGH + 1, looked = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i += stride, looked++)
        sum += x[i] * x[i];
    if (sum == 0 && stride > 1)
        return sqrt(wg__dot_of(n, x, x).value / (double)n);
    return n ? sqrt(sum / (double)looked) : 0;
}

typedef struct loop {
    wg__range body;
    void *arg;
    int64_t n;
} loop;

static void loop_work(void *arg, int worker, int workers)
{
    const loop *l = arg;
    int64_t begin, end;
    wg__team_part(l->n, BLOCK, worker, workers, &begin, &end);
    l->body(l->arg, (size_t)begin, (size_t)end);
}

void wg__each_range(int threads, size_t n, wg__range body, void *arg)
{
    loop l = { body, arg, (int64_t)n };
    if (n < LARGE)
        body(arg, 0, n);
    else
        wg__team_run(threads, NULL, loop_work, &l);
}
