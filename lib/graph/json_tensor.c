/* Tensors in the graph description: a number, or lists nested as deep as the rank. */
#include <stdio.h>

#include "graph/json.h"

/* ---- written ---- */

static void put_element(wg__text *t, const void *elements, wg_dtype type, int64_t i)
{
    switch (type) {
    case WG_F32:
        wg__json_number(t, (double)((const float *)elements)[i], true);
        break;
    case WG_F64:
        wg__json_number(t, ((const double *)elements)[i], false);
        break;
    case WG_I32:
        wg__text_printf(t, "%d", (int)((const int32_t *)elements)[i]);
        break;
    case WG_I64:
        wg__text_printf(t, "%lld", (long long)((const int64_t *)elements)[i]);
        break;
    case WG_U8:
        wg__text_printf(t, "%d", (int)((const uint8_t *)elements)[i]);
        break;
    case WG_BOOL:
        wg__text_add(t, ((const uint8_t *)elements)[i] != 0 ? "true" : "false");
        break;
    case WG_DTYPE_NONE:
        break;
    }
}

/* The lists of one axis; *at is the next element. */
static void put_axis(wg__text *t, const void *elements, wg_dtype type, const wg_shape *s, int axis, int64_t *at)
{
    if (axis == s->rank) {
        put_element(t, elements, type, (*at)++);
        return;
    }
    wg__text_add(t, "[");
    for (int64_t i = 0; i < s->dim[axis]; i++) {
        wg__text_add(t, i > 0 ? ", " : "");
        put_axis(t, elements, type, s, axis + 1, at);
    }
    wg__text_add(t, "]");
}

void wg__json_tensor(wg__text *t, const void *elements, wg_dtype type, const wg_shape *s)
{
    int64_t at = 0;

    if (wg_shape_count(*s) == 0) /* the shape says the rest, and may have sizes too large to write */
        wg__text_add(t, "[]");
    else
        put_axis(t, elements, type, s, 0, &at);
}

/* ---- read ---- */

/* Whether the lists below `value` are as long as the shape says at every place. */
static bool rectangular(const json_t *value, const wg_shape *s, int axis)
{
    if (axis == s->rank)
        return !json_is_array(value);
    if (!json_is_array(value) || json_array_size(value) != (size_t)s->dim[axis])
        return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!rectangular(json_array_get(value, i), s, axis + 1))
            return false;
    return true;
}

bool wg__json_tensor_shape(const json_t *value, wg_shape *s)
{
    *s = (wg_shape){ .rank = 0 };
    for (const json_t *v = value; json_is_array(v); v = json_array_get(v, 0)) {
        if (s->rank == WG_MAX_RANK) {
            wg__fail(WG_ERR_FORMAT, "lists are nested deeper than %d", WG_MAX_RANK);
            return false;
        }
        s->dim[s->rank++] = (int64_t)json_array_size(v);
    }
    if (!rectangular(value, s, 0)) {
        wg__fail(WG_ERR_FORMAT, "the nested lists do not have equal lengths");
        return false;
    }
    return true;
}

/* Integers are read as such: an i64 has more digits than a double. */
static bool store_integer(const json_t *value, wg_dtype type, void *elements, int64_t i)
{
    json_int_t x = json_integer_value(value);
    json_int_t low = type == WG_I64 ? INT64_MIN : type == WG_I32 ? INT32_MIN : 0;
    json_int_t high = type == WG_I64 ? INT64_MAX : type == WG_I32 ? INT32_MAX : type == WG_U8 ? UINT8_MAX : 1;

    if (json_is_boolean(value) && type == WG_BOOL)
        x = json_is_true(value);
    else if (!json_is_integer(value) || x < low || x > high)
        return false;
    wg__convert((char *)elements + i * (int64_t)wg_dtype_size(type), type, &(int64_t){ x }, WG_I64, 1);
    return true;
}

static bool store_element(const json_t *value, wg_dtype type, void *elements, int64_t i)
{
    char shown[WG__JSON_SHOWN];
    double x;

    if (wg__is_float(type) && wg__json_to_number(value, &x)) {
        wg__store(elements, type, i, x);
        return true;
    }
    if (!wg__is_float(type) && store_integer(value, type, elements, i))
        return true;
    wg__fail(WG_ERR_FORMAT, "expected a number of type %s, got %s", wg_dtype_name(type), wg__json_shown(value, shown));
    return false;
}

static bool read_axis(const json_t *value, const wg_shape *s, int axis, wg_dtype type, void *elements, int64_t *at)
{
    if (axis == s->rank)
        return store_element(value, type, elements, (*at)++);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!read_axis(json_array_get(value, i), s, axis + 1, type, elements, at))
            return false;
    return true;
}

bool wg__json_to_tensor(const json_t *value, const wg_shape *s, wg_dtype type, void *elements)
{
    int64_t at = 0;

    return wg_shape_count(*s) == 0 || read_axis(value, s, 0, type, elements, &at);
}
