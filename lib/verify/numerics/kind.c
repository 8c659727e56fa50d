/* Recognising what is wrong with a gradient. */
#include "verify/numerics/kind.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

const char *wg__ratio_text(double c, char text[WG__RATIO_MAX])
{
    if (c != 1 && fabs(c - 1) < 1e-7)
        snprintf(text, WG__RATIO_MAX, "1 %c %.2g", c < 1 ? '-' : '+', fabs(c - 1));
    else
        snprintf(text, WG__RATIO_MAX, "%.9g", c);
    return text;
}

const char *wg__judgement_text(const wg__judgement *j, char text[WG__JUDGEMENT_MAX])
{
    char ratio[WG__RATIO_MAX];
    if (!isfinite(j->got)) {
        snprintf(text, WG__JUDGEMENT_MAX, "by differences %.12g, by the adjoint %s", j->expected,
                 isnan(j->got) ? "not a number" : "infinity");
        return text;
    }
    snprintf(text, WG__JUDGEMENT_MAX,
             "by differences %.12g, by the adjoint %.12g (%s times that), which may be %.2g apart", j->expected, j->got,
             wg__ratio_text(j->got / j->expected, ratio), j->tolerance);
    return text;
}

static const char *say(char text[WG__KIND_MAX], const char *kind)
{
    snprintf(text, WG__KIND_MAX, "%s", kind);
    return text;
}

typedef struct pair {
    size_t n;
    const double *right, *wrong;
    wg_shape shape;
    double within; /* what two elements may be apart and still count as equal */
} pair;

static double largest_of(size_t n, const double *x)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

/* A factor that is a size, or one over a size, is a mean forgotten or one too many. */
static void name_factor(double c, wg_shape shape, double within, char *text)
{
    char ratio[WG__RATIO_MAX];
    int64_t size = c >= 1 ? llround(c) : llround(1 / c);
    bool whole = size > 1 && fabs((c >= 1 ? c : 1 / c) - (double)size) <= within * (double)size;
    bool is_size = whole && size == wg_shape_count(shape);
    for (int k = 0; whole && k < shape.rank; k++)
        is_size = is_size || size == shape.dim[k];
    if (fabs(c + 1) <= within)
        snprintf(text, WG__KIND_MAX, "sign");
    else if (whole && c < 1)
        snprintf(text, WG__KIND_MAX, "factor 1/%lld%s", (long long)size, is_size ? " (a mean for a sum?)" : "");
    else if (whole)
        snprintf(text, WG__KIND_MAX, "factor %lld%s", (long long)size, is_size ? " (a sum for a mean?)" : "");
    else
        snprintf(text, WG__KIND_MAX, "factor %s", wg__ratio_text(c, ratio));
}

static size_t count_apart(const pair *p, size_t *where)
{
    size_t apart = 0;
    for (size_t i = 0; i < p->n; i++)
        if (!wg__within(p->wrong[i], p->right[i], p->within))
            apart++, *where = i;
    return apart;
}

static bool is_factor(const pair *p, char *text)
{
    size_t where;
    long double cross = 0, square = 0;
    for (size_t i = 0; i < p->n; i++) {
        cross += (long double)p->wrong[i] * p->right[i];
        square += (long double)p->right[i] * p->right[i];
    }
    double c = square > 0 ? (double)(cross / square) : NAN;
    if (!isfinite(c) || c == 0 || !count_apart(p, &where))
        return false;
    for (size_t i = 0; i < p->n; i++)
        if (!wg__within(p->wrong[i], c * p->right[i], p->within * fmax(1, fabs(c))))
            return false;
    /* A lone element has a ratio to anything: only a telling one is a factor. */
    bool telling =
        p->n > 1 || fabs(c + 1) <= 1e-9 || fabs(c - nearbyint(c)) <= 1e-9 || fabs(1 / c - nearbyint(1 / c)) <= 1e-9;
    name_factor(c, p->shape, telling ? 1e-7 : 0, text);
    return true;
}

