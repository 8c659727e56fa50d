/* Patches: which parts of the source meet which columns of the result, and the copies between them. */
#include <string.h>

#include "ops/patches.h"

#define T float
#define TYPE f32
#include "ops/patches_copy.h"

#define T double
#define TYPE f64
#include "ops/patches_copy.h"

#ifdef WG_BASELINE

/* The last two axes are one where no window mixes them: a 1x1 convolution knows no lines. */
static bool merge_last(wg__patches *v)
{
    for (int i = 1; i < WG__SPATIAL_MAX; i++)
        if (v->kernel[i] != 1 || v->stride[i] != 1 || v->padding[i] != 0)
            return false;
    v->source[2] *= v->source[1];
    v->result[2] *= v->result[1];
    v->source[1] = v->source[0];
    v->result[1] = v->result[0];
    v->source[0] = v->result[0] = 1;
    v->kernel[1] = v->kernel[0];
    v->stride[1] = v->stride[0];
    v->padding[1] = v->padding[0];
    v->dilation[1] = v->dilation[0];
    v->kernel[0] = v->stride[0] = v->dilation[0] = 1;
    v->padding[0] = 0;
    return true;
}

wg__patches wg__patches_of(const wg__sliding *s, int64_t groups, const wg_shape *x, const wg_shape *w,
                           const wg_shape *y, bool backwards)
{
    const wg_shape *source = backwards ? y : x, *result = backwards ? x : y;
    const int missing = WG__SPATIAL + WG__SPATIAL_MAX - x->rank;
    wg__patches v = { .batch = x->dim[0], .groups = groups, .backwards = backwards };
    v.rows = result->dim[1] / groups;
    v.channels = source->dim[1] / groups;
    for (int i = 0; i < WG__SPATIAL_MAX; i++) {
        const int own = i - missing, at = WG__SPATIAL + own;
        v.source[i] = own < 0 ? 1 : source->dim[at];
        v.result[i] = own < 0 ? 1 : result->dim[at];
        v.kernel[i] = own < 0 ? 1 : w->dim[at];
        v.stride[i] = own < 0 ? 1 : (int32_t)wg__spatial(s->stride, own);
        v.padding[i] = own < 0 ? 0 : (int32_t)wg__spatial(s->padding, own);
        v.dilation[i] = own < 0 ? 1 : (int32_t)wg__spatial(s->dilation, own);
    }
    for (int i = 0; i < 2 && merge_last(&v); i++)
        continue;
    v.phases = 1;
    for (int i = 0; i < WG__SPATIAL_MAX && backwards; i++)
        v.phases *= v.result[i] < v.stride[i] ? v.result[i] : v.stride[i];
    return v;
}

static wg__patch_axis forward_axis(const wg__patches *v, int i)
{
    return (wg__patch_axis){
        .columns = v->result[i],
        .step = 1,
        .size = v->source[i],
        .at = -v->padding[i],
        .walk = v->stride[i],
        .hop = v->dilation[i],
        .taps = v->kernel[i],
        .tap_step = 1,
        .all = v->kernel[i],
    };
}

/* Tap k looks from the positions that are k dilation - padding modulo the stride. */
static wg__patch_axis backward_axis(const wg__patches *v, int i, int64_t phase, int64_t phases)
{
    const int64_t stride = v->stride[i], padding = v->padding[i], dilation = v->dilation[i];
    wg__patch_axis a = { .columns = (v->result[i] - phase + stride - 1) / stride,
                         .first = phase,
                         .step = stride,
                         .size = v->source[i],
                         .walk = 1 };
    for (int64_t k = 0; k < v->kernel[i]; k++) {
        const int64_t modulo = ((k * dilation - padding) % stride + stride) % stride;
        a.before += modulo < phase;
        a.all += modulo < phases;
        if (modulo != phase)
            continue;
        if (a.taps++ == 0)
            a.tap = k;
        else if (a.taps == 2)
            a.tap_step = k - a.tap;
    }
    a.at = (phase + padding - a.tap * dilation) / stride;
    a.hop = -a.tap_step * dilation / stride;
    return a;
}

wg__phase wg__phase_of(const wg__patches *v, int64_t number)
{
    wg__phase f = { .columns = 1, .taps = 1 };
    int64_t all = 1; /* taps of all phases along the axes so far */
    for (int i = WG__SPATIAL_MAX - 1; i >= 0; i--) {
        if (v->backwards) {
            const int64_t phases = v->result[i] < v->stride[i] ? v->result[i] : v->stride[i];
            f.axis[i] = backward_axis(v, i, number % phases, phases);
            number /= phases;
        } else {
            f.axis[i] = forward_axis(v, i);
        }
        const wg__patch_axis *a = &f.axis[i];
        f.before = a->before * all + a->taps * f.before;
        all *= a->all;
        f.columns *= a->columns;
        f.taps *= a->taps;
    }
    return f;
}

int64_t wg__tap_of(const wg__patches *v, const wg__phase *f, int64_t number)
{
    const wg__patch_axis *a = f->axis;
    int64_t at[WG__SPATIAL_MAX], element = 0;
    wg__tap_at(f, number, at);
    for (int i = 0; i < WG__SPATIAL_MAX; i++)
        element = element * v->kernel[i] + a[i].tap + at[i] * a[i].tap_step;
    return element;
}

/* The first of n columns that looks at `limit` or beyond, from `at` on in steps of `walk`; n: none. */
static int64_t first_at(int64_t at, int64_t walk, int64_t limit, int64_t n)
{
    const int64_t column = at < limit ? (limit - at + walk - 1) / walk : 0;
    return column < n ? column : n;
}

wg__sight wg__sight_of(const wg__phase *f, const int64_t tap[WG__SPATIAL_MAX], const int64_t t[WG__SPATIAL_MAX],
                       int64_t n)
{
    int64_t from = 0, at = 0;
    for (int i = 0; i < WG__SPATIAL_MAX; i++) {
        const wg__patch_axis *a = &f->axis[i];
        at = a->at + t[i] * a->walk + tap[i] * a->hop;
        if (i < 2 && (at < 0 || at >= a->size))
            return (wg__sight){ n, n, 0 };
        from = from * a->size + at;
    }
    const int64_t walk = f->axis[2].walk, low = first_at(at, walk, 0, n);
    return (wg__sight){ low, first_at(at, walk, f->axis[2].size, n), from + low * walk };
}

int wg__runs_of(const wg__phase *f, int64_t begin, int64_t end, wg__run *run)
{
    const int64_t line = f->axis[2].columns, lines = f->axis[1].columns;
    int n = 0;
    for (int64_t j = begin; j < end;) {
        const int64_t image = j / f->columns, at = j % f->columns, left = line - at % line;
        run[n] = (wg__run){
            j - begin, left < end - j ? left : end - j, image, { at / line / lines, at / line % lines, at % line }
        };
        j += run[n++].n;
    }
    return n;
}

#endif
