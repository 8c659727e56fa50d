/* Vectors whose elements change places, and squares of elements that change rows for columns in registers. */
#ifndef WG_KERNELS_TURN_H
#define WG_KERNELS_TURN_H

#include <stdint.h>

#include "kernels/unroll.h"

/* Elements of two vectors by number, those of b counted on from those of a; I is a vector of as many integers. */
#if defined __clang__ || __GNUC__ >= 12
#define WG_SHUFFLE(a, b, I, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define WG_SHUFFLE(a, b, I, ...) __builtin_shuffle(a, b, (I){ __VA_ARGS__ })
#endif

/* wg__turn_u8, _u32, _u64, _f32, _f64: the square with rows x[0], x[1], .., of sixteen bytes each, which every instruction set
 * shuffles in one step, becomes its transpose. Any two halves of the rows, shuffled into each other as often as they can be
 * halved, end up as columns. */
#define WG__TURN(suffix, T, integer, LOW, HIGH)                                                                        \
    typedef T wg__quad_##suffix __attribute__((vector_size(16), aligned(sizeof(T)), may_alias)); /* anywhere */        \
    typedef integer wg__quad_places_##suffix __attribute__((vector_size(16)));                                         \
    static inline __attribute__((always_inline)) void wg__turn_##suffix(wg__quad_##suffix *x)                          \
    {                                                                                                                  \
        enum { SIDE = 16 / sizeof(T) };                                                                                \
        wg__quad_##suffix y[SIDE];                                                                                     \
        UNROLL for (int halves = SIDE; halves > 1; halves /= 2)                                                        \
        {                                                                                                              \
            UNROLL for (int r = 0; r < SIDE / 2; r++)                                                                  \
            {                                                                                                          \
                y[2 * r] = WG__TURN_HALF(x[r], x[r + SIDE / 2], wg__quad_places_##suffix, LOW);                        \
                y[2 * r + 1] = WG__TURN_HALF(x[r], x[r + SIDE / 2], wg__quad_places_##suffix, HIGH);                   \
            }                                                                                                          \
            UNROLL for (int r = 0; r < SIDE; r++) x[r] = y[r];                                                         \
        }                                                                                                              \
    }
#define WG__TURN_HALF(a, b, I, PLACES) WG__TURN_SHUFFLE(a, b, I, WG__TURN_LIST PLACES)
#define WG__TURN_SHUFFLE(...) WG_SHUFFLE(__VA_ARGS__)
#define WG__TURN_LIST(...) __VA_ARGS__
WG__TURN(u8, uint8_t, uint8_t, (0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
         (8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31))
WG__TURN(u32, uint32_t, uint32_t, (0, 4, 1, 5), (2, 6, 3, 7))
WG__TURN(u64, uint64_t, uint64_t, (0, 2), (1, 3))
WG__TURN(f32, float, int32_t, (0, 4, 1, 5), (2, 6, 3, 7))
WG__TURN(f64, double, int64_t, (0, 2), (1, 3))
#undef WG__TURN
#undef WG__TURN_HALF
#undef WG__TURN_SHUFFLE
#undef WG__TURN_LIST

#endif
