/* .npy headers, .npz archives and atomic replacement: what is written can be read, the same everywhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wengert/io.h>

#include "io/npz.h"
#include "io_test.h"

/* ---- headers ---- */

static wg_status parse(wg__npy_header *h, const char *text)
{
    *h = (wg__npy_header){.length = 0};
    return wg__npy_parse(h, text, strlen(text));
}

START_TEST(test_headers_in_any_order_and_style_are_read)
{
    static const char *const same[] = {
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n",
        "{'shape': (3, 4), 'descr': '<f8', 'fortran_order': False}",
        "{\"fortran_order\":False,\"shape\":(3,4,),\"descr\":\"<f8\"}\n",
        "  { 'shape' : ( 3 , 4 ) , 'fortran_order' : False , 'descr' : '<f8' , } ",
    };
    wg__npy_header h;

    for (size_t k = 0; k < sizeof same / sizeof *same; k++) {
        ck_assert_msg(parse(&h, same[k]) == WG_OK, "%s: %s", same[k], wg_error());
        ck_assert_int_eq(h.dtype, WG_F64);
        ck_assert(wg_shape_equal(h.shape, WG_SHAPE(3, 4)));
        ck_assert(!h.fortran && !h.swapped);
        ck_assert_uint_eq(h.bytes, 96);
    }
    ck_assert_int_eq(parse(&h, "{'descr': '>i4', 'fortran_order': True, 'shape': ()}"), WG_OK);
    ck_assert(h.swapped && h.fortran && h.shape.rank == 0 && h.dtype == WG_I32);
}
END_TEST

START_TEST(test_wrong_headers_are_refused_with_the_reason)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "no dictionary"},
        {"{", "no dictionary"},
        {"{}", "lacks 'descr'"},
        {"{'descr': '<f8', 'shape': ()}", "lacks 'fortran_order'"},
        {"{'descr': '<f8', 'fortran_order': False}", "lacks 'shape'"},
        {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': ()}", "twice"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (), 'x': 1}", "unknown key"},
        {"{'descr': '<f8' 'fortran_order': False, 'shape': ()}", "comma"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': ()} x", "goes on"},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': ()}", "<f2"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': ()}", "|O"},
        {"{'descr': '|f8', 'fortran_order': False, 'shape': ()}", "|f8"},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': ()}", "records"},
        {"{'descr': '<f8', 'fortran_order': 0, 'shape': ()}", "neither True nor False"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': 3}", "no tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (3)}", "no tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}", "no tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (,)}", "no tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (03,)}", "no tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (3 4)}", "no tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", "no tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", "more than 8"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "does not fit"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693951,)}", "does not fit"},
    };
    wg__npy_header h;

    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        ck_assert_msg(parse(&h, bad[k].text) == WG_ERR_FORMAT, "was accepted: %s", bad[k].text);
        assert_failed(WG_ERR_FORMAT, NULL, bad[k].why);
    }
}
END_TEST

typedef struct text_reader {
    const unsigned char *at;
    size_t left;
} text_reader;

static wg_status read_text(void *from, void *to, size_t n)
{
    text_reader *r = from;

    if (n > r->left)
        return wg__fail(WG_ERR_FORMAT, "ends");
    memcpy(to, r->at, n);
    r->at += n;
    r->left -= n;
    return WG_OK;
}

