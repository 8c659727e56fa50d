/* Mini-batches: every example once an epoch, a pure function of seed and index, data sets in step. */
#include <stdlib.h>
#include <string.h>
#include <wengert/io.h>

#include "io_test.h"

enum { ROWS = 103 };
static int64_t label[ROWS];
static float pair[ROWS][2];

static wg_data *data[2];

static void open_data(void)
{
    for (int i = 0; i < ROWS; i++)
        label[i] = i, pair[i][0] = (float)i, pair[i][1] = (float)-i;
    data[0] = wg_data_view(wg_view_of(pair, WG_F32, WG_SHAPE(ROWS, 2)));
    data[1] = wg_data_view(WG_VIEW(label, ROWS));
}

static void close_data(void)
{
    wg_data_free(data[0]);
    wg_data_free(data[1]);
}

/* Appends a batch's labels to `order`; its pairs must be in step. */
static int64_t take(wg_batches *b, int64_t index, int64_t *order)
{
    wg_batch batch;

    ck_assert_msg(wg_batches_at(b, index, &batch) == WG_OK, "%s", wg_error());
    ck_assert_int_eq(batch.index, index);
    ck_assert_int_eq(batch.view[0].shape.dim[0], batch.size);
    for (int64_t i = 0; i < batch.size; i++) {
        order[i] = ((const int64_t *)batch.view[1].data)[i];
        ck_assert(((const float *)batch.view[0].data)[2 * i + 1] == (float)-order[i]);
    }
    return batch.size;
}

static void take_epoch(wg_batches *b, int64_t epoch, int64_t *order)
{
    int64_t per = wg_batches_per_epoch(b), n = 0;

    for (int64_t i = 0; i < per; i++)
        n += take(b, epoch * per + i, order + n);
    ck_assert_int_eq(n, ROWS);
}

START_TEST(test_each_epoch_has_every_example_once_in_another_order)
{
    int64_t first[ROWS], second[ROWS];
    bool seen[ROWS] = {false};

    open_data();
    wg_batches *b = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = 10, .seed = 5, .shuffle = true));
    ck_assert_msg(b != NULL, "%s", wg_error());
    ck_assert_int_eq(wg_batches_per_epoch(b), 11);
    take_epoch(b, 0, first);
    take_epoch(b, 1, second);
    for (int i = 0; i < ROWS; i++)
        seen[first[i]] = true;
    for (int i = 0; i < ROWS; i++)
        ck_assert(seen[i]);
    ck_assert(memcmp(first, second, sizeof first) != 0);
    wg_batches_free(b);
    close_data();
}
END_TEST

START_TEST(test_a_batch_depends_on_seed_and_index_alone)
{
    int64_t forwards[ROWS], again[ROWS], other[ROWS];

    open_data();
    wg_batches *a = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = 7, .seed = 9, .shuffle = true));
    wg_batches *b = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = 7, .seed = 9, .shuffle = true));
    wg_batches *c = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = 7, .seed = 10, .shuffle = true));
    int64_t per = wg_batches_per_epoch(a), n = 0;
    for (int64_t i = 0; i < 3 * per; i++)
        take(a, i, again);
    take_epoch(a, 3, forwards);
    take_epoch(c, 3, other);
    for (int64_t i = per - 1; i >= 0; i--) { /* b has seen nothing, and goes backwards */
        n = take(b, 3 * per + i, again);
        ck_assert(!memcmp(again, forwards + 7 * i, (size_t)n * sizeof *again));
        take(b, i, again);
    }
    ck_assert(memcmp(other, forwards, sizeof other) != 0);
    wg_batches_free(a), wg_batches_free(b), wg_batches_free(c);
    close_data();
}
END_TEST

