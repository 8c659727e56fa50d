/* Elements of two vectors in a new order, for f32 and f64. */
#ifndef WG_KERNELS_SHUFFLE_H
#define WG_KERNELS_SHUFFLE_H

/* I is an integer vector type of the operands' shape, for compilers that want one. */
#if defined __clang__ || __GNUC__ >= 12
#define WG__SHUFFLE(a, b, I, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define WG__SHUFFLE(a, b, I, ...) __builtin_shuffle(a, b, (I){ __VA_ARGS__ })
#endif

#ifdef WG_ISA

/* The even and the odd elements of two whole vectors in a row. */
typedef int32_t wg__places_f32 __attribute__((vector_size(WG__VECTOR)));
typedef int64_t wg__places_f64 __attribute__((vector_size(WG__VECTOR)));
#define WG__EVEN_2 0, 2
#define WG__EVEN_4 WG__EVEN_2, 4, 6
#define WG__EVEN_8 WG__EVEN_4, 8, 10, 12, 14
#define WG__EVEN_16 WG__EVEN_8, 16, 18, 20, 22, 24, 26, 28, 30
#define WG__ODD_2 1, 3
#define WG__ODD_4 WG__ODD_2, 5, 7
#define WG__ODD_8 WG__ODD_4, 9, 11, 13, 15
#define WG__ODD_16 WG__ODD_8, 17, 19, 21, 23, 25, 27, 29, 31
#if defined __AVX512F__
#define WG__OF_F32(which) which##_16
#define WG__OF_F64(which) which##_8
#elif defined __AVX2__
#define WG__OF_F32(which) which##_8
#define WG__OF_F64(which) which##_4
#else
#define WG__OF_F32(which) which##_4
#define WG__OF_F64(which) which##_2
#endif
#define WG__EVEN_f32(a, b) WG__SHUFFLE(a, b, wg__places_f32, WG__OF_F32(WG__EVEN))
#define WG__ODD_f32(a, b) WG__SHUFFLE(a, b, wg__places_f32, WG__OF_F32(WG__ODD))
#define WG__EVEN_f64(a, b) WG__SHUFFLE(a, b, wg__places_f64, WG__OF_F64(WG__EVEN))
#define WG__ODD_f64(a, b) WG__SHUFFLE(a, b, wg__places_f64, WG__OF_F64(WG__ODD))

#endif
#endif