START_TEST(test_written_headers_are_read_back_for_every_type_and_rank)
{
    unsigned char text[WG__NPY_WRITE_MAX];
    wg_shape shape = {.rank = 0};

    for (int rank = 0; rank <= WG_MAX_RANK; rank++) {
        shape.rank = rank;
        for (int i = 0; i < rank; i++)
            shape.dim[i] = rank == 8 && i == 0 ? 0 : rank == 8 ? INT64_MAX : i + 1; /* also the longest text */
        for (int t = WG_F32; t < WG_DTYPE_COUNT; t++) {
            wg__npy_header h;
            size_t n = wg__npy_write_header(text, (wg_dtype)t, &shape);
            text_reader r = {text, n};
            ck_assert_uint_le(n, sizeof text);
            ck_assert_uint_eq(n % 64, 0);
            wg_status status = wg__npy_read_header(&h, read_text, &r);
            if (rank == 8) { /* whether such sizes are taken is up to the shape */
                ck_assert(status == WG_OK || status == WG_ERR_FORMAT);
                continue;
            }
            ck_assert_msg(status == WG_OK, "%s", wg_error());
            ck_assert_int_eq(h.dtype, t);
            ck_assert(wg_shape_equal(h.shape, shape));
            ck_assert_uint_eq(h.length, n);
        }
    }
}
END_TEST

START_TEST(test_versions_and_length_limit)
{
    static const char dict[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}";
    unsigned char text[16 + WG__NPY_TEXT_MAX] = "\x93NUMPY";
    wg__npy_header h;

    for (unsigned char version = 0; version <= 4; version++) {
        size_t fixed = version == 1 ? 10 : 12, n = sizeof dict - 1;
        memset(text + 6, 0, 6);
        text[6] = version;
        text[8] = (unsigned char)n;
        memcpy(text + fixed, dict, n);
        text_reader r = {text, fixed + n};
        ck_assert_int_eq(wg__npy_read_header(&h, read_text, &r), version >= 1 && version <= 3 ? WG_OK : WG_ERR_FORMAT);
    }
    for (size_t n = WG__NPY_TEXT_MAX; n <= WG__NPY_TEXT_MAX + 1; n++) {
        memset(text + 10, ' ', sizeof text - 10);
        memcpy(text + 10, dict, sizeof dict - 1);
        text[6] = 1;
        text[8] = (unsigned char)(n & 255), text[9] = (unsigned char)(n >> 8);
        text_reader r = {text, 10 + n};
        ck_assert_int_eq(wg__npy_read_header(&h, read_text, &r), n == WG__NPY_TEXT_MAX ? WG_OK : WG_ERR_FORMAT);
    }
}
END_TEST

/* ---- archives ---- */

static void fill(unsigned char *at, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        at[i] = (unsigned char)(seed >> 28); /* some, but not all, compresses away */
    }
}

START_TEST(test_arrays_come_back_from_archives_whatever_level_and_size)
{
    static const int64_t sizes[] = {0,
                                    1,
                                    63,
                                    64,
                                    256 * 1024 - 129,
                                    256 * 1024 - 128,
                                    256 * 1024 - 127,
                                    256 * 1024,
                                    3 * 256 * 1024 + 17,
                                    40 * 256 * 1024};
    static const int levels[] = {-1, 0, 1, 9};
    const char *path = in_folder("sizes.npz");
    unsigned char *data = malloc(41 * 256 * 1024);

    fill(data, 41 * 256 * 1024, 7);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
            if (sizes[s] > 1 << 20 && levels[l] == 9)
                continue; /* slow */
            wg_view view = wg_view_of(data, WG_U8, WG_SHAPE(sizes[s]));
            ck_assert_msg(!wg_npz_write(path, (const char *[]){"a"}, &view, 1, levels[l]), "%s", wg_error());
            wg_npz *npz = wg_npz_open(path);
            ck_assert_msg(npz != NULL, "%s", wg_error());
            wg_view back = wg_npz_get(npz, "a");
            ck_assert_msg(back.data != NULL, "size %d level %d: %s", (int)sizes[s], levels[l], wg_error());
            ck_assert(wg_shape_equal(back.shape, view.shape));
            ck_assert(back.dtype == WG_U8 && !memcmp(back.data, data, (size_t)sizes[s]));
            wg_npz_free(npz);
        }
    free(data);
}
END_TEST

