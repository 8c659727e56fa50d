/* IDX files, plain and packed by gzip: every type, streamed or whole, and what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wengert/io.h>
#include <zlib.h>

#include "base/alloc.h"
#include "io_test.h"

/* A big-endian file of three rows of two elements. */
typedef struct sample {
    const char *bytes;
    size_t n;
    wg_dtype dtype;
    double value[6];
} sample;

#define HEAD(code) "\0\0" code "\2\0\0\0\3\0\0\0\2"
#define BYTES(text) text, sizeof(text) - 1
static const sample samples[] = {
    { BYTES(HEAD("\x08") "\0\1\x7F\x80\xFE\xFF"), WG_U8, { 0, 1, 127, 128, 254, 255 } },
    { BYTES(HEAD("\x09") "\0\1\x7F\x80\xFE\xFF"), WG_I32, { 0, 1, 127, -128, -2, -1 } },
    { BYTES(HEAD("\x0B") "\0\0\0\1\x7F\xFF\x80\0\xFF\xFE\xFF\xFF"), WG_I32, { 0, 1, 32767, -32768, -2, -1 } },
    { BYTES(HEAD("\x0C") "\0\0\0\0\0\0\0\1\x7F\xFF\xFF\xFF\x80\0\0\0\xFF\xFF\xFF\xFE\xFF\xFF\xFF\xFF"),
      WG_I32,
      { 0, 1, 2147483647.0, -2147483648.0, -2, -1 } },
    { BYTES(HEAD("\x0D") "\0\0\0\0\x3F\x80\0\0\xC0\0\0\0\x3F\0\0\0\x3E\x80\0\0\x41\x20\0\0"),
      WG_F32,
      { 0, 1, -2, 0.5, 0.25, 10 } },
    { BYTES(HEAD("\x0E") "\0\0\0\0\0\0\0\0\x3F\xF0\0\0\0\0\0\0\xC0\0\0\0\0\0\0\0"
                         "\x3F\xE0\0\0\0\0\0\0\x3F\xD0\0\0\0\0\0\0\x40\x24\0\0\0\0\0\0"),
      WG_F64,
      { 0, 1, -2, 0.5, 0.25, 10 } },
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static void pack(const char *path, const void *content, size_t n)
{
    gzFile file = gzopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, content, (unsigned)n), (int)n);
    ck_assert_int_eq(gzclose(file), Z_OK);
}

static void assert_sample(const char *path, const sample *s, size_t memory)
{
    wg_data *d = wg_data_open_with(path, WG_OPTS(wg_data_opts, .memory = memory));

    ck_assert_msg(d != NULL, "%s", wg_error());
    ck_assert(wg_shape_equal(wg_data_shape(d), WG_SHAPE(3, 2)));
    ck_assert_int_eq(wg_data_dtype(d), s->dtype);
    ck_assert_uint_eq(wg_data_columns(d), 0);
    ck_assert_ptr_null(wg_data_class(d, 0));
    for (int64_t first = 0; first < 3; first++)
        for (int64_t n = 0; first + n <= 3; n++) {
            wg_view rows = wg_data_rows(d, first, n);
            ck_assert_msg(rows.data != NULL, "%s", wg_error());
            for (int64_t i = 0; i < 2 * n; i++)
                ck_assert_double_eq(wg_view_at(rows, i), s->value[2 * first + i]);
        }
    wg_data_free(d);
}

START_TEST(test_every_type_plain_and_packed)
{
    const sample *s = &samples[_i];
    const char *path = in_folder("t.idx");

    spit(path, s->bytes, s->n);
    assert_sample(path, s, 0);
    assert_sample(path, s, 1);
    pack(path, s->bytes, s->n);
    assert_sample(path, s, 0);
    assert_sample(path, s, 1); /* unpacked into a file without a name */
    assert_sample(path, s, s->n - 1);
}
END_TEST

START_TEST(test_several_gzip_members_are_one_content)
{
    const sample *s = &samples[0];
    bytes all = { malloc(4096), 0 };

    for (size_t at = 0; at < s->n; at += 5) {
        pack(in_folder("part"), s->bytes + at, s->n - at < 5 ? s->n - at : 5);
        bytes part = slurp(in_folder("part"));
        memcpy(all.at + all.n, part.at, part.n);
        all.n += part.n;
        free(part.at);
    }
    spit(in_folder("members.gz"), all.at, all.n);
    assert_sample(in_folder("members.gz"), s, 0);
    assert_sample(in_folder("members.gz"), s, 7);
    free(all.at);
}
END_TEST