static bool is_few_elements(const pair *p, char *text)
{
    size_t where, apart = count_apart(p, &where);
    if (apart == 1)
        snprintf(text, WG__KIND_MAX, "one element ([%zu])", where);
    else if (apart && 8 * apart <= p->n)
        snprintf(text, WG__KIND_MAX, "%zu of %zu elements", apart, p->n);
    return apart && (apart == 1 || 8 * apart <= p->n);
}

static bool is_transposed(const pair *p)
{
    int rank = p->shape.rank;
    if (rank < 2 || p->shape.dim[rank - 2] < 2 || p->shape.dim[rank - 1] < 2)
        return false;
    size_t rows = (size_t)p->shape.dim[rank - 2], columns = (size_t)p->shape.dim[rank - 1], each = rows * columns;
    for (size_t begin = 0; begin < p->n; begin += each)
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++) /* right's transpose, read in the order of its own elements */
                if (!wg__within(p->wrong[begin + j * rows + i], p->right[begin + i * columns + j], p->within))
                    return false;
    return true;
}

static bool is_offset(const pair *p, char *text)
{
    double offset = p->n > 1 ? p->wrong[0] - p->right[0] : 0;
    for (size_t i = 0; i < p->n; i++)
        if (!wg__within(p->wrong[i] - p->right[i], offset, p->within))
            return false;
    return fabs(offset) > p->within && snprintf(text, WG__KIND_MAX, "constant offset %.6g", offset) > 0;
}

/* Is each element of `wrong` `by` times the sum of `right` along an axis? */
static bool is_summed(const pair *p, int axis, double by)
{
    size_t length = (size_t)p->shape.dim[axis], inner = 1;
    for (int k = axis + 1; k < p->shape.rank; k++)
        inner *= (size_t)p->shape.dim[k];
    for (size_t i = 0; i < p->n; i++) {
        size_t first = i - i / inner % length * inner;
        double sum = 0;
        for (size_t k = 0; k < length; k++)
            sum += p->right[first + k * inner];
        if (!wg__within(p->wrong[i], by * sum, p->within * (double)length))
            return false;
    }
    return true;
}

static bool is_reduced(const pair *p, char *text)
{
    for (int axis = 0; axis < p->shape.rank; axis++) {
        if (p->shape.dim[axis] < 2)
            continue;
        bool summed = is_summed(p, axis, 1);
        if (summed || is_summed(p, axis, 1 / (double)p->shape.dim[axis]))
            return snprintf(text, WG__KIND_MAX, "%s over axis %d", summed ? "summed" : "averaged", axis) > 0;
    }
    return false;
}

const char *wg__kind_of(size_t n, const double *right, const double *wrong, wg_shape shape, double doubt,
                        char text[WG__KIND_MAX])
{
    double large = largest_of(n, right);
    pair p = { n, right, wrong, shape, (doubt > 1e-10 ? doubt : 1e-10) * large };
    bool zero = n > 0;
    *text = '\0';
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(wrong[i]) && isfinite(right[i]))
            return say(text, isnan(wrong[i]) ? "not a number" : "infinite");
        zero = zero && wrong[i] == 0;
    }
    if (zero && large > 0)
        return say(text, "zero");
    if (n && large > 0 && !is_factor(&p, text) && is_transposed(&p))
        say(text, "transposed");
    if (!*text && n && large > 0 && !is_few_elements(&p, text) && !is_offset(&p, text))
        is_reduced(&p, text);
    return text;
}

/* ---- from differences ---- */

enum { COORDINATES = 512, LEVELS = 5 };

/* d phi / d h where elements begin .. end - 1 of x move by h, by extrapolated central differences; the error is that of the
 * last two entries. */