START_TEST(test_all_types_scalars_and_strided_views_come_back)
{
    const char *path = in_folder("types.npz");
    static const char *const names[] = {"f", "d", "i", "l", "u", "b", "scalar", "a/b.c:d-e", "transposed"};
    float f[] = {1.5f, -0.0f};
    double d[] = {1e300, 2};
    int32_t i[] = {-1, 2};
    int64_t l[] = {INT64_MIN, 2};
    uint8_t u[] = {255, 0};
    bool b[] = {true, false};
    wg_view views[] = {WG_VIEW(f, 2),
                       WG_VIEW(d, 2),
                       WG_VIEW(i, 2),
                       WG_VIEW(l, 2),
                       WG_VIEW(u, 2),
                       WG_VIEW(b, 2),
                       wg_view_of(d, WG_F64, WG_SCALAR),
                       WG_VIEW(d, 1, 2),
                       WG_VIEW(l, 2, 1)};
    int32_t matrix[] = {1, 2, 3, 4, 5, 6};

    views[8] = (wg_view){.data = matrix, .shape = WG_SHAPE(3, 2), .stride = {1, 3}, .dtype = WG_I32, .strided = true};
    ck_assert_msg(!wg_npz_write(path, names, views, 9, 0), "%s", wg_error());
    wg_npz *npz = wg_npz_open(path);
    ck_assert_uint_eq(wg_npz_count(npz), 9);
    for (size_t k = 0; k < 8; k++) {
        wg_view back = wg_npz_get(npz, names[k]);
        ck_assert_str_eq(wg_npz_name(npz, k), names[k]);
        ck_assert(back.dtype == views[k].dtype && wg_shape_equal(back.shape, views[k].shape));
        ck_assert(!memcmp(back.data, views[k].data, (size_t)wg_shape_count(back.shape) * wg_dtype_size(back.dtype)));
        ck_assert_ptr_eq(wg_npz_get(npz, names[k]).data, back.data);
    }
    const int32_t turned[] = {1, 4, 2, 5, 3, 6};
    ck_assert(!memcmp(wg_view_i32(wg_npz_get(npz, "transposed"), NULL), turned, sizeof turned));
    ck_assert_ptr_null(wg_npz_get(npz, "absent").data);
    assert_failed(WG_ERR_ARG, path, "no array named 'absent'; there are f, d, i, l");
    wg_npz_free(npz);
    wg_npz_free(NULL);
}
END_TEST

START_TEST(test_the_same_bytes_for_any_number_of_threads)
{
    size_t n = 70 * 256 * 1024 + 5; /* more than two waves of blocks */
    unsigned char *data = malloc(n);
    bytes first = {NULL, 0};

    fill(data, n, 3);
    for (int threads = 1; threads <= 7; threads += 2) {
        const char *path = in_folder("threads.npz");
        wg__zip_writer w;
        ck_assert_int_eq(wg__zip_create(&w, path, 1, threads, NULL), WG_OK);
        ck_assert_int_eq(wg__npz_add(&w, "a", wg_view_of(data, WG_U8, WG_SHAPE((int64_t)n))), WG_OK);
        ck_assert_int_eq(wg__npz_add(&w, "b", wg_view_of(data, WG_U8, WG_SHAPE(100))), WG_OK);
        ck_assert_int_eq(wg__zip_commit(&w), WG_OK);
        bytes now = slurp(path);
        if (first.at)
            ck_assert(now.n == first.n && !memcmp(now.at, first.at, now.n));
        else
            first = now;
        if (now.at != first.at)
            free(now.at);
    }
    free(first.at);
    free(data);
}
END_TEST

/* How much is written of 4 MiB that repeat after `period` numbers. */
static size_t packed_size(size_t period)
{
    const char *path = in_folder("period.npz");
    uint32_t *data = malloc(4 << 20), seed = 9;
    wg_view view = wg_view_of(data, WG_I32, WG_SHAPE(1 << 20));

    for (size_t i = 0; i < 1 << 20; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = i < period ? seed ^ seed >> 15 : data[i - period];
    }
    ck_assert_int_eq(wg_npz_write(path, (const char *[]){"a"}, &view, 1, 0), WG_OK);
    bytes b = slurp(path);
    free(b.at);
    free(data);
    return b.n;
}