START_TEST(test_a_large_one_is_read_in_pieces)
{
    enum { N = 3000, WIDTH = 7 };
    unsigned char *file = malloc(12 + 2 * N * WIDTH);
    const char *path = in_folder("large.idx");

    memcpy(file, "\0\0\x0B\2\0\0\x0B\xB8\0\0\0\7", 12);
    for (int i = 0; i < N * WIDTH; i++) {
        file[12 + 2 * i] = (unsigned char)(i >> 8);
        file[13 + 2 * i] = (unsigned char)i;
    }
    spit(path, file, 12 + 2 * N * WIDTH);
    for (size_t memory = 0; memory < 2; memory++) {
        wg_data *d = wg_data_open_with(path, WG_OPTS(wg_data_opts, .memory = memory));
        ck_assert_msg(d != NULL, "%s", wg_error());
        wg_view all = wg_data_rows(d, 0, N);
        for (int i = 0; i < N * WIDTH; i++)
            ck_assert_double_eq(wg_view_at(all, i), (double)i);
        ck_assert_double_eq(wg_view_at(wg_data_rows(d, 1234, 1), 3), 1234 * WIDTH + 3);
        wg_data_free(d);
    }
    free(file);
}
END_TEST

static void refuse(const char *path, const void *content, size_t n, wg_status status, const char *why)
{
    spit(path, content, n);
    for (size_t memory = 0; memory < 2; memory++) {
        ck_assert_ptr_null(wg_data_open_with(path, WG_OPTS(wg_data_opts, .memory = memory)));
        assert_failed(status, path, why);
    }
}

