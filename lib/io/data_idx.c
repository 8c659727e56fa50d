/* Data from IDX files, the format of MNIST: two zero bytes, the type, the number of axes, big-endian sizes of 32 bits,
 * then the elements, big-endian and row-major. */
#include <string.h>

#include "base/checked.h"
#include "io/data.h"
#include "io/file.h"

enum { PIECE = 4096 };

/* Widens or turns `n` big-endian elements. */
typedef void convert(void *to, const unsigned char *from, size_t n);

static uint32_t big(const unsigned char *at, int bytes)
{
    uint32_t value = 0;

    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static void from_u8(void *to, const unsigned char *from, size_t n) { memcpy(to, from, n); }

static void from_i8(void *to, const unsigned char *from, size_t n)
{
    int32_t *element = to;

    for (size_t i = 0; i < n; i++)
        element[i] = from[i] - (from[i] & 0x80) * 2;
}

static void from_i16(void *to, const unsigned char *from, size_t n)
{
    int32_t *element = to;

    for (size_t i = 0; i < n; i++) {
        int32_t value = (int32_t)big(from + 2 * i, 2);
        element[i] = value - (value & 0x8000) * 2;
    }
}

/* i32 and f32: the same bits in the machine's order. */
static void from_32(void *to, const unsigned char *from, size_t n)
{
    unsigned char *element = to;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits = big(from + 4 * i, 4);
        memcpy(element + 4 * i, &bits, sizeof bits);
    }
}

static void from_f64(void *to, const unsigned char *from, size_t n)
{
    unsigned char *element = to;

    for (size_t i = 0; i < n; i++) {
        uint64_t bits = (uint64_t)big(from + 8 * i, 4) << 32 | big(from + 8 * i + 4, 4);
        memcpy(element + 8 * i, &bits, sizeof bits);
    }
}

typedef struct kind {
    unsigned char code;
    unsigned char bytes; /* an element in the file */
    wg_dtype dtype;
    convert *convert;
} kind;

static const kind kinds[] = {
    { 0x08, 1, WG_U8, from_u8 },  { 0x09, 1, WG_I32, from_i8 }, { 0x0B, 2, WG_I32, from_i16 },
    { 0x0C, 4, WG_I32, from_32 }, { 0x0D, 4, WG_F32, from_32 }, { 0x0E, 8, WG_F64, from_f64 },
};

static const kind *find_kind(unsigned char code)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].code == code)
            return &kinds[i];
    return NULL;
}

bool wg__file_is_idx(const wg__file *file)
{
    unsigned char start[4];

    return file->size >= sizeof start && !wg__file_read(file, 0, start, sizeof start) && !start[0] && !start[1] &&
           find_kind(start[2]);
}

typedef struct rows_of_idx {
    wg__file file;
    uint64_t offset; /* of the first element */
    const kind *kind;
} rows_of_idx;

static wg_status read_rows(wg_data *data, int64_t first, int64_t n, void *to)
{
    const rows_of_idx *from = data->state;
    size_t size = wg_dtype_size(data->dtype), row = data->row_bytes / size, left = (size_t)n * row;
    uint64_t at = from->offset + (uint64_t)first * row * from->kind->bytes;
    unsigned char piece[PIECE * 8], *element = to;
    wg_status status = WG_OK;

    if (from->kind->dtype == WG_U8)
        return wg__file_read(&from->file, at, to, left);
    while (!status && left) {
        size_t some = left < PIECE ? left : PIECE;
        status = wg__file_read(&from->file, at, piece, some * from->kind->bytes);
        if (!status)
            from->kind->convert(element, piece, some);
        element += some * size;
        at += some * from->kind->bytes;
        left -= some;
    }
    return status;
}

static void close_rows(wg_data *data)
{
    rows_of_idx *from = data->state;

    wg__file_close(&from->file);
    wg__free(data->allocator, from, 1, sizeof *from);
    data->state = NULL;
}

static const wg__source idx_rows = { .read = read_rows, .close = close_rows };

/* The header, against the file's size. `data` gets shape and type. */
static wg_status read_header(wg_data *data, rows_of_idx *from)
{
    unsigned char start[4], size[4 * WG_MAX_RANK];
    wg_shape shape = { .rank = 0 };
    wg_status status = wg__file_read(&from->file, 0, start, sizeof start);

    if (status)
        return status;
    from->kind = find_kind(start[2]);
    if (start[3] > WG_MAX_RANK)
        return wg__fail(WG_ERR_FORMAT, "the IDX header declares %d axes; at most %d are read", start[3], WG_MAX_RANK);
    shape.rank = start[3];
    from->offset = sizeof start + 4 * (size_t)shape.rank;
    status = wg__file_read(&from->file, sizeof start, size, 4 * (size_t)shape.rank);
    if (status)
        return status;
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = big(size + 4 * i, 4);
    status = wg__data_describe(data, from->kind->dtype, shape);
    if (status)
        return status;
    uint64_t bytes = data->bytes / wg_dtype_size(data->dtype) * from->kind->bytes;
    if (from->file.size - from->offset != bytes)
        return wg__fail(WG_ERR_FORMAT, "%llu bytes stand behind the IDX header, which declares %llu",
                        (unsigned long long)(from->file.size - from->offset), (unsigned long long)bytes);
    return WG_OK;
}

wg_status wg__data_open_idx(wg_data *data, wg__file *file, const char *member)
{
    rows_of_idx *from;

    if (member) {
        wg__file_close(file);
        return wg__fail(WG_ERR_ARG, "an IDX file has no members, so '%s' is not in it", member);
    }
    from = wg__alloc(data->allocator, 1, sizeof *from);
    if (!from) {
        wg__file_close(file);
        return WG_ERR_NOMEM;
    }
    *from = (rows_of_idx){ .file = *file };
    data->state = from;
    data->source = &idx_rows; /* from here on wg_data_free closes */
    return read_header(data, from);
}