START_TEST(test_the_last_batch_is_short_or_dropped)
{
    wg_batch batch;

    open_data();
    wg_batches *b = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = 50));
    ck_assert_int_eq(wg_batches_per_epoch(b), 3);
    ck_assert_int_eq(wg_batches_at(b, 5, &batch), WG_OK);
    ck_assert(batch.size == 3 && batch.epoch == 1 && batch.ends_epoch);
    ck_assert_ptr_eq(batch.view[1].data, label + 100); /* in order and in memory: a direct view */
    ck_assert_int_eq(wg_batches_at(b, 3, &batch), WG_OK);
    ck_assert(batch.size == 50 && batch.epoch == 1 && !batch.ends_epoch);
    wg_batches_free(b);

    b = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = 50, .drop_last = true));
    ck_assert_int_eq(wg_batches_per_epoch(b), 2);
    ck_assert_int_eq(wg_batches_at(b, 1, &batch), WG_OK);
    ck_assert(batch.size == 50 && batch.ends_epoch);
    wg_batches_free(b);

    b = wg_batches_new(data, 2, NULL); /* all at once */
    ck_assert_int_eq(wg_batches_per_epoch(b), 1);
    ck_assert_int_eq(wg_batches_at(b, 7, &batch), WG_OK);
    ck_assert(batch.size == ROWS && batch.epoch == 7);
    ck_assert_int_eq(wg_batches_at(b, -1, &batch), WG_ERR_RANGE);
    wg_batches_free(b);
    close_data();
}
END_TEST

START_TEST(test_streamed_and_held_data_give_the_same_batches)
{
    int64_t held[ROWS], streamed[ROWS];

    open_data();
    wg_data *both[] = {data[0], data[1]};
    wg_view strided = {.data = label, .shape = WG_SHAPE(ROWS), .stride = {1}, .dtype = WG_I64, .strided = true};
    wg_data *source = wg_data_view(strided);
    for (int shuffle = 0; shuffle < 2; shuffle++) {
        wg_batches *a =
            wg_batches_new(both, 2, WG_OPTS(wg_batches_opts, .batch = 9, .seed = 2, .shuffle = shuffle == 1));
        wg_batches *b = wg_batches_new((wg_data *[]){data[0], source}, 2,
                                       WG_OPTS(wg_batches_opts, .batch = 9, .seed = 2, .shuffle = shuffle == 1));
        take_epoch(a, 1, held);
        take_epoch(b, 1, streamed);
        ck_assert(!memcmp(held, streamed, sizeof held));
        wg_batches_free(a), wg_batches_free(b);
    }
    wg_data_free(source);
    close_data();
}
END_TEST

START_TEST(test_wrong_arguments_are_refused)
{
    open_data();
    wg_data *shorter = wg_data_view(WG_VIEW(label, 5));
    ck_assert_ptr_null(wg_batches_new((wg_data *[]){data[0], shorter}, 2, NULL));
    assert_failed(WG_ERR_SHAPE, NULL, "103 examples");
    ck_assert_ptr_null(wg_batches_new(NULL, 0, NULL));
    assert_failed(WG_ERR_ARG, NULL, "no data sets");
    ck_assert_ptr_null(wg_batches_new((wg_data *[]){NULL}, 1, NULL));
    ck_assert_ptr_null(wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = -1)));
    ck_assert_ptr_null(wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = 104, .drop_last = true)));
    ck_assert_ptr_null(wg_data_view(WG_VIEW(label, 0)));
    assert_failed(WG_ERR_ARG, NULL, "is empty");
    wg_batches_free(NULL);
    wg_data_free(shorter);
    wg_data_free(NULL);
    close_data();
}
END_TEST

TCase *io_batches_tests(void)
{
    TCase *t = tcase_create("batches");

    tcase_add_test(t, test_each_epoch_has_every_example_once_in_another_order);
    tcase_add_test(t, test_a_batch_depends_on_seed_and_index_alone);
    tcase_add_test(t, test_the_last_batch_is_short_or_dropped);
    tcase_add_test(t, test_streamed_and_held_data_give_the_same_batches);
    tcase_add_test(t, test_wrong_arguments_are_refused);
    return t;
}
