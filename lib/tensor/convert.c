/* Conversion between element types. Nothing is undefined: a float that no integer holds becomes the nearest one that
 * does, NaN becomes 0, wider integers wrap, and whatever is not 0 is true. */
#include "tensor/shape.h"

static inline int32_t i32_of(double x)
{
    return x >= INT32_MAX ? INT32_MAX : x <= INT32_MIN ? INT32_MIN : x == x ? (int32_t)x : 0;
}

static inline int64_t i64_of(double x)
{
    return x >= 0x1p63 ? INT64_MAX : x <= -0x1p63 ? INT64_MIN : x == x ? (int64_t)x : 0;
}

static inline uint8_t u8_of(double x) { return (uint8_t)(x >= UINT8_MAX ? UINT8_MAX : x > 0 ? x : 0); }

#define EACH(T, value)                                                                                                 \
    do {                                                                                                               \
        T *t = to;                                                                                                     \
        for (int64_t i = 0; i < n; i++)                                                                                \
            t[i] = (T)(value);                                                                                         \
    } while (0)

/* The six conversions from F; `read` stands before an element to read it, the last three arguments make an integer of
 * each kind of it. A bool is read as a byte, which other programs may have set to more than 1. */
#define CONVERT_FROM(name, F, read, to_i32, to_i64, to_u8)                                                             \
    static void name(void *to, wg_dtype type, const void *from, int64_t n)                                             \
    {                                                                                                                  \
        const F *f = from;                                                                                             \
        switch (type) {                                                                                                \
        case WG_F32:                                                                                                   \
            EACH(float, read f[i]);                                                                                    \
            break;                                                                                                     \
        case WG_F64:                                                                                                   \
            EACH(double, read f[i]);                                                                                   \
            break;                                                                                                     \
        case WG_I32:                                                                                                   \
            EACH(int32_t, to_i32(read f[i]));                                                                          \
            break;                                                                                                     \
        case WG_I64:                                                                                                   \
            EACH(int64_t, to_i64(read f[i]));                                                                          \
            break;                                                                                                     \
        case WG_U8:                                                                                                    \
            EACH(uint8_t, to_u8(read f[i]));                                                                           \
            break;                                                                                                     \
        case WG_BOOL:                                                                                                  \
            EACH(uint8_t, f[i] != 0);                                                                                  \
            break;                                                                                                     \
        case WG_DTYPE_NONE:                                                                                            \
            break;                                                                                                     \
        }                                                                                                              \
    }

CONVERT_FROM(from_f32, float, +, i32_of, i64_of, u8_of)
CONVERT_FROM(from_f64, double, +, i32_of, i64_of, u8_of)
CONVERT_FROM(from_i32, int32_t, +, (int32_t), (int64_t), (uint8_t))
CONVERT_FROM(from_i64, int64_t, +, (int32_t), (int64_t), (uint8_t))
CONVERT_FROM(from_u8, uint8_t, +, (int32_t), (int64_t), (uint8_t))
CONVERT_FROM(from_bool, uint8_t, 0 !=, (int32_t), (int64_t), (uint8_t))

void wg__convert(void *to, wg_dtype to_type, const void *from, wg_dtype from_type, int64_t n)
{
    switch (from_type) {
    case WG_F32:
        from_f32(to, to_type, from, n);
        break;
    case WG_F64:
        from_f64(to, to_type, from, n);
        break;
    case WG_I32:
        from_i32(to, to_type, from, n);
        break;
    case WG_I64:
        from_i64(to, to_type, from, n);
        break;
    case WG_U8:
        from_u8(to, to_type, from, n);
        break;
    case WG_BOOL:
        from_bool(to, to_type, from, n);
        break;
    case WG_DTYPE_NONE:
        break;
    }
}

double wg__load(const void *p, wg_dtype type, int64_t i)
{
    double value = 0;

    wg__convert(&value, WG_F64, (const unsigned char *)p + i * (int64_t)wg_dtype_size(type), type, 1);
    return value;
}

void wg__store(void *p, wg_dtype type, int64_t i, double value)
{
    wg__convert((unsigned char *)p + i * (int64_t)wg_dtype_size(type), type, &value, WG_F64, 1);
}
