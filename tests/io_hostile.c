/* Damaged and hostile archives: an error that says why, or the right values; never anything else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wengert/io.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/team.h"
#include "io_test.h"

enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50 };

static const float numbers[40] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const bool flags[3] = {true, false, true};

static bytes small_archive(int level)
{
    const char *path = in_folder("small.npz");
    wg_view views[] = {WG_VIEW(numbers, 5, 8), WG_VIEW(flags, 3)};

    ck_assert_int_eq(wg_npz_write(path, (const char *[]){"numbers", "flags"}, views, 2, level), WG_OK);
    return slurp(path);
}

/* Reads all; true when that went well, and then the values must be the right ones. */
static bool reads_right(const char *path)
{
    wg_npz *npz = wg_npz_open(path);
    wg_view a = wg_npz_get(npz, "numbers"), b = wg_npz_get(npz, "flags");
    bool fine = a.data && b.data;

    if (fine)
        ck_assert(wg_shape_equal(a.shape, WG_SHAPE(5, 8)) && a.dtype == WG_F32 &&
                  !memcmp(a.data, numbers, sizeof numbers) && b.dtype == WG_BOOL &&
                  wg_shape_equal(b.shape, WG_SHAPE(3)) && !memcmp(b.data, flags, sizeof flags));
    else if (npz)
        ck_assert(wg_error_status() == WG_ERR_FORMAT || wg_error_status() == WG_ERR_ARG);
    else
        ck_assert_int_eq(wg_error_status(), WG_ERR_FORMAT);
    wg_npz_free(npz);
    return fine;
}

START_TEST(test_every_cut_is_an_error)
{
    const char *path = in_folder("cut.npz");

    for (int level = -1; level <= 1; level++) {
        bytes whole = small_archive(level);
        for (size_t n = 0; n < whole.n; n++) {
            spit(path, whole.at, n);
            ck_assert_msg(!reads_right(path), "cut to %zu of %zu bytes, it was read", n, whole.n);
        }
        free(whole.at);
    }
}
END_TEST

START_TEST(test_every_flipped_bit_is_an_error_or_harmless)
{
    const char *path = in_folder("flip.npz");

    for (int level = -1; level <= 0; level++) {
        bytes whole = small_archive(level);
        size_t harmless = 0;
        for (size_t at = 0; at < whole.n; at++)
            for (int bit = 0; bit < 8; bit++) {
                whole.at[at] ^= (unsigned char)(1 << bit);
                spit(path, whole.at, whole.n);
                harmless += reads_right(path);
                whole.at[at] ^= (unsigned char)(1 << bit);
            }
        /* dates, versions and attributes: 2 x (8 + 18) bytes, and the flags */
        ck_assert_uint_lt(harmless, 2 * 8 * 30);
        free(whole.at);
    }
}
END_TEST

/* The n-th place (from 0) where a record begins. */
static unsigned char *record(bytes b, uint32_t signature, int n)
{
    for (size_t i = 0; i + 4 <= b.n; i++) {
        uint32_t here =
            b.at[i] | (uint32_t)b.at[i + 1] << 8 | (uint32_t)b.at[i + 2] << 16 | (uint32_t)b.at[i + 3] << 24;
        if (here == signature && n-- == 0)
            return b.at + i;
    }
    ck_abort_msg("no such record");
    return NULL;
}

/* What makes a stored archive wrong: a byte in local and central records, for a reason that must be told. */
static const struct flaw {
    int member;         /* whose records */
    int local, central; /* offsets; -1: none */
    unsigned char value[4];
    int n;
    const char *why;
} flaws[] = {
    {0, 6, 8, {1}, 1, "encrypted"},
    {0, 6, 8, {8}, 1, "flags 0x0008"},
    {0, 8, 10, {12}, 1, "method 12"},
    {0, 8, 10, {8}, 1, "inflates to fewer"},
    {0, 14, 16, {1, 2, 3, 4}, 4, "checksum"},
    {0, -1, 16, {1, 2, 3, 4}, 4, "does not agree"},
    {0, 8, -1, {8}, 1, "does not agree"},
    {0, 22, 24, {0, 0, 0, 0x40}, 4, "cannot hold"},
    {0, 18, 20, {0, 0, 0, 0x40}, 4, "cannot hold"},
    {0, 30, 46, {'\\'}, 1, "byte 0x5c"},
    {0, 30, 46, {'\n'}, 1, "byte 0x0a"},
    {0, 30, -1, {'x'}, 1, "does not agree"},
    {0, -1, 34, {1}, 1, "another disk"},
    {1, -1, 42, {0, 0, 0, 0}, 4, "damaged"},
    {1, -1, 42, {0, 0, 0, 0x40}, 4, "outside"},
    {0, -1, 42, {0xff, 0xff, 0xff, 0xff}, 4, "outside"},
    {0, -1, 30, {4}, 1, "damaged"},
    {0, -1, 0, {'Q'}, 1, "directory is damaged"},
};

