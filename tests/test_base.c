/* The base room: messages, memory, sizes, random streams, threads. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wengert/store.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/error.h"
#include "base/random.h"
#include "base/team.h"
#include "base/text.h"
#include "suite.h"

/* ---- numbers as text ---- */

static void assert_reads(const char *text)
{
    double value;

    ck_assert_msg(wg__parse_number(text, strlen(text), &value), "%s is not read", text);
    ck_assert_msg(value == strtod(text, NULL) && !signbit(value) == !signbit(strtod(text, NULL)), "%s is read as %.17g",
                  text, value);
}

/* strtod is right, if slow: the short way round it must never differ. */
START_TEST(test_numbers_are_read_to_the_nearest_double)
{
    static const char *const hard[] = { "0",
                                        "-0",
                                        "+1",
                                        "1.",
                                        ".5",
                                        "00012",
                                        "1e0",
                                        "1E-2",
                                        "1e+3",
                                        "123456789012345678901234567890",
                                        "9007199254740993",
                                        "9007199254740992.5",
                                        "4.35",
                                        "0.1",
                                        "1e22",
                                        "1e23",
                                        "1e-22",
                                        "1e-23",
                                        "2.2250738585072011e-308",
                                        "4.9e-324",
                                        "2e-324",
                                        "1e-400",
                                        "1.7976931348623157e308",
                                        "1000000000000000000000e-30",
                                        "0.00000000000000000000000000000000000001e38",
                                        "1e-99999999999999999999",
                                        "18446744073709551616" };
    uint64_t state = 1;
    char text[64];

    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++)
        assert_reads(hard[i]);
    for (int i = 0; i < 20000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        snprintf(text, sizeof text, "%.*e", i % 20, (double)(int64_t)state * pow(10, (double)(i % 61) - 40));
        assert_reads(text);
        snprintf(text, sizeof text, "%.*f", i % 9, (double)(int64_t)(state >> 30) / 1e4);
        assert_reads(text);
    }
}
END_TEST

START_TEST(test_what_is_no_number_is_not_read)
{
    static const char *const wrong[] = { "",   " ",   "+",   ".",   "-.",  "e5",    "1e",    "1e+", "1 ",
                                         " 1", "0x1", "1,5", "inf", "nan", "1e999", "1.5.2", "--1", "1e5.0" };
    char digits[402];
    double value;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!wg__parse_number(wrong[i], strlen(wrong[i]), &value), "'%s' is read", wrong[i]);
    memset(digits, '1', sizeof digits);
    ck_assert(!wg__parse_number(digits, 401, &value));
    ck_assert(wg__parse_number(digits, 308, &value));
    ck_assert(wg__parse_number("12345", 2, &value) && value == 12);
}
END_TEST

/* ---- messages ---- */

START_TEST(test_failing_sets_status_and_text)
{
    ck_assert_int_eq(wg__fail(WG_ERR_SHAPE, "%s: %d", "matmul", 7), WG_ERR_SHAPE);
    ck_assert_int_eq(wg_error_status(), WG_ERR_SHAPE);
    ck_assert_str_eq(wg_error(), "matmul: 7");
    ck_assert_int_eq(wg__fail_in("file %s: ", "a"), WG_ERR_SHAPE);
    ck_assert_str_eq(wg_error(), "file a: matmul: 7");
}
END_TEST

START_TEST(test_an_error_may_be_built_from_the_last_one)
{
    wg__fail(WG_ERR_IO, "disk");
    wg__fail(WG_ERR_FORMAT, "%s and %s", wg_error(), wg_error());
    ck_assert_str_eq(wg_error(), "disk and disk");
}
END_TEST