START_TEST(test_what_is_refused)
{
    const char *path = in_folder("bad.idx");
    char spec[600];

    refuse(path, BYTES("\0\0\x08\1\0\0\0\3\1\2\3\4"), WG_ERR_FORMAT,
           "4 bytes stand behind the IDX header, which declares 3");
    refuse(path, BYTES("\0\0\x08\1\0\0\0\3\1\2"), WG_ERR_FORMAT, "2 bytes stand behind");
    refuse(path, BYTES("\0\0\x08\2\0\0\0\3"), WG_ERR_FORMAT, "cut off");
    refuse(path, BYTES("\0\0\x08\0\1"), WG_ERR_FORMAT, "scalar");
    refuse(path, BYTES("\0\0\x08\1\0\0\0\0"), WG_ERR_FORMAT, "is empty");
    refuse(path, BYTES("\0\0\x08\x09"), WG_ERR_FORMAT, "declares 9 axes");
    refuse(path, BYTES("\0\0\x0A\1\0\0\0\1\1"), WG_ERR_FORMAT, "is none of");
    /* Products beyond 64 bits, and beyond any file. */
    refuse(path, BYTES("\0\0\x0E\3\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), WG_ERR_RANGE, "too large");
    refuse(path, BYTES("\0\0\x0E\2\xFF\xFF\xFF\xFF\x40\0\0\0"), WG_ERR_RANGE, "too large");
    refuse(path, BYTES("\0\0\x08\2\xFF\xFF\xFF\xFF\x40\0\0\0"), WG_ERR_FORMAT, "0 bytes stand behind");
    spit(path, samples[0].bytes, samples[0].n);
    snprintf(spec, sizeof spec, "%s:x", path);
    ck_assert_ptr_null(wg_data_open(spec));
    assert_failed(WG_ERR_ARG, spec, "an IDX file has no members, so 'x' is not in it");
}
END_TEST

/* Whatever is done to a packed file: an error, or the right values. */
START_TEST(test_every_cut_and_every_flipped_bit_of_a_packed_file)
{
    const char *path = in_folder("damaged.gz");
    const sample *s = &samples[4];

    pack(path, s->bytes, s->n);
    bytes whole = slurp(path);
    for (size_t n = 0; n < whole.n; n++) {
        spit(path, whole.at, n);
        ck_assert_msg(!wg_data_open(path), "cut to %zu of %zu bytes, it was read", n, whole.n);
        ck_assert_int_eq(wg_error_status(), WG_ERR_FORMAT);
    }
    for (size_t bit = 0; bit < 8 * whole.n; bit++) {
        whole.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
        spit(path, whole.at, whole.n);
        wg_data *d = wg_data_open(path);
        wg_data_free(d);
        if (d) /* a bit of the header that says nothing of the content: name, time, system */
            assert_sample(path, s, 1);
        else
            ck_assert_int_eq(wg_error_status(), WG_ERR_FORMAT);
        whole.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    spit(path, whole.at, whole.n);
    assert_sample(path, s, 0);
    whole.at = realloc(whole.at, whole.n + 1);
    whole.at[whole.n] = 'x';
    refuse(path, whole.at, whole.n + 1, WG_ERR_FORMAT, "bytes stand behind the compressed data");
    whole.at[whole.n] = 0x1f;
    refuse(path, whole.at, whole.n + 1, WG_ERR_FORMAT, "cut off");
    free(whole.at);
}
END_TEST

START_TEST(test_other_kinds_in_gzip)
{
    const float x[] = { 1, 2, 3 };
    const char *path = in_folder("x.npy.gz");

    ck_assert_int_eq(wg_npy_write(in_folder("x.npy"), WG_VIEW(x, 3)), WG_OK);
    bytes npy = slurp(in_folder("x.npy"));
    pack(path, npy.at, npy.n);
    wg_data *d = wg_data_open(path);
    ck_assert_msg(d != NULL, "%s", wg_error());
    ck_assert_double_eq(wg_view_at(wg_data_rows(d, 1, 1), 0), 2);
    wg_data_free(d);
    free(npy.at);
    ck_assert_int_eq(wg_npz_write(in_folder("x.npz"), (const char *[]){ "x" }, (wg_view[]){ WG_VIEW(x, 3) }, 1, 0),
                     WG_OK);
    bytes npz = slurp(in_folder("x.npz"));
    pack(path, npz.at, npz.n);
    ck_assert_ptr_null(wg_data_open(path));
    assert_failed(WG_ERR_FORMAT, path, "holds an .npz file that gzip has packed; unpack it first");
    free(npz.at);
    pack(path, "", 0);
    ck_assert_ptr_null(wg_data_open(path));
    assert_failed(WG_ERR_FORMAT, path, "the file is empty");
}
END_TEST

/* What is unpacked beyond the memory goes to $TMPDIR, and leaves nothing there. */
START_TEST(test_where_large_ones_are_unpacked)
{
    const char *path = in_folder("t.gz");

    pack(path, samples[5].bytes, samples[5].n);
    setenv("TMPDIR", in_folder("no/such/folder"), 1);
    ck_assert_ptr_null(wg_data_open_with(path, WG_OPTS(wg_data_opts, .memory = 1)));
    assert_failed(WG_ERR_IO, path, "unpacking into");
    setenv("TMPDIR", in_folder("."), 1);
    assert_sample(path, &samples[5], 1);
    assert_no_leftovers();
    limit_file_size(20);
    ck_assert_ptr_null(wg_data_open_with(path, WG_OPTS(wg_data_opts, .memory = 1)));
    assert_failed(WG_ERR_IO, path, "unpacking: write");
    limit_file_size(0);
    unsetenv("TMPDIR");
}
END_TEST

START_TEST(test_memory_that_runs_out_is_told)
{
    const char *path = in_folder("t.gz");

    pack(path, samples[1].bytes, samples[1].n);
    for (size_t memory = 0; memory < 2; memory++)
        for (size_t n = 1;; n++) {
            wg__alloc_fail_at(n, 0);
            wg_data *d = wg_data_open_with(path, WG_OPTS(wg_data_opts, .memory = memory));
            size_t asked = wg__alloc_fail_at(0, 0);
            if (!d)
                ck_assert_int_eq(wg_error_status(), WG_ERR_NOMEM);
            wg_data_free(d);
            if (asked < n)
                break;
            ck_assert_msg(!d, "allocation %zu of %zu was not needed", n, asked);
        }
    assert_no_leftovers();
}
END_TEST

TCase *io_idx_tests(void)
{
    TCase *t = tcase_create("idx");

    tcase_add_loop_test(t, test_every_type_plain_and_packed, 0, SAMPLES);
    tcase_add_test(t, test_several_gzip_members_are_one_content);
    tcase_add_test(t, test_a_large_one_is_read_in_pieces);
    tcase_add_test(t, test_what_is_refused);
    tcase_add_test(t, test_every_cut_and_every_flipped_bit_of_a_packed_file);
    tcase_add_test(t, test_other_kinds_in_gzip);
    tcase_add_test(t, test_memory_that_runs_out_is_told);
    tcase_add_test(t, test_where_large_ones_are_unpacked);
    return t;
}