START_TEST(test_each_flaw_is_told)
{
    const struct flaw *f = &flaws[_i];
    const char *path = in_folder("flaw.npz");
    bytes b = small_archive(-1);

    if (f->local >= 0)
        memcpy(record(b, LOCAL, f->member) + f->local, f->value, (size_t)f->n);
    if (f->central >= 0)
        memcpy(record(b, CENTRAL, f->member) + f->central, f->value, (size_t)f->n);
    spit(path, b.at, b.n);
    ck_assert(!reads_right(path));
    assert_failed(WG_ERR_FORMAT, path, f->why);
    free(b.at);
}
END_TEST

static void expect_refused(bytes b, const char *why)
{
    const char *path = in_folder("refused.npz");

    spit(path, b.at, b.n);
    ck_assert_ptr_null(wg_npz_open(path));
    assert_failed(WG_ERR_FORMAT, path, why);
    free(b.at);
}

START_TEST(test_flaws_of_the_whole_archive_are_told)
{
    bytes b = small_archive(-1);
    b.at[b.n] = 'x', b.n++; /* slurp leaves room for one */
    expect_refused(b, "something is appended");

    b = small_archive(-1);
    record(b, END, 0)[20] = 5;
    expect_refused(b, "something is appended");

    b = small_archive(-1);
    record(b, END, 0)[4] = 1;
    expect_refused(b, "several disks");

    b = small_archive(-1);
    record(b, END, 0)[8] = record(b, END, 0)[10] = 1;
    expect_refused(b, "more than it counts");

    b = small_archive(-1);
    record(b, END, 0)[8] = record(b, END, 0)[10] = 3;
    expect_refused(b, "too large");

    b = small_archive(-1);
    record(b, END, 0)[16] ^= 1;
    expect_refused(b, "does not fill");
}
END_TEST

START_TEST(test_duplicates_and_overlaps_are_refused)
{
    wg_view views[] = {WG_VIEW(numbers, 40), WG_VIEW(numbers, 40)};
    const char *path = in_folder("twice.npz");

    ck_assert_int_eq(wg_npz_write(path, (const char *[]){"a", "b"}, views, 2, -1), WG_OK);
    bytes b = slurp(path);
    record(b, LOCAL, 1)[30] = record(b, CENTRAL, 1)[46] = 'a';
    expect_refused(b, "two members are named a.npy");

    b = slurp(path); /* the second's records become the first's, name and place */
    memcpy(record(b, CENTRAL, 1), record(b, CENTRAL, 0), 46 + 5);
    expect_refused(b, "overlap");
}
END_TEST

/* ---- blocks that are inflated side by side ---- */

enum { BLOCKS = 16, CONTENT = BLOCKS * 256 * 1024 - 128 }; /* and a header of 128 bytes */

static unsigned char *noise(void)
{
    unsigned char *data = malloc(CONTENT);

    for (uint32_t i = 0, seed = 5; data && i < CONTENT; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (unsigned char)(seed >> 27);
    }
    return data;
}

/* Whether the archive's array is read; if so, it must be the right one. */
static bool reads_noise(bytes b, const unsigned char *data)
{
    const char *path = in_folder("blocks.npz");
    wg_npz *npz;
    bool fine;

    spit(path, b.at, b.n);
    npz = wg_npz_open(path);
    wg_view v = wg_npz_get(npz, "a");
    fine = v.data != NULL;
    ck_assert(fine || wg_error_status() == WG_ERR_FORMAT || wg_error_status() == WG_ERR_ARG);
    ck_assert(!fine || !memcmp(v.data, data, CONTENT));
    wg_npz_free(npz);
    return fine;
}

