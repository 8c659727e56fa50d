/* Initial values of variables, each drawn from its own stream. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "exec/store.h"
#include "ops/lanes.h"

typedef struct fans {
    double in, out;
} fans;

/* As given, else from the shape: (in, out), or a convolution's (out, in, kernel ..). */
static fans fans_of(const wg_init *init, wg_shape s)
{
    const bool convolves = s.rank > 2;
    fans f = { s.rank ? 1 : 0, s.rank ? (double)s.dim[convolves ? 0 : s.rank - 1] : 1 };
    for (int i = convolves ? 1 : 0; i < (convolves ? s.rank : s.rank - 1); i++) {
        f.in *= (double)s.dim[i];
        f.out *= convolves && i > 1 ? (double)s.dim[i] : 1;
    }
    return (fans){ init->a > 0 ? init->a : f.in, init->b > 0 ? init->b : f.out };
}

/* ---- orthonormal rows ---- */

static double dot(const double *a, const double *b, int64_t n)
{
    double lane[WG__LANES] = { 0 };
    int64_t i = 0;
    for (; i + WG__LANES <= n; i += WG__LANES)
        for (int j = 0; j < WG__LANES; j++)
            lane[j] += a[i + j] * b[i + j];
    for (int j = 0; i + j < n; j++)
        lane[j] += a[i + j] * b[i + j];
    return wg__lanes_sum(lane);
}

/* Gram and Schmidt's method, each row twice: "twice is enough" (Giraud, Langou and Rozloznik 2005). Of normal rows it makes
 * evenly spread orthonormal ones. There are no more rows than columns. */
static void orthonormalise(double *q, int64_t rows, int64_t columns)
{
    for (int64_t i = 0; i < rows; i++) {
        double *row = q + i * columns;
        for (int64_t k = 0; k < 2 * i; k++) {
            const double *other = q + k % i * columns, along = dot(row, other, columns);
            for (int64_t j = 0; j < columns; j++)
                row[j] -= along * other[j];
        }
        const double length = sqrt(dot(row, row, columns));
        for (int64_t j = 0; j < columns; j++)
            row[j] = length > 0 ? row[j] / length : 0;
    }
}

static void draw_orthogonal(double *drawn, const wg_node *n, uint64_t key, double gain, void *value)
{
    const int64_t count = wg_shape_count(n->shape), first = n->shape.dim[0], rest = first ? count / first : 0;
    const bool wide = first <= rest;
    wg__fill_normal(drawn, count, key);
    orthonormalise(drawn, wide ? first : rest, wide ? rest : first);
    for (int64_t i = 0; i < count; i++)
        wg__store(value, n->dtype, i, (gain != 0 ? gain : 1) * drawn[wide ? i : i % rest * first + i / rest]);
}

/* ---- independent elements ---- */

typedef void draw(double *out, int64_t n, uint64_t key);

bool wg__init_draw(const wg__allocator *a, uint64_t seed, const wg__operation *v, void *value)
{
    const wg_node *n = v->out;
    const wg_init *init = &v->init;
    const int64_t count = wg_shape_count(n->shape);
    if (v->value) {
        memcpy(value, v->value, wg__variable_bytes(v));
        return true;
    }
    const fans f = fans_of(init, n->shape);
    double middle = 0, width = 0; /* mean and deviation, or middle and full width */
    draw *fill = wg__fill_normal;
    switch ((enum wg_init_kind)init->kind) {
    case WG_INIT_CONSTANT:
        for (int64_t i = 0; i < count; i++)
            wg__store(value, n->dtype, i, init->a);
        return true;
    case WG_INIT_TRUNCATED_NORMAL:
        fill = wg__fill_truncated_normal;
        middle = init->a, width = init->b;
        break;
    case WG_INIT_NORMAL:
        middle = init->a, width = init->b;
        break;
    case WG_INIT_HE:
        width = sqrt(2 / (f.in > 0 ? f.in : 1));
        break;
    case WG_INIT_LECUN:
        width = sqrt(1 / (f.in > 0 ? f.in : 1));
        break;
    case WG_INIT_UNIFORM:
        fill = wg__fill_uniform;
        middle = (init->a + init->b) / 2, width = init->b - init->a;
        break;
    case WG_INIT_XAVIER:
        fill = wg__fill_uniform;
        width = 2 * sqrt(6 / (f.in + f.out > 0 ? f.in + f.out : 1));
        break;
    case WG_INIT_ORTHOGONAL:
        break;
    }
    double *drawn = wg__alloc(a, (size_t)count, sizeof *drawn);
    if (!drawn)
        return false;
    const uint64_t key = wg__stream_key(seed, n->name);
    if (init->kind == WG_INIT_ORTHOGONAL) {
        draw_orthogonal(drawn, n, key, init->a, value);
    } else {
        fill(drawn, count, key);
        const double about = fill == wg__fill_uniform ? 0.5 : 0;
        for (int64_t i = 0; i < count; i++)
            wg__store(value, n->dtype, i, middle + width * (drawn[i] - about));
    }
    wg__free(a, drawn, (size_t)count, sizeof *drawn);
    return true;
}
