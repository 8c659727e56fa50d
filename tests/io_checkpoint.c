/* Checkpoints: what is saved comes back, all of it or nothing, and only into a model that it fits. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wengert.h>

#include "base/alloc.h"
#include "exec/store.h"
#include "io_test.h"

/* A layer with an optimiser's state, which the output does not need. */
typedef struct model {
    wg_graph *g;
    wg_node *w, *b, *m, *step;
} model;

static model make(uint64_t seed, bool with_state)
{
    model m = {.g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .seed = seed))};
    wg_node *x = wg_input(m.g, "x", WG_F32, WG_SHAPE(WG_BATCH, 3));

    m.w = wg_param(m.g, "layer/w", WG_F32, WG_SHAPE(3, 4), wg_init_he());
    m.b = wg_param(m.g, "layer/b", WG_F64, WG_SHAPE(4), wg_init_normal(0, 1));
    wg_output(wg_relu(wg_add(wg_matmul(x, m.w), wg_cast(m.b, WG_F32))), "y");
    if (with_state) {
        m.m = wg_variable(m.g, "adam/m/layer/w", WG_F32, WG_SHAPE(3, 4), wg_init_uniform(0, 1));
        m.step = wg_step_counter(m.g);
    }
    ck_assert_str_eq(wg_graph_error(m.g), "");
    if (m.step)
        ck_assert_int_eq(wg_set(wg_graph_store(m.g), m.step, wg_view_of(&(int64_t){7}, WG_I64, WG_SCALAR)), WG_OK);
    return m;
}

/* Variables are compared by name, for their order may differ. */
static bool same_values(const wg_store *a, const wg_store *b)
{
    const wg_graph *g = wg_store_graph(a);

    for (size_t k = 0; k < g->n_variables; k++) {
        wg_view x = wg_get(a, g->variables[k]->out);
        wg_view y = wg_get(b, wg_find(wg_store_graph(b), wg_node_name(g->variables[k]->out)));
        if (!x.data || !y.data || memcmp(x.data, y.data, wg__variable_bytes(g->variables[k])))
            return false;
    }
    return true;
}

static const char *save(const model *m, const char *name, int level)
{
    const char *path = in_folder(name);

    ck_assert_msg(wg_save(wg_graph_store(m->g), path, WG_OPTS(wg_save_opts, .level = level)) == WG_OK, "%s",
                  wg_error());
    return path;
}

START_TEST(test_values_come_back_bit_for_bit)
{
    model a = make(1, true), b = make(2, true);

    for (int level = -1; level <= 1; level++) {
        const char *path = save(&a, "m.npz", level);
        wg_store *v = wg_store_new(b.g, 0);
        ck_assert(!same_values(wg_graph_store(a.g), v));
        ck_assert_msg(wg_load(v, path) == WG_OK, "%s", wg_error());
        ck_assert(same_values(wg_graph_store(a.g), v));
        ck_assert_int_eq(wg_store_step(v), 7);
        wg_store_free(v);
    }
    wg_graph_free(a.g), wg_graph_free(b.g);
}
END_TEST

START_TEST(test_the_same_values_give_the_same_bytes)
{
    model a = make(1, true), b = make(1, true);

    bytes x = slurp(save(&a, "a.npz", 0));
    setenv("WENGERT_THREADS", "3", 1);
    sleep(1); /* no time stands in the file */
    bytes y = slurp(save(&b, "b.npz", 0));
    ck_assert(x.n == y.n && !memcmp(x.at, y.at, x.n));
    free(x.at), free(y.at);
    wg_graph_free(a.g), wg_graph_free(b.g);
}
END_TEST

