/* Values of one type as another. */
#include "data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY(T)                                                                                                        \
    for (int64_t i = 0; i < n; i++)                                                                                    \
        out[i] = (double)((const T *)view.data)[i];                                                                    \
    return

void view_doubles(wg_view view, double *out)
{
    int64_t n = wg_shape_count(view.shape);
    wg_dtype dtype = view.strided ? WG_DTYPE_NONE : view.dtype;
    switch (dtype) {
    case WG_F32:
        COPY(float);
    case WG_F64:
        COPY(double);
    case WG_I32:
        COPY(int32_t);
    case WG_I64:
        COPY(int64_t);
    case WG_U8:
        COPY(uint8_t);
    case WG_BOOL:
        COPY(bool);
    case WG_DTYPE_NONE:
        break;
    }
    for (int64_t i = 0; i < n; i++)
        out[i] = wg_view_at(view, i);
}

/* Whether an integer type holds the value exactly. Beyond 2^53 doubles are no exact integers, and nothing is promised. */
static bool fits(double v, wg_dtype dtype)
{
    switch (dtype) {
    case WG_I32:
        return v == floor(v) && v >= INT32_MIN && v <= INT32_MAX;
    case WG_I64:
        return v == floor(v) && fabs(v) <= 0x1p53;
    case WG_U8:
        return v == floor(v) && v >= 0 && v <= 255;
    case WG_BOOL:
        return v == 0 || v == 1;
    default:
        return true;
    }
}

static void put(void *to, wg_dtype dtype, int64_t i, double v)
{
    switch (dtype) {
    case WG_F32:
        ((float *)to)[i] = (float)v;
        break;
    case WG_F64:
        ((double *)to)[i] = v;
        break;
    case WG_I32:
        ((int32_t *)to)[i] = (int32_t)v;
        break;
    case WG_I64:
        ((int64_t *)to)[i] = (int64_t)v;
        break;
    case WG_U8:
        ((uint8_t *)to)[i] = (uint8_t)v;
        break;
    case WG_BOOL:
        ((bool *)to)[i] = v != 0;
        break;
    case WG_DTYPE_NONE:
        break;
    }
}

wg_view view_as(wg_view view, wg_dtype dtype, void **memory, char text[80])
{
    *memory = NULL;
    if (!view.data || (view.dtype == dtype && !view.strided))
        return view;
    int64_t n = wg_shape_count(view.shape);
    *memory = tool_alloc((size_t)n, wg_dtype_size(dtype));
    for (int64_t i = 0; i < n; i++) {
        double v = wg_view_at(view, i);
        if (!fits(v, dtype)) {
            snprintf(text, 80, "element %lld is %g, which %s cannot hold", (long long)i, v, wg_dtype_name(dtype));
            free(*memory);
            *memory = NULL;
            view.data = NULL;
            return view;
        }
        put(*memory, dtype, i, v);
    }
    return wg_view_of(*memory, dtype, view.shape);
}