START_TEST(test_long_text_is_cut_and_marked_never_inside_a_character)
{
    char text[3 * WG__ERROR_MAX];

    for (int shift = 0; shift < 3; shift++) {
        memset(text, 'a', sizeof text);
        for (size_t i = (size_t)shift; i + 2 < sizeof text; i += 2)
            memcpy(text + i, "\xC3\xA9", 2);
        text[sizeof text - 1] = '\0';
        wg__fail(WG_ERR_ARG, "%s", text);
        size_t n = strlen(wg_error());
        ck_assert_uint_ge(n, WG__ERROR_MAX - 3);
        ck_assert_uint_lt(n, WG__ERROR_MAX);
        ck_assert_str_eq(wg_error() + n - 2, "..");
        ck_assert(((unsigned char)wg_error()[n - 3] & 0x80) == 0 || (unsigned char)wg_error()[n - 3] == 0xA9);
    }
    wg__fail_in("%s", text); /* both parts too long */
    ck_assert_str_eq(wg_error() + strlen(wg_error()) - 2, "..");
}
END_TEST

START_TEST(test_a_message_is_one_line_without_controls)
{
    wg__fail(WG_ERR_FORMAT, "no operator \"%s\"", "re\nlu\x1b[31m\x7f");
    ck_assert_str_eq(wg_error(), "no operator \"re?lu?[31m?\"");
}
END_TEST

static void *sees_no_failure(void *unused)
{
    (void)unused;
    return wg_error()[0] == '\0' && wg_error_status() == WG_OK ? (void *)"clean" : NULL;
}

START_TEST(test_failures_belong_to_their_thread)
{
    pthread_t thread;
    void *clean;

    wg__fail(WG_ERR_IO, "mine");
    ck_assert_int_eq(pthread_create(&thread, NULL, sees_no_failure, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, &clean), 0);
    ck_assert_ptr_nonnull(clean);
}
END_TEST

START_TEST(test_every_status_has_its_own_text)
{
    for (int i = WG_OK; i <= WG_END; i++) {
        ck_assert_str_ne(wg_status_text((wg_status)i), wg_status_text((wg_status)999));
        for (int j = WG_OK; j < i; j++)
            ck_assert_str_ne(wg_status_text((wg_status)i), wg_status_text((wg_status)j));
    }
    ck_assert_str_eq(wg_version(), WG_VERSION);
}
END_TEST

/* ---- memory ---- */

typedef struct ledger {
    size_t bytes, count;
} ledger;

static void *ledger_alloc(void *user, size_t align, size_t bytes)
{
    ledger *l = user;
    void *p = NULL;

    if (posix_memalign(&p, align < sizeof p ? sizeof p : align, bytes) != 0)
        return NULL;
    l->bytes += bytes;
    l->count++;
    return p;
}

static void ledger_dealloc(void *user, void *p, size_t bytes)
{
    ledger *l = user;

    l->bytes -= bytes;
    l->count--;
    free(p);
}

START_TEST(test_each_free_names_the_size_that_was_asked_for)
{
    ledger l = {0, 0};
    wg__allocator a = {&l, ledger_alloc, ledger_dealloc};
    wg__arena arena = {.allocator = &a};
    void *array = NULL;
    size_t capacity = 0;

    void *none = wg__alloc(&a, 0, 8), *some = wg__alloc_zero(&a, 3, 5), *tensor = wg__alloc_aligned(&a, 100);
    char *text = wg__copy_text(&a, "text");
    ck_assert(none != NULL && some != NULL && tensor != NULL && text != NULL);
    ck_assert_uint_eq((uintptr_t)tensor % WG__ALIGN, 0);
    ck_assert_str_eq(text, "text");
    ck_assert(wg__grow(&a, &array, &capacity, 3, 4));
    memcpy(array, "abcdefghijkl", 12);
    ck_assert(wg__grow(&a, &array, &capacity, 1000, 4));
    ck_assert_mem_eq(array, "abcdefghijkl", 12);
    for (size_t i = 0; i < 2000; i++) {
        unsigned char *p = wg__arena_alloc(&arena, i);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_eq(p[j], 0);
        memset(p, 0xFF, i);
    }
    ck_assert_str_eq(wg__arena_text(&arena, "abc"), "abc");

    wg__arena_free(&arena);
    wg__free(&a, none, 0, 8);
    wg__free(&a, some, 3, 5);
    wg__free(&a, tensor, 100, 1);
    wg__free(&a, array, capacity, 4);
    wg__free_text(&a, text);
    ck_assert_uint_eq(l.bytes, 0);
    ck_assert_uint_eq(l.count, 0);
}
END_TEST

