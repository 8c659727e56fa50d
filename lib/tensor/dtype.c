/* Element types: sizes and names. */
#include <string.h>
#include <wengert/tensor.h>

static const struct {
    const char *name;
    size_t size;
} types[WG_DTYPE_COUNT] = {
    [WG_DTYPE_NONE] = {"none", 0}, [WG_F32] = {"f32", 4}, [WG_F64] = {"f64", 8},   [WG_I32] = {"i32", 4},
    [WG_I64] = {"i64", 8},         [WG_U8] = {"u8", 1},   [WG_BOOL] = {"bool", 1},
};

static int is_type(wg_dtype type)
{
    return (int)type >= 0 && (int)type < WG_DTYPE_COUNT;
}

size_t wg_dtype_size(wg_dtype type)
{
    return is_type(type) ? types[type].size : 0;
}

const char *wg_dtype_name(wg_dtype type)
{
    return is_type(type) ? types[type].name : "none";
}

wg_dtype wg_dtype_named(const char *name)
{
    for (int type = WG_F32; name != NULL && type < WG_DTYPE_COUNT; type++)
        if (strcmp(name, types[type].name) == 0)
            return (wg_dtype)type;
    return WG_DTYPE_NONE;
}