/* Adds to the packed size of one block, as the directory tells it. */
static void add_to_size(bytes b, int block, int more)
{
    unsigned char *at = record(b, CENTRAL, 0) + 46 + 5 + 4 + 4 * block;
    uint32_t size = (uint32_t)(at[0] | at[1] << 8 | at[2] << 16 | at[3] << 24) + (uint32_t)more;

    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(size >> 8 * i);
}

START_TEST(test_sizes_of_blocks_are_not_believed)
{
    const char *path = in_folder("blocks.npz"), *threads[] = {"1", "2", "5"};
    unsigned char *data = noise();
    wg_view view = wg_view_of(data, WG_U8, WG_SHAPE(CONTENT));

    ck_assert_int_eq(wg_npz_write(path, (const char *[]){"a"}, &view, 1, 1), WG_OK);
    bytes b = slurp(path);
    ck_assert_int_eq(record(b, CENTRAL, 0)[46 + 5], 0x57);
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        setenv("WENGERT_THREADS", threads[t], 1);
        ck_assert(reads_noise(b, data));

        add_to_size(b, 3, 1);
        ck_assert(!reads_noise(b, data));
        assert_failed(WG_ERR_FORMAT, path, "do not add up");
        add_to_size(b, 4, -1);
        const bool alone = wg__team_size(0) == 1; /* then they are not needed */
        ck_assert(alone || !reads_noise(b, data));
        if (!alone)
            assert_failed(WG_ERR_FORMAT, path, "damaged");
        add_to_size(b, 3, -1), add_to_size(b, 4, 1);

        for (int k = 1; k < 40; k++) { /* here and there in the packed bytes */
            unsigned char *at = b.at + b.n / 41 * (size_t)k;
            *at ^= 4;
            ck_assert(!reads_noise(b, data));
            *at ^= 4;
        }
        record(b, CENTRAL, 0)[46 + 5] ^= 1; /* a field that nobody knows */
        ck_assert(reads_noise(b, data));
        record(b, CENTRAL, 0)[46 + 5] ^= 1;
    }
    setenv("WENGERT_THREADS", "2", 1);
    bool fine = false;
    for (size_t n = 1; !fine; n++) {
        wg__alloc_fail_at(n, 0);
        wg_npz *npz = wg_npz_open(path);
        fine = wg_npz_get(npz, "a").data != NULL;
        wg__alloc_fail_at(0, 0);
        ck_assert(fine || wg_error_status() == WG_ERR_NOMEM || !npz);
        wg_npz_free(npz);
    }
    unsetenv("WENGERT_THREADS");
    free(b.at);
    free(data);
}
END_TEST

START_TEST(test_running_out_of_memory_anywhere_is_a_clean_failure)
{
    const char *path = in_folder("memory.npz");
    wg_view views[] = {WG_VIEW(numbers, 40),
                       {.data = numbers, .shape = WG_SHAPE(5, 4), .stride = {8, 2}, .dtype = WG_F32, .strided = true}};
    wg_status status = WG_ERR_NOMEM;

    for (size_t n = 1; status; n++) {
        wg__alloc_fail_at(n, 0);
        status = wg_npz_write(path, (const char *[]){"a", "b"}, views, 2, 0);
        wg__alloc_fail_at(0, 0);
        ck_assert(status == WG_OK || status == WG_ERR_NOMEM);
        assert_no_leftovers();
    }
    bool fine = false;
    for (size_t n = 1; !fine; n++) {
        wg__alloc_fail_at(n, 0);
        wg_npz *npz = wg_npz_open(path);
        fine = npz && wg_npz_get(npz, "a").data && wg_npz_get(npz, "b").data;
        wg__alloc_fail_at(0, 0);
        ck_assert(fine || wg_error_status() == WG_ERR_NOMEM);
        wg_npz_free(npz);
    }
}
END_TEST

TCase *io_hostile_tests(void)
{
    TCase *t = tcase_create("hostile archives");

    tcase_add_test(t, test_every_cut_is_an_error);
    tcase_add_test(t, test_every_flipped_bit_is_an_error_or_harmless);
    tcase_add_loop_test(t, test_each_flaw_is_told, 0, (int)(sizeof flaws / sizeof *flaws));
    tcase_add_test(t, test_flaws_of_the_whole_archive_are_told);
    tcase_add_test(t, test_duplicates_and_overlaps_are_refused);
    tcase_add_test(t, test_sizes_of_blocks_are_not_believed);
    tcase_add_test(t, test_running_out_of_memory_anywhere_is_a_clean_failure);
    return t;
}
