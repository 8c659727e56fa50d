/* Element types, shapes with named sizes, and views of memory: the values that are passed by value. */
#ifndef WENGERT_TENSOR_H
#define WENGERT_TENSOR_H

#include <wengert/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wg_dtype { WG_DTYPE_NONE, WG_F32, WG_F64, WG_I32, WG_I64, WG_U8, WG_BOOL } wg_dtype;
enum { WG_DTYPE_COUNT = 7 };

WG_API size_t wg_dtype_size(wg_dtype);          /* bytes an element; 0 for WG_DTYPE_NONE */
WG_API const char *wg_dtype_name(wg_dtype);     /* "f32", "i64", .. */
WG_API wg_dtype wg_dtype_named(const char *);   /* WG_DTYPE_NONE when there is no such type */

/* A size is a number >= 0, WG_DIM('N') (known only at run time; equal letters are equal sizes within one run), or
 * WG_ANY (unknown, and equal to nothing else by name). Letters are A..Z and a..z. */
#define WG_MAX_RANK 8
enum { WG_ANY = -1 };
#define WG_DIM(letter) (INT64_C(-1) * (letter))
#define WG_BATCH WG_DIM('N')

typedef struct wg_shape {
    int64_t dim[WG_MAX_RANK];
    int rank; /* 0: a scalar */
} wg_shape;

typedef struct wg_axes {
    int at[WG_MAX_RANK]; /* negative: from the end */
    int n;               /* -1: all axes */
} wg_axes;

/* A list of whole numbers, one an axis as a rule. */
typedef struct wg_list {
    int64_t at[WG_MAX_RANK]; /* WG_ABSENT: left open, `null` in graph files */
    int n;                   /* -1: no list at all */
} wg_list;
#define WG_ABSENT INT64_MIN

typedef struct wg_nodes {
    wg_node *const *at; /* borrowed */
    size_t n;
} wg_nodes;

/* A typed, shaped look at memory that somebody else owns. */
typedef struct wg_view {
    const void *data; /* NULL where the view stands for a failure */
    wg_shape shape;
    int64_t stride[WG_MAX_RANK]; /* in elements; read only where `strided` */
    wg_dtype dtype;
    bool strided; /* false: contiguous, row-major */
} wg_view;

/* A contiguous row-major view. */
WG_API wg_view wg_view_of(const void *data, wg_dtype, wg_shape);

/* The number of elements, or -1 if a size is unknown or the product does not fit in 63 bits. */
WG_API int64_t wg_shape_count(wg_shape);

/* Equal rank and equal sizes (named sizes equal by name; WG_ANY equals WG_ANY). */
WG_API bool wg_shape_equal(wg_shape, wg_shape);

/* Writes a shape as "(N,128)" into `text`, cut off at `size`; returns `text`. */
WG_API char *wg_shape_text(wg_shape, char *text, size_t size);

/* The elements of a contiguous view of that type, and their number in *n (n may be NULL). NULL, with wg_error(), when
 * the view is a failure, of another type (WG_ERR_DTYPE) or strided (WG_ERR_ARG). */
WG_API const float *wg_view_f32(wg_view, size_t *n);
WG_API const double *wg_view_f64(wg_view, size_t *n);
WG_API const int32_t *wg_view_i32(wg_view, size_t *n);
WG_API const int64_t *wg_view_i64(wg_view, size_t *n);
WG_API const uint8_t *wg_view_u8(wg_view, size_t *n);
WG_API const bool *wg_view_bool(wg_view, size_t *n);

/* Element `i` (row-major) of any view as a double; NaN when out of range. i64 beyond 2^53 is rounded. */
WG_API double wg_view_at(wg_view, int64_t i);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
#define WG__N(T, ...) (sizeof((T[]){__VA_ARGS__}) / sizeof(T))
#define WG_DIMS(...) { {__VA_ARGS__}, (int)WG__N(int64_t, __VA_ARGS__) } /* in static tables */
#define WG_SHAPE(...) ((wg_shape)WG_DIMS(__VA_ARGS__))
#define WG_AXES(...) ((wg_axes){ {__VA_ARGS__}, (int)WG__N(int, __VA_ARGS__) })
#define WG_LIST(...) ((wg_list){ {__VA_ARGS__}, (int)WG__N(int64_t, __VA_ARGS__) })
#define WG_NODES(...) ((wg_nodes){ (wg_node *[]){__VA_ARGS__}, WG__N(wg_node *, __VA_ARGS__) })
#define WG_SCALAR ((wg_shape){ {0}, 0 })
#define WG_ALL_AXES ((wg_axes){ {0}, -1 })
#define WG_NO_LIST ((wg_list){ {0}, -1 })
#define WG_OPTS(T, ...) (&(T){ .size = sizeof(T), __VA_ARGS__ })
#define wg_dtype_of(p)                                                                                        \
    _Generic((p), const float *: WG_F32, float *: WG_F32, const double *: WG_F64, double *: WG_F64,           \
             const int32_t *: WG_I32, int32_t *: WG_I32, const int64_t *: WG_I64, int64_t *: WG_I64,          \
             const uint8_t *: WG_U8, uint8_t *: WG_U8, const bool *: WG_BOOL, bool *: WG_BOOL)
#define WG_VIEW(p, ...) wg_view_of((p), wg_dtype_of(p), WG_SHAPE(__VA_ARGS__))
#else
template <class... D> inline wg_shape WG_SHAPE(D... d)
{
    return wg_shape{ { static_cast<int64_t>(d)... }, static_cast<int>(sizeof...(d)) };
}
template <class... D> inline wg_axes WG_AXES(D... d)
{
    return wg_axes{ { static_cast<int>(d)... }, static_cast<int>(sizeof...(d)) };
}
template <class... D> inline wg_list WG_LIST(D... d)
{
    return wg_list{ { static_cast<int64_t>(d)... }, static_cast<int>(sizeof...(d)) };
}
template <size_t N> struct wg__list {
    wg_node *at[N];
    operator wg_nodes() const { return wg_nodes{ at, N }; }
};
template <class... P> inline wg__list<sizeof...(P)> WG_NODES(P... p) { return { { p... } }; }
inline wg_dtype wg_dtype_of(const float *) { return WG_F32; }
inline wg_dtype wg_dtype_of(const double *) { return WG_F64; }
inline wg_dtype wg_dtype_of(const int32_t *) { return WG_I32; }
inline wg_dtype wg_dtype_of(const int64_t *) { return WG_I64; }
inline wg_dtype wg_dtype_of(const uint8_t *) { return WG_U8; }
inline wg_dtype wg_dtype_of(const bool *) { return WG_BOOL; }
template <class T, class... D> inline wg_view WG_VIEW(const T *p, D... d)
{
    return wg_view_of(p, wg_dtype_of(p), WG_SHAPE(d...));
}
#define WG_ALL_AXES (wg_axes{ {}, -1 })
#define WG_NO_LIST (wg_list{ {}, -1 })
#define WG_SCALAR (wg_shape{})
#endif
#endif