static double slope_of(const wg__subject *f, double *x, size_t begin, size_t end, double *plus, double *minus,
                       double *error)
{
    double row[LEVELS][LEVELS], first = INFINITY;
    for (size_t i = begin; i < end; i++)
        first = fmin(first, f->room ? fmin(f->scale[i] / 8, f->room[i] / 4) : f->scale[i] / 8);
    first = ldexp(1, ilogb(first));
    for (int l = 0; l < LEVELS; l++) {
        double h = ldexp(first, -l), four = 1;
        long double sum = 0;
        wg_status st = WG_OK;
        for (int side = 1; side >= -1 && !st; side -= 2) {
            for (size_t i = begin; i < end; i++)
                x[i] = f->x[i] + side * h;
            st = f->value(f->user, x, side > 0 ? plus : minus);
        }
        memcpy(x + begin, f->x + begin, (end - begin) * sizeof *x);
        for (size_t j = 0; j < f->m; j++)
            sum += (long double)f->v[j] * ((long double)plus[j] - minus[j]);
        row[l][0] = st ? NAN : (double)(sum / (2 * (long double)h));
        for (int m = 1; m <= l; m++) {
            four *= 4;
            row[l][m] = (four * row[l][m - 1] - row[l - 1][m - 1]) / (four - 1);
        }
    }
    *error = fabs(row[LEVELS - 1][LEVELS - 1] - row[LEVELS - 2][LEVELS - 2]);
    return row[LEVELS - 1][LEVELS - 1];
}

static const char *by_elements(const wg__subject *f, wg_shape shape, double *work, char *text)
{
    double *right = work, *wrong = right + f->n, *x = wrong + f->n, *plus = x + f->n, *minus = plus + f->m, doubt = 0;
    if (f->gradient(f->user, f->x, wrong))
        return text;
    memcpy(x, f->x, f->n * sizeof *x);
    for (size_t i = 0; i < f->n; i++) {
        double error;
        right[i] = slope_of(f, x, i, i + 1, plus, minus, &error);
        doubt = wg__largest(doubt, error);
    }
    double large = largest_of(f->n, right);
    if (doubt <= 1e-3 * large)
        wg__kind_of(f->n, right, wrong, shape, 4 * doubt / large, text);
    return text;
}

/* ---- many elements: a few of them ---- */

enum { SAMPLED = 48, LINE = 64 };

/* Right and wrong at elements that are `stride` apart from `first` on. */
typedef struct sample {
    const wg__subject *f;
    double *gradient, *x, *plus, *minus;    /* gradient (n): under test */
    double right[LINE], wrong[LINE], doubt; /* doubt: how far `right` may be off */
    size_t n;
} sample;

static void take(sample *s, size_t first, size_t stride, size_t n)
{
    s->n = n, s->doubt = 0;
    for (size_t k = 0; k < n; k++) {
        double error;
        size_t i = first + k * stride;
        s->right[k] = slope_of(s->f, s->x, i, i + 1, s->plus, s->minus, &error);
        s->wrong[k] = s->gradient[i];
        s->doubt = wg__largest(s->doubt, error);
    }
}

/* The sample as a pair; false: the differences are too rough to tell. */
static bool pair_of(const sample *s, wg_shape shape, pair *p)
{
    double large = largest_of(s->n, s->right), doubt = 4 * s->doubt;
    *p = (pair){ s->n, s->right, s->wrong, shape, doubt > 1e-10 * large ? doubt : 1e-10 * large };
    return large > 0 && s->doubt <= 1e-3 * large;
}

/* Is what stands at the transposed places right for these? */
static bool is_transposed_sample(const sample *s, const pair *p, size_t stride)
{
    int rank = p->shape.rank;
    if (rank < 2 || p->shape.dim[rank - 2] < 2 || p->shape.dim[rank - 1] < 2)
        return false;
    size_t rows = (size_t)p->shape.dim[rank - 2], columns = (size_t)p->shape.dim[rank - 1], each = rows * columns;
    for (size_t k = 0; k < s->n; k++) {
        size_t i = k * stride, at = i % each;
        if (!wg__within(s->gradient[i - at + at % columns * rows + at / columns], s->right[k], p->within))
            return false;
    }
    return true;
}