START_TEST(test_what_repeats_is_found_although_noise_is_not_searched)
{
    ck_assert_uint_lt(packed_size(500), 4 << 20 >> 5);
    ck_assert_uint_lt(packed_size(1 << 20), (4 << 20) + (4 << 10));
}
END_TEST

START_TEST(test_zip64_is_written_and_read)
{
    static const uint64_t limits[] = {1, 100, 200, 1000}; /* each makes other numbers wide */
    const char *path = in_folder("wide.npz");
    int32_t data[] = {1, 2, 3};

    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
        wg__zip_writer w;
        ck_assert_int_eq(wg__zip_create(&w, path, (int)k % 2, 1, NULL), WG_OK);
        w.limit = limits[k];
        for (char name[] = "a"; name[0] < 'h'; name[0]++)
            ck_assert_int_eq(wg__npz_add(&w, name, WG_VIEW(data, 3)), WG_OK);
        ck_assert_int_eq(wg__zip_commit(&w), WG_OK);
        wg_npz *npz = wg_npz_open(path);
        ck_assert_msg(npz != NULL, "limit %d: %s", (int)limits[k], wg_error());
        for (char name[] = "a"; name[0] < 'h'; name[0]++)
            ck_assert_msg(wg_view_at(wg_npz_get(npz, name), 2) == 3, "%s", wg_error());
        wg_npz_free(npz);
    }
}
END_TEST

START_TEST(test_more_members_than_16_bits_count)
{
    const char *path = in_folder("many.npz");
    wg__zip_writer w;
    char name[32];

    ck_assert_int_eq(wg__zip_create(&w, path, 0, 1, NULL), WG_OK);
    for (int k = 0; k < 65600; k++) {
        snprintf(name, sizeof name, "n%d.npy", k);
        ck_assert_int_eq(wg__zip_add(&w, name, NULL, 0), WG_OK);
    }
    ck_assert_int_eq(wg__zip_commit(&w), WG_OK);
    wg_npz *npz = wg_npz_open(path);
    ck_assert_msg(npz != NULL, "%s", wg_error());
    ck_assert_uint_eq(wg_npz_count(npz), 65600);
    ck_assert_str_eq(wg_npz_name(npz, 65599), "n65599");
    wg_npz_free(npz);
}
END_TEST

START_TEST(test_names_and_levels_are_checked)
{
    const char *path = in_folder("names.npz");
    float x[] = {1};
    wg_view two[] = {WG_VIEW(x, 1), WG_VIEW(x, 1)};

    ck_assert_int_eq(wg_npz_write(path, (const char *[]){"a b"}, two, 1, 0), WG_ERR_ARG);
    assert_failed(WG_ERR_ARG, path, "'a b'");
    ck_assert_int_eq(wg_npz_write(path, (const char *[]){""}, two, 1, 0), WG_ERR_ARG);
    ck_assert_int_eq(wg_npz_write(path, (const char *[]){"a", "a"}, two, 2, 0), WG_ERR_ARG);
    assert_failed(WG_ERR_ARG, path, "two arrays");
    ck_assert_int_eq(wg_npz_write(path, (const char *[]){"a"}, two, 1, 10), WG_ERR_ARG);
    ck_assert_int_eq(wg_npz_write(path, (const char *[]){"a"}, &(wg_view){.data = NULL}, 1, 0), WG_ERR_ARG);
    ck_assert_int_eq(wg_npy_write(path, wg_view_of(x, WG_F32, WG_SHAPE(WG_BATCH))), WG_ERR_ARG);
    ck_assert_int_eq(access(path, F_OK), -1);
    assert_no_leftovers();
}
END_TEST

