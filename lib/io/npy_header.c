/* Reads and writes the headers of .npy arrays. A header is the text of a Python dictionary with three keys, for example
 * {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }. The format: NumPy's documentation, numpy.lib.format. */
#include "io/npy_header.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "arrays are written as they stand in memory, which must be little-endian"
#endif

static const struct {
    char kind[3]; /* without the byte order */
    wg_dtype dtype;
} known[] = {
    { "f4", WG_F32 }, { "f8", WG_F64 }, { "i4", WG_I32 }, { "i8", WG_I64 }, { "u1", WG_U8 }, { "b1", WG_BOOL }
};

enum { N_KNOWN = sizeof known / sizeof *known };

typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static bool take(cursor *c, char wanted)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_word(cursor *c, const char *word)
{
    size_t n = strlen(word);

    skip_blanks(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* A quoted text without escapes, shorter than `size`. */
static bool take_text(cursor *c, char *to, size_t size)
{
    char quote = take(c, '\'') ? '\'' : take(c, '"') ? '"' : 0;
    size_t n = 0;

    if (!quote)
        return false;
    while (c->at < c->end && *c->at != quote) {
        if (n + 1 >= size || *c->at == '\\' || (unsigned char)*c->at < ' ' || (unsigned char)*c->at > '~')
            return false;
        to[n++] = *c->at++;
    }
    to[n] = 0;
    return take(c, quote);
}

static wg_status parse_descr(cursor *c, wg__npy_header *h)
{
    char text[24] = "";

    skip_blanks(c);
    if (c->at < c->end && *c->at == '[')
        return wg__fail(WG_ERR_FORMAT, "the header's elements are records; plain numbers are expected");
    if (!take_text(c, text, sizeof text))
        return wg__fail(WG_ERR_FORMAT, "the header's 'descr' is no element type");
    for (int k = 0; k < N_KNOWN; k++) {
        if (strlen(text) != 3 || strcmp(text + 1, known[k].kind) != 0)
            continue;
        bool one_byte = text[2] == '1';
        if (!(text[0] == '<' || text[0] == '>' || (one_byte && text[0] == '|')))
            break;
        h->dtype = known[k].dtype;
        h->swapped = text[0] == '>' && !one_byte;
        return WG_OK;
    }
    return wg__fail(WG_ERR_FORMAT, "the element type '%s' is none of <f4 <f8 <i4 <i8 |u1 |b1", text);
}

static wg_status parse_order(cursor *c, wg__npy_header *h)
{
    if (take_word(c, "True"))
        h->fortran = true;
    else if (take_word(c, "False"))
        h->fortran = false;
    else
        return wg__fail(WG_ERR_FORMAT, "the header's 'fortran_order' is neither True nor False");
    return WG_OK;
}

static bool take_size(cursor *c, int64_t *size)
{
    const char *start;

    skip_blanks(c);
    start = c->at;
    *size = 0;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        if (!wg__mul_i64(*size, 10, size) || !wg__add_i64(*size, *c->at++ - '0', size))
            return false;
    return c->at > start && (*start != '0' || c->at == start + 1);
}

/* A tuple: (), (3,), (3, 4) or (3, 4,). */
static wg_status parse_shape(cursor *c, wg__npy_header *h)
{
    bool comma = true;

    if (!take(c, '('))
        return wg__fail(WG_ERR_FORMAT, "the header's 'shape' is no tuple");
    h->shape = (wg_shape){ .rank = 0 };
    while (!take(c, ')')) {
        if (h->shape.rank == WG_MAX_RANK)
            return wg__fail(WG_ERR_FORMAT, "the array has more than %d axes", WG_MAX_RANK);
        if (!comma || !take_size(c, &h->shape.dim[h->shape.rank]))
            return wg__fail(WG_ERR_FORMAT, "the header's 'shape' is no tuple of sizes");
        h->shape.rank++;
        comma = take(c, ',');
    }
    if (h->shape.rank == 1 && !comma) /* Python reads (3) as a number */
        return wg__fail(WG_ERR_FORMAT, "the header's 'shape' is no tuple of sizes");
    return WG_OK;
}

/* One key and its value. `seen` has a bit for each key met so far. */
static wg_status parse_entry(cursor *c, wg__npy_header *h, unsigned *seen)
{
    static const struct {
        const char *name;
        wg_status (*parse)(cursor *, wg__npy_header *);
    } keys[] = { { "descr", parse_descr }, { "fortran_order", parse_order }, { "shape", parse_shape } };
    char key[24];

    if (!take_text(c, key, sizeof key) || !take(c, ':'))
        return wg__fail(WG_ERR_FORMAT, "the header is no dictionary of descr, fortran_order and shape");
    for (unsigned k = 0; k < 3; k++) {
        if (strcmp(key, keys[k].name) != 0)
            continue;
        if (*seen & 1u << k)
            return wg__fail(WG_ERR_FORMAT, "the header names '%s' twice", key);
        *seen |= 1u << k;
        return keys[k].parse(c, h);
    }
    return wg__fail(WG_ERR_FORMAT, "the header has an unknown key '%s'", key);
}

wg_status wg__npy_parse(wg__npy_header *h, const char *text, size_t n)
{
    cursor c = { text, text + n };
    unsigned seen = 0;
    bool comma = true;
    wg_status status;

    if (!take(&c, '{'))
        return wg__fail(WG_ERR_FORMAT, "the header is no dictionary");
    while (!take(&c, '}')) {
        if (!comma)
            return wg__fail(WG_ERR_FORMAT, "the header lacks a comma or its closing brace");
        status = parse_entry(&c, h, &seen);
        if (status)
            return status;
        comma = take(&c, ',');
    }
    skip_blanks(&c);
    if (c.at != c.end)
        return wg__fail(WG_ERR_FORMAT, "the header goes on after its closing brace");
    if (seen != 7)
        return wg__fail(WG_ERR_FORMAT, "the header lacks '%s'",
                        !(seen & 1)   ? "descr"
                        : !(seen & 2) ? "fortran_order"
                                      : "shape");
    if (!wg__shape_bytes(&h->shape, h->dtype, &h->bytes) || h->bytes > PTRDIFF_MAX)
        return wg__fail(WG_ERR_FORMAT, "the array's size does not fit into memory");
    return WG_OK;
}

wg_status wg__npy_read_header(wg__npy_header *h, wg__npy_reader read, void *from)
{
    unsigned char start[12];
    char text[WG__NPY_TEXT_MAX];
    size_t fixed, n;
    wg_status status;

    *h = (wg__npy_header){ .length = 0 };
    status = read(from, start, 10); /* magic, version, and at least two bytes of length */
    if (status)
        return status;
    if (memcmp(start, "\x93NUMPY", 6) != 0)
        return wg__fail(WG_ERR_FORMAT, "not an .npy array");
    if (start[6] < 1 || start[6] > 3 || start[7] != 0)
        return wg__fail(WG_ERR_FORMAT, "npy version %d.%d is none of 1.0, 2.0, 3.0", start[6], start[7]);
    fixed = start[6] == 1 ? 10 : 12;
    n = start[8] | (size_t)start[9] << 8;
    if (fixed == 12) {
        status = read(from, start + 10, 2);
        if (status)
            return status;
        n |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    }
    if (n > sizeof text)
        return wg__fail(WG_ERR_FORMAT, "the header has %zu characters; at most %d are read", n, WG__NPY_TEXT_MAX);
    status = read(from, text, n);
    if (status)
        return status;
    h->length = fixed + n;
    return wg__npy_parse(h, text, n);
}

size_t wg__npy_write_header(unsigned char to[WG__NPY_WRITE_MAX], wg_dtype dtype, const wg_shape *shape)
{
    char text[WG__NPY_WRITE_MAX], descr[4] = "<";
    size_t n = 0, total;

    for (int k = 0; k < N_KNOWN; k++)
        if (known[k].dtype == dtype)
            memcpy(descr + 1, known[k].kind, sizeof known[k].kind);
    if (descr[2] == '1')
        descr[0] = '|';
    n += (size_t)snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int i = 0; i < shape->rank; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%lld%s", (long long)shape->dim[i],
                              i + 1 < shape->rank ? ", "
                              : shape->rank == 1  ? ","
                                                  : "");
    n += (size_t)snprintf(text + n, sizeof text - n, "), }");
    total = (10 + n + 1 + 63) / 64 * 64; /* elements of a mapped file are aligned so */

    memset(to, ' ', total);
    memcpy(to, "\x93NUMPY\x01", 8); /* with the NUL: version 1.0 */
    to[8] = (unsigned char)((total - 10) & 0xff);
    to[9] = (unsigned char)((total - 10) >> 8);
    memcpy(to + 10, text, n);
    to[total - 1] = '\n';
    return total;
}