/* Along one line of each axis that is not too long: does `wrong` have the sum, or the mean, of `right` in its place? */
static bool is_reduced_sample(sample *s, wg_shape shape, char *text)
{
    size_t stride = 1, length = 1;
    for (int axis = shape.rank; axis-- > 0;) {
        stride *= length; /* of the axis before */
        length = (size_t)shape.dim[axis];
        pair p;
        if (length < 2 || length > LINE)
            continue;
        take(s, 0, stride, length);
        if (!pair_of(s, WG_SHAPE((int64_t)length), &p))
            continue;
        bool summed = is_summed(&p, 0, 1);
        if (summed || is_summed(&p, 0, 1 / (double)length))
            return snprintf(text, WG__KIND_MAX, "%s over axis %d", summed ? "summed" : "averaged", axis) > 0;
    }
    return false;
}

/* How far right and wrong are apart where elements begin .. end - 1 move together. */
static double apart_along(sample *s, size_t begin, size_t end)
{
    double error, right = slope_of(s->f, s->x, begin, end, s->plus, s->minus, &error);
    long double wrong = 0;
    for (size_t i = begin; i < end; i++)
        wrong += s->gradient[i];
    return fabs(right - (double)wrong);
}

/* Where all that was looked at is right, what is wrong is somewhere between: halved, again and again. */
static void locate(sample *s, double within, char *text)
{
    size_t begin = 0, end = s->f->n;
    while (end - begin > 1) {
        size_t middle = begin + (end - begin) / 2;
        if (apart_along(s, begin, middle) > apart_along(s, middle, end))
            end = middle;
        else
            begin = middle;
    }
    take(s, begin, 1, 1);
    if (wg__within(s->right[0], s->wrong[0], within))
        say(text, "a few of many elements");
    else
        snprintf(text, WG__KIND_MAX, "a few of many elements ([%zu] among them)", begin);
}

static void by_samples(const wg__subject *f, wg_shape shape, double *work, char *text)
{
    sample s = { .f = f, .gradient = work, .x = work + f->n, .plus = work + 2 * f->n, .minus = work + 2 * f->n + f->m };
    size_t stride = f->n / (SAMPLED + 8) | 1; /* odd: not always the same column */
    pair p;
    if (f->gradient(f->user, f->x, s.gradient))
        return;
    memcpy(s.x, f->x, f->n * sizeof *s.x);
    take(&s, 0, stride, SAMPLED);
    if (!pair_of(&s, shape, &p) || is_factor(&p, text))
        return;
    size_t where, apart = count_apart(&p, &where);
    if (!apart)
        locate(&s, p.within, text);
    else if (8 * apart <= p.n)
        snprintf(text, WG__KIND_MAX, "some elements ([%zu] among them)", where * stride);
    else if (is_transposed_sample(&s, &p, stride))
        say(text, "transposed");
    else if (!is_offset(&p, text))
        is_reduced_sample(&s, shape, text);
}

const char *wg__kind_of_claim(const wg__subject *f, wg_shape shape, const wg__judgement *j, char text[WG__KIND_MAX])
{
    *text = '\0';
    if (f->n && f->n <= COORDINATES) {
        size_t count = 3 * f->n + 2 * f->m;
        double *work = wg__alloc(NULL, count, sizeof *work);
        if (work)
            by_elements(f, shape, work, text);
        wg__free(NULL, work, count, sizeof *work);
        return text;
    }
    if (isnan(j->got)) {
        say(text, "not a number");
    } else if (j->got == 0) {
        say(text, "zero");
    } else if (wg__within(j->got, -j->expected, 1e-9 * fabs(j->expected))) {
        say(text, "sign");
    } else if (f->n) {
        size_t count = 2 * (f->n + f->m);
        double *work = wg__alloc(NULL, count, sizeof *work);
        if (work)
            by_samples(f, shape, work, text);
        wg__free(NULL, work, count, sizeof *work);
    }
    return text;
}