START_TEST(test_impossible_sizes_are_refused)
{
    wg__arena arena = {0};

    ck_assert_ptr_null(wg__alloc(NULL, SIZE_MAX / 2, 3));
    ck_assert_int_eq(wg_error_status(), WG_ERR_NOMEM);
    ck_assert_ptr_null(wg__alloc(NULL, SIZE_MAX, 1));
    ck_assert_ptr_null(wg__alloc_aligned(NULL, SIZE_MAX));
    ck_assert_ptr_null(wg__arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(wg__arena_alloc(&arena, SIZE_MAX - 64));
}
END_TEST

START_TEST(test_the_nth_allocation_fails_once_or_for_ever)
{
    void *array = NULL;
    size_t capacity = 0;

    wg__alloc_fail_at(2, 0);
    for (int i = 1; i <= 4; i++) {
        void *p = wg__alloc(NULL, 1, 1);
        ck_assert((p == NULL) == (i == 2));
        wg__free(NULL, p, 1, 1);
    }
    ck_assert_uint_eq(wg__alloc_fail_at(1, 1), 4);
    ck_assert_ptr_null(wg__alloc(NULL, 1, 1));
    ck_assert_int_eq(wg_error_status(), WG_ERR_NOMEM);
    ck_assert(!wg__grow(NULL, &array, &capacity, 1, 1));
    ck_assert(array == NULL && capacity == 0);
    ck_assert_uint_eq(wg__alloc_fail_at(0, 0), 2);
}
END_TEST

START_TEST(test_checked_arithmetic_refuses_what_does_not_fit)
{
    size_t s;
    int64_t i;

    ck_assert(wg__add_size(SIZE_MAX - 1, 1, &s) && s == SIZE_MAX);
    ck_assert(!wg__add_size(SIZE_MAX, 1, &s));
    ck_assert(!wg__mul_size(SIZE_MAX / 2 + 1, 2, &s));
    ck_assert(!wg__mul_i64(INT64_MAX, 2, &i) && !wg__add_i64(INT64_MAX, 1, &i));
    ck_assert(wg__round_up(65, 64, &s) && s == 128);
    ck_assert(!wg__round_up(SIZE_MAX, 64, &s));
}
END_TEST

/* ---- random streams ---- */

START_TEST(test_philox_gives_its_published_values)
{
    static const uint32_t expected[3][4] = {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
                                            {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
                                            {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};
    uint32_t out[4];

    wg__philox(out, 0, 0, 0);
    ck_assert_mem_eq(out, expected[0], sizeof out);
    wg__philox(out, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    ck_assert_mem_eq(out, expected[1], sizeof out);
    wg__philox(out, 0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e);
    ck_assert_mem_eq(out, expected[2], sizeof out);
}
END_TEST

START_TEST(test_an_element_depends_on_key_and_index_alone)
{
    enum { N = 1001 };
    double all[N], part[N];
    void (*const fills[])(double *, int64_t, uint64_t) = {wg__fill_normal, wg__fill_uniform};

    for (int f = 0; f < 2; f++)
        for (int n = 0; n < N; n += 77) {
            fills[f](all, N, 5);
            fills[f](part, n, 5);
            ck_assert_mem_eq(all, part, (size_t)n * sizeof *all);
        }
    ck_assert_uint_eq(wg__stream_key(1, "a/w"), wg__stream_key(1, "a/w"));
    ck_assert_uint_ne(wg__stream_key(1, "a/w"), wg__stream_key(2, "a/w"));
    ck_assert_uint_ne(wg__stream_key(1, "a/w"), wg__stream_key(1, "a/x"));
}
END_TEST

START_TEST(test_moments_of_the_streams)
{
    enum { N = 100000 };
    static double x[N];
    double sum = 0, squares = 0, low = 1, high = 0;

    wg__fill_normal(x, N, wg__stream_key(1, "w"));
    for (int i = 0; i < N; i++) {
        sum += x[i];
        squares += x[i] * x[i];
    }
    ck_assert_double_eq_tol(sum / N, 0, 5 / sqrt(N));
    ck_assert_double_eq_tol(squares / N, 1, 5 * sqrt(2.0 / N));
    wg__fill_uniform(x, N, 3);
    sum = 0;
    for (int i = 0; i < N; i++) {
        sum += x[i];
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    ck_assert(low >= 0 && low < 1e-3 && high > 0.999 && high < 1);
    ck_assert_double_eq_tol(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N));
}
END_TEST

START_TEST(test_numpy_legacy_values)
{
    static const double expected[] = {1.6243453636632417, -0.61175641365007538, -0.52817175226345566};
    wg_numpy_random r;

    wg_numpy_seed(&r, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq_tol(wg_numpy_randn(&r), expected[i], 1e-15);
    wg_numpy_seed(&r, 1);
    ck_assert_double_eq(wg_numpy_uniform(&r), 0.417022004702574);
    for (int i = 1; i < 2000; i++) /* past two refills of the state */
        wg_numpy_uniform(&r);
    ck_assert_double_eq(wg_numpy_uniform(&r), 0.57697784647750161);
}
END_TEST

/* ---- threads ---- */

START_TEST(test_parts_cover_everything_once_and_cut_at_the_grain)
{
    for (int64_t extent = 0; extent < 40; extent++)
        for (int64_t grain = 1; grain < 6; grain++)
            for (int workers = 1; workers < 9; workers++) {
                int64_t at = 0, begin, end;
                for (int w = 0; w < workers; w++) {
                    wg__team_part(extent, grain, w, workers, &begin, &end);
                    ck_assert_int_eq(begin, at);
                    ck_assert(begin == extent || begin % grain == 0);
                    ck_assert_int_ge(end, begin);
                    at = end;
                }
                ck_assert_int_eq(at, extent);
            }
}
END_TEST

enum { ROUNDS = 2000, MANY = 4 };

typedef struct meeting {
    wg__barrier barrier;
    int workers, wrong;
    int told[MANY]; /* what each worker wrote before the last barrier */
    int inner;
} meeting;

static void begin_meeting(void *arg, int workers)
{
    meeting *m = arg;

    m->workers = workers;
    wg__barrier_init(&m->barrier, workers);
}

/* Each writes its round, meets, reads the others', meets: plain memory must be seen through the barrier. */
static void meet(void *arg, int worker, int workers)
{
    meeting *m = arg;
    int wrong = m->workers != workers;

    for (int round = 1; round <= ROUNDS; round++) {
        m->told[worker] = round;
        wg__barrier_wait(&m->barrier);
        for (int w = 0; w < workers; w++)
            wrong += m->told[w] != round;
        wg__barrier_wait(&m->barrier);
    }
    if (wrong != 0)
        m->wrong = 1;
}

static void set_workers(void *arg, int worker, int workers)
{
    if (worker == 0)
        *(int *)arg = workers;
}

static int workers_of_a_run(int threads)
{
    int workers = 0;

    wg__team_run(threads, NULL, set_workers, &workers);
    return workers;
}

START_TEST(test_a_barrier_shows_each_what_all_have_written)
{
    meeting m = {.wrong = 0};

    wg__team_run(MANY, begin_meeting, meet, &m);
    ck_assert_int_eq(m.wrong, 0);
    ck_assert_int_eq(m.told[0], ROUNDS);
#ifdef _OPENMP
    ck_assert_int_eq(m.workers, MANY);
#endif
}
END_TEST

/* Worker 0 comes so late that the others have gone to sleep. */
static void meet_late(void *arg, int worker, int workers)
{
    meeting *m = arg;

    for (int round = 1; round <= 5; round++) {
        if (worker == 0)
            nanosleep(&(struct timespec){ .tv_nsec = 3000000 }, NULL);
        m->told[worker] = round;
        wg__barrier_wait(&m->barrier);
        for (int w = 0; w < workers; w++)
            if (m->told[w] != round)
                m->wrong = 1;
        wg__barrier_wait(&m->barrier);
    }
}

START_TEST(test_a_barrier_wakes_those_who_have_gone_to_sleep)
{
    meeting m = { .wrong = 0 };

    wg__team_run(MANY, begin_meeting, meet_late, &m);
    ck_assert_int_eq(m.wrong, 0);
    ck_assert_int_eq(m.told[0], 5);
}
END_TEST

static void run_inside(void *arg, int worker, int workers)
{
    (void)workers;
    if (worker == 0)
        *(int *)arg = workers_of_a_run(MANY);
}

START_TEST(test_one_thread_and_nested_runs_are_serial)
{
    int inner = 0;

    ck_assert_int_eq(workers_of_a_run(1), 1);
    ck_assert_int_eq(workers_of_a_run(0), 1);
    wg__team_run(MANY, NULL, run_inside, &inner);
    ck_assert_int_eq(inner, 1);
}
END_TEST

START_TEST(test_the_child_of_a_fork_runs_serially_and_does_not_hang)
{
    int status;
    pid_t child;

    workers_of_a_run(2);
    child = fork();
    if (child == 0)
        _exit(workers_of_a_run(2) == 1 ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(test_the_environment_tells_the_number_of_threads)
{
    setenv("WENGERT_THREADS", "3", 1);
    setenv("OMP_NUM_THREADS", "5,2", 1);
    ck_assert_int_eq(wg__team_size(1), 1);
#ifdef _OPENMP
    ck_assert_int_eq(wg__team_size(7), 7);
    ck_assert_int_eq(wg__team_size(0), 3);
    setenv("WENGERT_THREADS", "three", 1);
    ck_assert_int_eq(wg__team_size(0), 5);
#endif
    unsetenv("WENGERT_THREADS");
    unsetenv("OMP_NUM_THREADS");
    ck_assert_int_ge(wg__team_size(0), 1);
    setenv("WENGERT_GRAIN", "1", 1);
    ck_assert_int_ne(wg__team_forced(), 0);
    unsetenv("WENGERT_GRAIN");
    ck_assert_int_eq(wg__team_forced(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *messages = tcase_create("messages"), *memory = tcase_create("memory");
    TCase *numbers = tcase_create("random"), *threads = tcase_create("threads");

    tcase_add_test(messages, test_failing_sets_status_and_text);
    tcase_add_test(messages, test_an_error_may_be_built_from_the_last_one);
    tcase_add_test(messages, test_a_message_is_one_line_without_controls);
    tcase_add_test(messages, test_long_text_is_cut_and_marked_never_inside_a_character);
    tcase_add_test(messages, test_failures_belong_to_their_thread);
    tcase_add_test(messages, test_every_status_has_its_own_text);
    tcase_add_test(memory, test_each_free_names_the_size_that_was_asked_for);
    tcase_add_test(memory, test_impossible_sizes_are_refused);
    tcase_add_test(memory, test_the_nth_allocation_fails_once_or_for_ever);
    tcase_add_test(memory, test_checked_arithmetic_refuses_what_does_not_fit);
    tcase_add_test(numbers, test_numbers_are_read_to_the_nearest_double);
    tcase_add_test(numbers, test_what_is_no_number_is_not_read);
    tcase_add_test(numbers, test_philox_gives_its_published_values);
    tcase_add_test(numbers, test_an_element_depends_on_key_and_index_alone);
    tcase_add_test(numbers, test_moments_of_the_streams);
    tcase_add_test(numbers, test_numpy_legacy_values);
    tcase_add_test(threads, test_parts_cover_everything_once_and_cut_at_the_grain);
    tcase_add_test(threads, test_a_barrier_shows_each_what_all_have_written);
    tcase_add_test(threads, test_a_barrier_wakes_those_who_have_gone_to_sleep);
    tcase_add_test(threads, test_one_thread_and_nested_runs_are_serial);
    tcase_add_test(threads, test_the_child_of_a_fork_runs_serially_and_does_not_hang);
    tcase_add_test(threads, test_the_environment_tells_the_number_of_threads);
    suite_add_tcase(suite, messages);
    suite_add_tcase(suite, memory);
    suite_add_tcase(suite, numbers);
    suite_add_tcase(suite, threads);
    return run_suite(suite);
}
