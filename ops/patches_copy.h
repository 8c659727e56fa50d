/* Copies between tensors and panels for one element type: included by patches.c with T, TYPE defined. No guard: included
 * twice. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, TYPE)
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

/* `n` neighbouring elements of each of `lines` lines, in pieces of a constant size no larger than n: the last overlaps the
 * one before. */
static inline __attribute__((always_inline)) void
NAME(copy_pieces)(int64_t piece, T *to, int64_t to_step, const T *from, int64_t from_step, int64_t lines, int64_t n)
{
    for (int64_t l = 0; l < lines; l++, to += to_step, from += from_step) {
        for (int64_t i = 0; i < n - piece; i += piece)
            memcpy(to + i, from + i, (size_t)piece * sizeof(T));
        memcpy(to + n - piece, from + n - piece, (size_t)piece * sizeof(T));
    }
}

static void NAME(copy_lines)(T *to, int64_t to_step, const T *from, int64_t from_step, int64_t walk, int64_t lines,
                             int64_t n)
{
    if (n < 1)
        return;
    if (walk != 1) {
        for (int64_t l = 0; l < lines; l++, to += to_step, from += from_step)
            for (int64_t i = 0; i < n; i++)
                to[i] = from[i * walk];
    } else if (n >= LANES) {
        NAME(copy_pieces)(LANES, to, to_step, from, from_step, lines, n);
    } else if (n >= LANES / 2) {
        NAME(copy_pieces)(LANES / 2, to, to_step, from, from_step, lines, n);
    } else if (n >= 4) {
        NAME(copy_pieces)(4, to, to_step, from, from_step, lines, n);
    } else {
        NAME(copy_pieces)(1, to, to_step, from, from_step, lines, n);
    }
}

/* Element after element, down the lines: mostly it is one or two of each, at an edge. */
static void NAME(zero_lines)(T *to, int64_t to_step, int64_t lines, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t l = 0; l < lines; l++)
            to[l * to_step + i] = 0;
}

void WG_ISA_SYM(NAME(wg__gather))(const wg__patches *v, const wg__phase *f, const wg__run *run, int n_runs,
                                  const T *src, int64_t k0, int64_t k1, T *dst, int64_t width)
{
    const int64_t plane = wg__plane(v->source), walk = f->axis[2].walk;
    for (int64_t k = k0, lines; k < k1; k += lines, dst += lines * width) {
        const int64_t channel = k % v->channels;
        int64_t tap[WG__SPATIAL_MAX];
        wg__tap_at(f, k / v->channels, tap);
        lines = wg__least(v->channels - channel, k1 - k);
        for (int r = 0; r < n_runs; r++) { /* what is inside the source, and zeros around it */
            const wg__sight s = wg__sight_of(f, tap, run[r].t, run[r].n);
            const T *from = src + (run[r].image * v->groups * v->channels + channel) * plane + s.from;
            T *to = dst + run[r].column;
            NAME(zero_lines)(to, width, lines, s.low);
            NAME(copy_lines)(to + s.low, width, from, plane, walk, lines, s.high - s.low);
            NAME(zero_lines)(to + s.high, width, lines, run[r].n - s.high);
        }
    }
}

void WG_ISA_SYM(NAME(wg__scatter))(const wg__patches *v, const wg__phase *f, const wg__run *run, int n_runs,
                                   const T *panel, int64_t width, const T *bias, T *out)
{
    const int64_t plane = wg__plane(v->result), step = f->axis[2].step;
    for (int r = 0; r < n_runs; r++) {
        int64_t at = 0;
        for (int i = 0; i < 3; i++)
            at = at * v->result[i] + f->axis[i].first + run[r].t[i] * f->axis[i].step;
        T *to = out + run[r].image * v->groups * v->rows * plane + at;
        const T *from = panel + run[r].column;
        for (int64_t m = 0; m < v->rows; m++, to += plane, from += width) {
            const T more = bias ? bias[m] : 0;
            if (step == 1)
                for (int64_t i = 0; i < run[r].n; i++)
                    to[i] = from[i] + more;
            else
                for (int64_t i = 0; i < run[r].n; i++)
                    to[i * step] = from[i] + more;
        }
    }
}

#undef LANES
#undef NAME
#undef JOIN1
#undef JOIN2
#undef T
#undef TYPE
