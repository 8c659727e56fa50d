/* Scalar mathematics that vectorises, for kernels that are written once for f32 and f64.
 *
 * A loop marked WG_SIMD that calls wg_k_exp becomes calls of the C library's vector functions where there are such
 * (glibc's libmvec, under GCC), and of the scalar ones elsewhere: a few units in the last place apart. Selections are
 * written as ternaries, which become blends.
 */
#ifndef WG_KERNELS_VECMATH_H
#define WG_KERNELS_VECMATH_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <math.h>
#include <stdint.h>

/* Before a loop whose iterations do not depend on each other. */
#define WG_SIMD _Pragma("omp simd")
/* The same for a loop that adds up into `sum`; the order depends on the instruction set, not on the run. */
#define WG_SIMD_SUM(sum) WG__PRAGMA(omp simd reduction(+ : sum))
#define WG__PRAGMA(text) _Pragma(#text)

/* Clang leaves loops with calls in them as they are, and would say so at each. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

/* glibc declares its vector variants for -ffast-math alone; the same declarations again, for us. */
#if defined WG_HAVE_LIBMVEC && defined __x86_64__ && defined __GLIBC__ && defined __GNUC__ && !defined __clang__
#define WG__VECTOR1(name)                                            \
    __attribute__((simd("notinbranch"))) extern double name(double); \
    __attribute__((simd("notinbranch"))) extern float name##f(float);
#define WG__VECTOR2(name)                                                    \
    __attribute__((simd("notinbranch"))) extern double name(double, double); \
    __attribute__((simd("notinbranch"))) extern float name##f(float, float);
WG__VECTOR1(exp)
WG__VECTOR1(log)
WG__VECTOR1(sin)
WG__VECTOR1(cos)
WG__VECTOR2(pow)
#if __GLIBC_PREREQ(2, 35)
WG__VECTOR1(exp2)
WG__VECTOR1(expm1)
WG__VECTOR1(log2)
WG__VECTOR1(log10)
WG__VECTOR1(log1p)
WG__VECTOR1(tan)
WG__VECTOR1(asin)
WG__VECTOR1(acos)
WG__VECTOR1(atan)
WG__VECTOR1(sinh)
WG__VECTOR1(cosh)
WG__VECTOR1(tanh)
WG__VECTOR1(asinh)
WG__VECTOR1(acosh)
WG__VECTOR1(atanh)
WG__VECTOR1(erf)
WG__VECTOR1(erfc)
WG__VECTOR1(cbrt)
WG__VECTOR2(atan2)
WG__VECTOR2(hypot)
#endif
#undef WG__VECTOR1
#undef WG__VECTOR2
#endif

#define WG__MATH1(name, x) _Generic((x), float: name##f, default: name)(x)
#define WG__MATH2(name, x, y) _Generic((x), float: name##f, default: name)((x), (y))

#define wg_k_exp(x) WG__MATH1(exp, x)
#define wg_k_floored(x) WG__BY_FLOAT(wg__floored, x)
#define wg_k_exp_floored(x) WG__BY_FLOAT(wg__exp_floored, x)
#define wg_k_exp2(x) WG__MATH1(exp2, x)
#define wg_k_expm1(x) WG__MATH1(expm1, x)
#define wg_k_log(x) WG__MATH1(log, x)
#define wg_k_log2(x) WG__MATH1(log2, x)
#define wg_k_log10(x) WG__MATH1(log10, x)
#define wg_k_log1p(x) WG__MATH1(log1p, x)
#define wg_k_sin(x) WG__MATH1(sin, x)
#define wg_k_cos(x) WG__MATH1(cos, x)
#define wg_k_tan(x) WG__MATH1(tan, x)
#define wg_k_asin(x) WG__MATH1(asin, x)
#define wg_k_acos(x) WG__MATH1(acos, x)
#define wg_k_atan(x) WG__MATH1(atan, x)
#define wg_k_sinh(x) WG__MATH1(sinh, x)
#define wg_k_cosh(x) WG__MATH1(cosh, x)
#define wg_k_tanh(x) WG__MATH1(tanh, x)
#define wg_k_asinh(x) WG__MATH1(asinh, x)
#define wg_k_acosh(x) WG__MATH1(acosh, x)
#define wg_k_atanh(x) WG__MATH1(atanh, x)
#define wg_k_erf(x) WG__MATH1(erf, x)
#define wg_k_erfc(x) WG__MATH1(erfc, x)
#define wg_k_cbrt(x) WG__MATH1(cbrt, x)
#define wg_k_pow(x, y) WG__MATH2(pow, x, y)
#define wg_k_atan2(y, x) WG__MATH2(atan2, y, x)
#define wg_k_hypot(x, y) WG__MATH2(hypot, x, y)

/* These become an instruction or two. wg_k_rint rounds halves to even. */
#define wg_k_sqrt(x) WG__MATH1(sqrt, x)
#define wg_k_floor(x) WG__MATH1(floor, x)
#define wg_k_ceil(x) WG__MATH1(ceil, x)
#define wg_k_trunc(x) WG__MATH1(trunc, x)
#define wg_k_rint(x) WG__MATH1(rint, x)
#define wg_k_copysign(x, sign) WG__MATH2(copysign, x, sign)

/* For e^x of x <= 0, among which masks leave -inf: the C library's vector functions compute one element after another where
 * e^x is no normal number. There wg_k_floored gives a floor, of which wg_k_exp_floored makes 0. In one loop compilers would take the
 * two together and hand x on as it was: they belong into two. */
#define WG__FLOORED(T, suffix, floor)                                                      \
    static inline T wg__floored_##suffix(T x) { return x < (floor) ? (floor) : x; }        \
    static inline T wg__exp_floored_##suffix(T x) { return wg_k_exp(x) * (x <= (floor) ? 0 : 1); }
WG__FLOORED(float, f32, -87.0f)
WG__FLOORED(double, f64, -708.0)
#undef WG__FLOORED
#define WG__BY_FLOAT(name, x) _Generic((x), float: name##_f32, double: name##_f64)(x)

/* Magnitude, larger and smaller of numbers of any type; a NaN in either operand comes out, as in NumPy. The least
 * integer is its own magnitude. */
#define WG__ORDER(T, suffix)                                                                           \
    static inline T wg__max_##suffix(T a, T b) { return a > b || a != a ? a : b; }                     \
    static inline T wg__min_##suffix(T a, T b) { return a < b || a != a ? a : b; }
WG__ORDER(float, f32)
WG__ORDER(double, f64)
WG__ORDER(int32_t, i32)
WG__ORDER(int64_t, i64)
WG__ORDER(uint8_t, u8)
#undef WG__ORDER
static inline int32_t wg__abs_i32(int32_t a) { return a < 0 ? (int32_t)(0u - (uint32_t)a) : a; }
static inline int64_t wg__abs_i64(int64_t a) { return a < 0 ? (int64_t)(UINT64_C(0) - (uint64_t)a) : a; }

#define WG__BY_TYPE(name, x) \
    _Generic((x), float: name##_f32, double: name##_f64, int32_t: name##_i32, int64_t: name##_i64, uint8_t: name##_u8)
#define wg_k_max(a, b) WG__BY_TYPE(wg__max, a)((a), (b))
#define wg_k_min(a, b) WG__BY_TYPE(wg__min, a)((a), (b))
#define wg_k_abs(x) _Generic((x), float: fabsf, double: fabs, int32_t: wg__abs_i32, int64_t: wg__abs_i64)(x)

#endif
