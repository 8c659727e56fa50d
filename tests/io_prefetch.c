/* Batches read ahead: the same as without, in any order, whatever fails, and ended at any moment. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wengert/io.h>

#include "io/data.h"
#include "io_test.h"

enum { ROWS = 61, WIDTH = 3, BATCH = 8 };
static float value[ROWS][WIDTH];

static const char *write_rows(const char *name)
{
    for (int i = 0; i < ROWS * WIDTH; i++)
        value[i / WIDTH][i % WIDTH] = (float)i;
    const char *path = in_folder(name);
    ck_assert_int_eq(wg_npy_write(path, wg_view_of(value, WG_F32, WG_SHAPE(ROWS, WIDTH))), WG_OK);
    return path;
}

/* From a file, so that every batch is read; the last argument in memory. */
static wg_data *open_rows(const char *path)
{
    wg_data *data = wg_data_open_with(path, WG_OPTS(wg_data_opts, .memory = 1));
    ck_assert_msg(data != NULL, "%s", wg_error());
    return data;
}

static wg_batches *batches(wg_data *data, bool shuffle, int64_t prefetch)
{
    wg_batches *b = wg_batches_new(
        &data, 1, WG_OPTS(wg_batches_opts, .batch = BATCH, .seed = 3, .shuffle = shuffle, .prefetch = prefetch));
    ck_assert_msg(b != NULL, "%s", wg_error());
    return b;
}

/* 0 when batch `index` of both is the same. */
static int differs(wg_batches *a, wg_batches *b, int64_t index)
{
    wg_batch x, y;

    if (wg_batches_at(a, index, &x) || wg_batches_at(b, index, &y))
        return 1;
    if (x.index != index || y.index != index || x.size != y.size || x.epoch != y.epoch || x.ends_epoch != y.ends_epoch)
        return 2;
    if (!wg_shape_equal(x.view[0].shape, y.view[0].shape))
        return 3;
    return memcmp(x.view[0].data, y.view[0].data, (size_t)x.size * WIDTH * sizeof(float)) ? 4 : 0;
}

START_TEST(test_the_batches_are_the_same)
{
    static const int64_t order[] = {
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 4, 4, 0, 0, 23, 24, 16, 17, 18, 1000, 1001, 7
    };
    wg_data *data = open_rows(write_rows("ahead.npy")), *again = open_rows(in_folder("ahead.npy"));
    wg_data *held = wg_data_open(in_folder("ahead.npy"));

    for (int64_t prefetch = 1; prefetch <= 4; prefetch++)
        for (int shuffle = 0; shuffle < 2; shuffle++) {
            wg_batches *plain = batches(data, shuffle, 0), *ahead = batches(again, shuffle, prefetch);
            wg_batches *memory = batches(held, shuffle, prefetch);
            for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
                ck_assert_int_eq(differs(plain, ahead, order[i]), 0);
                ck_assert_int_eq(differs(plain, memory, order[i]), 0);
            }
            wg_batches_free(plain), wg_batches_free(ahead), wg_batches_free(memory);
        }
    wg_data_free(data), wg_data_free(again), wg_data_free(held);
}
END_TEST

START_TEST(test_the_thread_ends_at_any_moment)
{
    wg_data *data = open_rows(write_rows("end.npy"));

    for (int64_t i = 0; i < 200; i++) {
        wg_batches *b = batches(data, true, 1 + i % 3);
        wg_batch batch;
        for (int64_t k = 0; k < i % 9; k++)
            ck_assert_int_eq(wg_batches_at(b, k * (i % 5), &batch), WG_OK);
        wg_batches_free(b);
    }
    wg_data_free(data);
}
END_TEST

/* A file that becomes shorter under our hands: the batches before its end are there, the one that cannot be read says so,
 * on the thread that asks and as often as it asks, and so it is told without a thread. */
START_TEST(test_errors_are_handed_over)
{
    const char *path = write_rows("short.npy");
    bytes whole = slurp(path);
    wg_data *data = open_rows(path);

    ck_assert_int_eq(truncate(path, (off_t)(whole.n - 2 * BATCH * WIDTH * sizeof(float))), 0);
    for (int64_t prefetch = 0; prefetch < 4; prefetch++) {
        wg_batches *b = batches(data, false, prefetch);
        wg_batch batch;
        for (int64_t i = 0; i < 5; i++)
            ck_assert_int_eq(wg_batches_at(b, i, &batch), WG_OK);
        for (int times = 0; times < 2; times++) {
            ck_assert_int_eq(wg_batches_at(b, 6, &batch), WG_ERR_FORMAT);
            assert_failed(WG_ERR_FORMAT, path, "");
        }
        ck_assert_int_eq(wg_batches_at(b, 1, &batch), WG_OK);
        ck_assert_int_eq(batch.index, 1);
        wg_batches_free(b);
    }
    spit(path, whole.at, whole.n); /* whole again: a failure is not remembered */
    wg_batches *plain = batches(data, true, 0), *ahead = batches(data, true, 2);
    for (int64_t i = 0; i < 20; i++)
        ck_assert_int_eq(differs(plain, ahead, i), 0);
    wg_batches_free(plain), wg_batches_free(ahead);
    wg_data_free(data);
    free(whole.at);
}
END_TEST

/* The child has no such thread, and may have been born in the middle of a shuffle. */
START_TEST(test_a_forked_child_reads_on)
{
    wg_data *data = open_rows(write_rows("fork.npy"));

    for (int64_t times = 0; times < 20; times++) {
        wg_batches *ahead = batches(data, true, 3);
        wg_batch batch;
        for (int64_t i = 0; i < times; i++)
            ck_assert_int_eq(wg_batches_at(ahead, i, &batch), WG_OK);
        pid_t child = fork();
        if (child == 0) {
            wg_batches *plain = batches(data, true, 0);
            int failed = 0;
            for (int64_t i = times; i < times + 12 && !failed; i++)
                failed = differs(plain, ahead, i);
            wg_batches_free(plain), wg_batches_free(ahead), wg_data_free(data);
            _exit(failed);
        }
        int status = -1;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ends with %d", status);
        ck_assert_int_eq(wg_batches_at(ahead, times, &batch), WG_OK); /* the parent has lost nothing */
        ck_assert_int_eq(batch.index, times);
        wg_batches_free(ahead);
    }
    wg_data_free(data);
}
END_TEST

START_TEST(test_a_depth_out_of_range_is_refused)
{
    wg_data *data = open_rows(write_rows("depth.npy"));

    ck_assert_ptr_null(wg_batches_new(&data, 1, WG_OPTS(wg_batches_opts, .prefetch = -1)));
    assert_failed(WG_ERR_ARG, NULL, "0 to 1000");
    ck_assert_ptr_null(wg_batches_new(&data, 1, WG_OPTS(wg_batches_opts, .prefetch = 1001)));
    wg_batches_free(batches(data, true, 1000)); /* no batch was asked for: no thread, no memory */
    wg_data_free(data);
}
END_TEST

TCase *io_prefetch_tests(void)
{
    TCase *t = tcase_create("prefetch");

    tcase_add_test(t, test_the_batches_are_the_same);
    tcase_add_test(t, test_the_thread_ends_at_any_moment);
    tcase_add_test(t, test_errors_are_handed_over);
    tcase_add_test(t, test_a_forked_child_reads_on);
    tcase_add_test(t, test_a_depth_out_of_range_is_refused);
    return t;
}