START_TEST(test_the_graph_comes_back_with_its_values)
{
    model a = make(3, true);
    const char *path = in_folder("graph.npz");
    const char *const meta[] = {"who", "\"we\"", "scale", "255", NULL};

    ck_assert_int_eq(wg_graph_set_meta(a.g, "scale", "1"), WG_OK);
    ck_assert_int_eq(wg_graph_set_entry(a.g, "predict", "{\"feeds\": [\"x\"], \"outputs\": [\"y\"]}"), WG_OK);
    ck_assert_msg(!wg_save(wg_graph_store(a.g), path, WG_OPTS(wg_save_opts, .meta = meta)), "%s", wg_error());
    wg_graph *g = wg_graph_load(path, NULL);
    ck_assert_msg(g != NULL, "%s", wg_error());
    ck_assert(same_values(wg_graph_store(g), wg_graph_store(a.g))); /* of those that it has: no optimiser */
    ck_assert_uint_eq(g->n_variables, 2);
    ck_assert_ptr_null(wg_find(g, "step"));
    ck_assert_uint_eq(wg_graph_seed(g), 3);
    ck_assert_uint_eq(wg_graph_outputs(g).n, 1);
    ck_assert_str_eq(wg_node_name(wg_graph_outputs(g).at[0]), "y");
    ck_assert_str_eq(wg_graph_meta(g, "who"), "\"we\"");
    ck_assert_str_eq(wg_graph_meta(g, "scale"), "255");
    ck_assert_ptr_nonnull(wg_graph_entry(g, "predict"));

    wg_store *v = wg_store_open(g, path); /* state that the graph lacks is no surplus here */
    ck_assert_msg(v != NULL, "%s", wg_error());
    ck_assert(same_values(wg_graph_store(g), v));
    ck_assert_int_eq(wg_load(v, path), WG_ERR_MISMATCH); /* but resuming needs all of it */
    assert_failed(WG_ERR_MISMATCH, path, "holds adam/m/layer/w");

    char *text = wg_checkpoint_json(path);
    ck_assert_ptr_nonnull(strstr(text, "\"step\": 7"));
    ck_assert_ptr_nonnull(strstr(text, "\"library\": \"" WG_VERSION "\""));
    wg_text_free(text);
    wg_store_free(v);
    wg_graph_free(g), wg_graph_free(a.g);
}
END_TEST

START_TEST(test_a_graph_without_outputs_is_saved_too)
{
    wg_graph *g = wg_graph_new();
    wg_node *w = wg_param(g, "w", WG_F32, WG_SHAPE(2), wg_init_constant(3));

    ck_assert_msg(wg_save(wg_graph_store(g), in_folder("bare.npz"), NULL) == WG_OK, "%s", wg_error());
    ck_assert_int_eq(wg_set(wg_graph_store(g), w, WG_VIEW(((float[]){0, 0}), 2)), WG_OK);
    ck_assert_int_eq(wg_load(wg_graph_store(g), in_folder("bare.npz")), WG_OK);
    ck_assert(wg_view_at(wg_get(wg_graph_store(g), w), 1) == 3);
    wg_graph_free(g);
}
END_TEST

/* Loads what must not fit, and sees to it that nothing has changed. */
static void expect_mismatch(const model *m, const char *const *names, const wg_view *views, size_t n, wg_status status,
                            const char *why)
{
    const char *path = in_folder("other.npz");
    wg_store *store = wg_graph_store(m->g), *before = wg_store_copy(store);

    ck_assert_msg(!wg_npz_write(path, names, views, n, 0), "%s", wg_error());
    ck_assert_int_eq(wg_load(store, path), status);
    assert_failed(status, path, why);
    ck_assert(same_values(store, before));
    wg_store_free(before);
}

START_TEST(test_a_file_that_does_not_fit_is_refused_by_name)
{
    model m = make(1, false);
    float w[12] = {0};
    double b[4] = {0};
    const char *const names[] = {"layer/w", "layer/b", "more"};
    wg_view fit[] = {WG_VIEW(w, 3, 4), WG_VIEW(b, 4), WG_VIEW(b, 1)}, turned[] = {WG_VIEW(w, 4, 3), WG_VIEW(b, 4)};
    wg_view other[] = {WG_VIEW(w, 3, 4), WG_VIEW(w, 4)};

    expect_mismatch(&m, names, fit, 1, WG_ERR_MISMATCH, "lacks the model's layer/b");
    expect_mismatch(&m, names, fit, 3, WG_ERR_MISMATCH, "holds more, which the model does not have");
    expect_mismatch(&m, names, turned, 2, WG_ERR_MISMATCH,
                    "layer/w: is f32 (4,3) in the file, but f32 (3,4) in the model");
    expect_mismatch(&m, names, other, 2, WG_ERR_MISMATCH, "layer/b: is f32 (4) in the file, but f64 (4) in the model");
    ck_assert_ptr_null(wg_graph_load(in_folder("other.npz"), NULL));
    assert_failed(WG_ERR_FORMAT, in_folder("other.npz"), "holds no graph.json");

    ck_assert_int_eq(wg_npz_write(in_folder("plain.npz"), names, fit, 2, 0), WG_OK); /* as NumPy would */
    ck_assert_int_eq(wg_load(wg_graph_store(m.g), in_folder("plain.npz")), WG_OK);
    ck_assert(wg_view_at(wg_get(wg_graph_store(m.g), m.w), 5) == 0);
    wg_graph_free(m.g);
}
END_TEST