/* ---- replacing files ---- */

START_TEST(test_a_full_disk_leaves_the_old_file_and_no_temporary)
{
    const char *path = in_folder("full.npz");
    enum { N = 50000 };
    float *x = calloc(N, sizeof *x);
    wg_view view = wg_view_of(x, WG_F32, WG_SHAPE(N));

    ck_assert_int_eq(wg_npz_write(path, (const char *[]){"old"}, &view, 1, -1), WG_OK);
    bytes before = slurp(path);
    for (size_t limit = 1; limit < before.n; limit += limit < 200 ? 7 : 20011) {
        limit_file_size(limit);
        ck_assert_int_eq(wg_npz_write(path, (const char *[]){"new"}, &view, 1, -1), WG_ERR_IO);
        limit_file_size(0);
        assert_failed(WG_ERR_IO, path, "write: ");
        bytes after = slurp(path);
        ck_assert(after.n == before.n && !memcmp(after.at, before.at, after.n));
        free(after.at);
    }
    assert_no_leftovers();
    free(before.at);
    free(x);
}
END_TEST

START_TEST(test_impossible_places_are_errors_and_links_are_followed)
{
    float x[] = {1};
    const char *real = in_folder("real.npy"), *link = in_folder("link.npy");
    struct stat facts;

    ck_assert_int_eq(wg_npy_write(in_folder("absent/x.npy"), WG_VIEW(x, 1)), WG_ERR_IO);
    assert_failed(WG_ERR_IO, in_folder("absent/x.npy"), "No such file");
    ck_assert_int_eq(wg_npy_write(in_folder("."), WG_VIEW(x, 1)), WG_ERR_IO);
    assert_failed(WG_ERR_IO, in_folder("."), "not a regular file");
    ck_assert_ptr_null(wg_npz_open(in_folder(".")));
    assert_failed(WG_ERR_IO, in_folder("."), "not a regular file");
    ck_assert_ptr_null(wg_npz_open(in_folder("absent.npz")));
    assert_failed(WG_ERR_IO, in_folder("absent.npz"), "open: No such file");

    ck_assert_int_eq(wg_npy_write(real, WG_VIEW(x, 1)), WG_OK);
    ck_assert_int_eq(chmod(real, 0640), 0);
    ck_assert_int_eq(symlink(real, link), 0);
    ck_assert_int_eq(wg_npy_write(link, WG_VIEW(x, 1)), WG_OK);
    ck_assert(!lstat(link, &facts) && S_ISLNK(facts.st_mode));
    ck_assert(!stat(real, &facts) && (facts.st_mode & 0777) == 0640);
    assert_no_leftovers();
}
END_TEST

TCase *io_archive_tests(void)
{
    TCase *t = tcase_create("archives");

    tcase_add_test(t, test_headers_in_any_order_and_style_are_read);
    tcase_add_test(t, test_wrong_headers_are_refused_with_the_reason);
    tcase_add_test(t, test_written_headers_are_read_back_for_every_type_and_rank);
    tcase_add_test(t, test_versions_and_length_limit);
    tcase_add_test(t, test_arrays_come_back_from_archives_whatever_level_and_size);
    tcase_add_test(t, test_all_types_scalars_and_strided_views_come_back);
    tcase_add_test(t, test_the_same_bytes_for_any_number_of_threads);
    tcase_add_test(t, test_what_repeats_is_found_although_noise_is_not_searched);
    tcase_add_test(t, test_zip64_is_written_and_read);
    tcase_add_test(t, test_more_members_than_16_bits_count);
    tcase_add_test(t, test_names_and_levels_are_checked);
    tcase_add_test(t, test_a_full_disk_leaves_the_old_file_and_no_temporary);
    tcase_add_test(t, test_impossible_places_are_errors_and_links_are_followed);
    return t;
}