/* Loads a damaged file in both ways. Either may succeed only with the saved values, and a failure changes nothing. */
static void load_damaged(const char *path, const model *into, const wg_store *saved, const wg_store *before)
{
    wg_store *store = wg_graph_store(into->g);

    if (wg_load(store, path) == WG_OK) {
        ck_assert(same_values(store, saved));
        for (size_t k = 0; k < store->n; k++)
            memcpy(store->value[k], before->value[k], wg__variable_bytes(into->g->variables[k]));
    } else {
        ck_assert(wg_error_status() == WG_ERR_FORMAT || wg_error_status() == WG_ERR_MISMATCH);
        ck_assert(same_values(store, before));
    }
    wg_graph *g = wg_graph_load(path, NULL);
    ck_assert(g != NULL || wg_error_status() == WG_ERR_FORMAT || wg_error_status() == WG_ERR_MISMATCH);
    if (g)
        ck_assert(same_values(wg_graph_store(g), saved));
    wg_graph_free(g);
}

START_TEST(test_damage_anywhere_is_an_error_or_harmless_and_changes_nothing)
{
    model a = make(1, true), b = make(2, true);
    wg_store *before = wg_store_copy(wg_graph_store(b.g));
    const char *path = save(&a, "whole.npz", _i);
    bytes whole = slurp(path);

    for (size_t n = 0; n < whole.n; n++) {
        spit(in_folder("damaged.npz"), whole.at, n);
        ck_assert_int_eq(wg_load(wg_graph_store(b.g), in_folder("damaged.npz")), WG_ERR_FORMAT);
        ck_assert(same_values(wg_graph_store(b.g), before));
    }
    for (size_t at = 0; at < whole.n; at++)
        for (int k = 0; k < 2; k++) { /* one bit, and all */
            unsigned char flip = (unsigned char)(k ? 0xff : 1 << at % 8);
            whole.at[at] ^= flip;
            spit(in_folder("damaged.npz"), whole.at, whole.n);
            load_damaged(in_folder("damaged.npz"), &b, wg_graph_store(a.g), before);
            whole.at[at] ^= flip;
        }
    free(whole.at);
    wg_store_free(before);
    wg_graph_free(a.g), wg_graph_free(b.g);
}
END_TEST

START_TEST(test_running_out_of_memory_changes_neither_file_nor_values)
{
    model a = make(1, true), b = make(2, true);
    const char *path = save(&a, "memory.npz", 0);
    bytes old = slurp(path);
    wg_store *before = wg_store_copy(wg_graph_store(b.g)), *store = wg_graph_store(b.g);
    wg_status status = WG_ERR_NOMEM;

    for (size_t n = 1; status; n++) {
        wg__alloc_fail_at(n, 0);
        status = wg_save(store, path, NULL);
        wg__alloc_fail_at(0, 0);
        ck_assert(status == WG_OK || status == WG_ERR_NOMEM);
        bytes now = slurp(path);
        ck_assert(status == WG_OK || (now.n == old.n && !memcmp(now.at, old.at, now.n)));
        free(now.at);
    }
    assert_no_leftovers();
    spit(path, old.at, old.n);
    status = WG_ERR_NOMEM;
    for (size_t n = 1; status; n++) {
        wg__alloc_fail_at(n, 0);
        status = wg_load(store, path);
        wg__alloc_fail_at(0, 0);
        ck_assert(status == WG_OK || status == WG_ERR_NOMEM);
        ck_assert(same_values(store, status ? before : wg_graph_store(a.g)));
    }
    wg_graph *g = NULL;
    for (size_t n = 1; !g; n++) {
        wg__alloc_fail_at(n, 0);
        g = wg_graph_load(path, NULL);
        wg__alloc_fail_at(0, 0);
        ck_assert(g || wg_error_status() == WG_ERR_NOMEM);
    }
    free(old.at);
    wg_store_free(before);
    wg_graph_free(g), wg_graph_free(a.g), wg_graph_free(b.g);
}
END_TEST

START_TEST(test_a_full_disk_leaves_the_old_checkpoint)
{
    model a = make(1, true), b = make(2, true);
    const char *path = save(&a, "disk.npz", -1);
    struct stat facts;

    ck_assert_int_eq(stat(path, &facts), 0);
    for (size_t limit = 1; limit < (size_t)facts.st_size; limit += 97) {
        limit_file_size(limit);
        ck_assert_int_eq(wg_save(wg_graph_store(b.g), path, WG_OPTS(wg_save_opts, .level = -1)), WG_ERR_IO);
        limit_file_size(0);
        assert_failed(WG_ERR_IO, path, "write: File too large");
    }
    assert_no_leftovers();
    ck_assert_int_eq(wg_load(wg_graph_store(b.g), path), WG_OK);
    ck_assert(same_values(wg_graph_store(a.g), wg_graph_store(b.g)));
    wg_graph_free(a.g), wg_graph_free(b.g);
}
END_TEST

static int make_file(const char *name)
{
    int descriptor = open(in_folder(name), O_WRONLY | O_CREAT | O_EXCL, 0600);

    ck_assert_int_ge(descriptor, 0);
    return descriptor;
}

static bool is_there(const char *name)
{
    struct stat facts;
    return lstat(in_folder(name), &facts) == 0;
}

START_TEST(test_what_a_killed_writer_left_is_removed_and_nothing_else)
{
    static const char *const others[] = {".wengert-7-.tmp", ".wengert-7-0.tmp~", ".wengert--0.tmp",
                                         "x.wengert-7-0.tmp", ".wengert-7a-0.tmp"};
    model m = make(1, true);
    int written = make_file(".wengert-1-5.tmp"); /* by a process that lives */

    ck_assert_int_eq(flock(written, LOCK_EX), 0);
    close(make_file(".wengert-1-0.tmp")); /* process 1 lives, but holds no lock on it */
    close(make_file(".wengert-4000000000-12.tmp"));
    for (int i = 0; i < 5; i++)
        close(make_file(others[i]));
    ck_assert_int_eq(symlink(others[0], in_folder(".wengert-7-0.tmp")), 0);
    ck_assert_int_eq(mkdir(in_folder(".wengert-7-1.tmp"), 0700), 0);
    save(&m, "killed.npz", 0);
    ck_assert(!is_there(".wengert-1-0.tmp") && !is_there(".wengert-4000000000-12.tmp"));
    ck_assert(is_there(".wengert-1-5.tmp") && is_there(".wengert-7-0.tmp") && is_there(".wengert-7-1.tmp"));
    for (int i = 0; i < 5; i++) {
        ck_assert_msg(is_there(others[i]), "%s", others[i]);
        unlink(in_folder(others[i]));
    }
    close(written);
    save(&m, "killed.npz", 0);
    ck_assert(!is_there(".wengert-1-5.tmp"));
    unlink(in_folder(".wengert-7-0.tmp"));
    rmdir(in_folder(".wengert-7-1.tmp"));
    assert_no_leftovers();
    wg_graph_free(m.g);
}
END_TEST

START_TEST(test_a_store_in_use_is_busy_and_arguments_are_checked)
{
    model a = make(1, true);
    wg_store *store = wg_graph_store(a.g);
    const char *path = save(&a, "busy.npz", 0);

    ck_assert(wg__store_enter(store, true));
    ck_assert_int_eq(wg_save(store, path, NULL), WG_ERR_BUSY);
    ck_assert_int_eq(wg_load(store, path), WG_ERR_BUSY);
    wg__store_leave(store, true);
    ck_assert(wg__store_enter(store, false));
    ck_assert_int_eq(wg_save(store, path, NULL), WG_OK); /* reading does not disturb reading */
    ck_assert_int_eq(wg_load(store, path), WG_ERR_BUSY);
    wg__store_leave(store, false);

    ck_assert_int_eq(wg_save(NULL, path, NULL), WG_ERR_BUSY); /* no store: what failed last stays told */
    ck_assert_int_eq(wg_save(store, NULL, NULL), WG_ERR_ARG);
    ck_assert_int_eq(wg_save(store, path, WG_OPTS(wg_save_opts, .level = 10)), WG_ERR_ARG);
    ck_assert_int_eq(wg_save(store, path, WG_OPTS(wg_save_opts, .meta = (const char *[]){"key", NULL})), WG_ERR_ARG);
    ck_assert_int_eq(wg_load(store, in_folder("none.npz")), WG_ERR_IO);
    ck_assert_int_eq(wg_load(NULL, path), WG_ERR_IO);
    ck_assert_ptr_null(wg_store_open(NULL, path));
    ck_assert_ptr_null(wg_store_open(a.g, in_folder("none.npz")));
    ck_assert_ptr_null(wg_graph_load(NULL, NULL));
    ck_assert_ptr_null(wg_checkpoint_json(in_folder("none.npz")));
    wg_graph_free(a.g);
}
END_TEST

TCase *io_checkpoint_tests(void)
{
    TCase *t = tcase_create("checkpoints");

    tcase_add_test(t, test_values_come_back_bit_for_bit);
    tcase_add_test(t, test_the_same_values_give_the_same_bytes);
    tcase_add_test(t, test_the_graph_comes_back_with_its_values);
    tcase_add_test(t, test_a_graph_without_outputs_is_saved_too);
    tcase_add_test(t, test_a_file_that_does_not_fit_is_refused_by_name);
    tcase_add_loop_test(t, test_damage_anywhere_is_an_error_or_harmless_and_changes_nothing, -1, 1);
    tcase_add_test(t, test_running_out_of_memory_changes_neither_file_nor_values);
    tcase_add_test(t, test_a_full_disk_leaves_the_old_checkpoint);
    tcase_add_test(t, test_what_a_killed_writer_left_is_removed_and_nothing_else);
    tcase_add_test(t, test_a_store_in_use_is_busy_and_arguments_are_checked);
    return t;
}
