/* What plans of the measured models cost, in numbers that do not depend on the machine's mood: instructions, barriers, bytes of
 * the arena, the bound by liveness, allocations in a run. They are compared with tests/golden/counts.tsv; `make update-counts`
 * writes that file anew after a change that has been looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/team.h"
#include "suite.h"
#include "tools/bench/models.h"
#include <wengert.h>

static const bench_case cases[] = {
    { .kind = BENCH_TRAIN, .name = 'a' }, { .kind = BENCH_TRAIN, .name = 'b' },
    { .kind = BENCH_TRAIN, .name = 'c' }, { .kind = BENCH_TRAIN, .name = 'c', .adam = true },
    { .kind = BENCH_TRAIN, .name = 'd' }, { .kind = BENCH_TRAIN, .name = 'e' },
    { .kind = BENCH_TRAIN, .name = 'f' }, { .kind = BENCH_INFER, .name = 'c', .m = 128 },
    { .kind = BENCH_DEPTH, .m = 16 },     { .kind = BENCH_CHAIN, .m = 1000 },
};

/* ---- a model at work, its memory watched ---- */

static long allocations;

static void *watched_alloc(void *user, size_t align, size_t bytes)
{
    (void)user;
    allocations++;
    return aligned_alloc(align, (bytes + align - 1) / align * align);
}

static void watched_free(void *user, void *p, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(p);
}

typedef struct counted {
    wg_exec_stats stats;
    long allocations; /* of a run */
} counted;

static void feed(wg_exec *e, const bench_input *in, void *memory)
{
    wg_status status = wg_bind(e, in->node, wg_view_of(memory, wg_node_dtype(in->node), in->shape));
    ck_assert_msg(status == WG_OK, "%s", wg_error());
}

static counted count(const bench_case *what, int threads, bool run)
{
    counted c = { .stats = { .size = sizeof c.stats } };
    void *memory[3] = { NULL };
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .alloc = watched_alloc, .dealloc = watched_free));
    bench_graph b = bench_build(g, what, WG_F32);
    wg_plan *plan = wg_compile(g, b.mode, (wg_nodes){ b.wanted, b.n_wanted });
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = threads));
    ck_assert_msg(e != NULL, "%s", wg_error());
    for (size_t i = 0; i < b.n_inputs; i++) {
        memory[i] = calloc((size_t)wg_shape_count(b.input[i].shape), wg_dtype_size(wg_node_dtype(b.input[i].node)));
        feed(e, &b.input[i], memory[i]);
    }
    ck_assert_msg(wg_exec_describe(e, &c.stats) == WG_OK, "%s", wg_error());
    ck_assert(!run || wg_run(e) == WG_OK);
    long before = allocations;
    ck_assert(!run || wg_run(e) == WG_OK);
    c.allocations = allocations - before;
    wg_exec_free(e);
    wg_plan_free(plan);
    wg_graph_free(g);
    for (size_t i = 0; i < b.n_inputs; i++)
        free(memory[i]);
    return c;
}

/* ---- lines of the file ---- */

static void name_case(const bench_case *c, char name[16])
{
    if (c->kind == BENCH_TRAIN)
        snprintf(name, 16, "%c%s", c->name, c->adam ? "-adam" : "");
    else if (c->kind == BENCH_INFER)
        snprintf(name, 16, "%c-infer", c->name);
    else
        snprintf(name, 16, "%s-%d", c->kind == BENCH_DEPTH ? "depth" : "chain", (int)c->m);
}

/* What stands before the numbers, and all of it. */
static void line_of(const bench_case *what, int threads, const counted *c, char key[64], char line[160])
{
    char name[16];
    name_case(what, name);
    snprintf(key, 64, "%s\t%s\t%d\t", wg_isa(), name, threads);
    snprintf(line, 160, "%s%lld\t%lld\t%lld\t%lld\t%zu\t%zu\t%.0f\n", key, (long long)c->stats.instructions,
             (long long)c->stats.fused, (long long)c->stats.barriers, (long long)c->stats.regions, c->stats.arena,
             c->stats.peak_live, c->stats.flops);
}

static const char header[] = "isa\tcase\tthreads\tinstructions\tfused\tbarriers\tregions\tarena\tpeak_live\tflops";

static char *committed(void)
{
    enum { ROOM = 1 << 16 };
    char path[512];
    const char *source = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/tests/golden/counts.tsv", source ? source : ".");
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s cannot be read", path);
    char *text = calloc(1, ROOM);
    size_t n = fread(text, 1, ROOM - 1, f);
    fclose(f);
    ck_assert_msg(!strncmp(text, header, strlen(header)) && n < ROOM - 1, "%s is not what it was", path);
    return text;
}

/* Sets what the counts depend on: the plan is cut for threads by cost alone. */
static void set_up(void)
{
    forget_failures();
    unsetenv("WENGERT_GRAIN");
}

/* For `make update-counts`: the line goes to that file. */
static bool written_instead(const char *line)
{
    const char *path = getenv("WENGERT_COUNTS");
    FILE *f = path ? fopen(path, "a") : NULL;
    if (f) {
        ck_assert_int_ge(fputs(line, f), 0);
        ck_assert_int_eq(fclose(f), 0);
    }
    return f != NULL;
}

static void compare(const char *text, const bench_case *what, int threads)
{
    char key[64], line[160], before[160] = "nothing";
    counted c = count(what, threads, false);
    line_of(what, threads, &c, key, line);
    if (written_instead(line))
        return;
    const char *found = strstr(text, key);
    if (found)
        snprintf(before, sizeof before, "%.*s", (int)strcspn(found, "\n"), found);
    line[strcspn(line, "\n")] = '\0';
    ck_assert_msg(!strcmp(before, line),
                  "the plan of a measured model has changed\n      %s\n  was %s\n  now %s\n  If that is as intended (fewer instructions, "
                  "barriers and bytes are better), `make update-counts` writes tests/golden/counts.tsv anew",
                  header, before, line);
}

static const char *const isas[] = { "base", "avx2", "avx512" };

/* Each set in a process of its own, for a process chooses once; where the processor lacks it, the next lower one is
 * compared again. */
START_TEST(plans_of_the_measured_models_cost_what_they_did)
{
    if (_i % test_stride())
        return;
    setenv("WENGERT_ISA", isas[_i], 1);
    char *text = committed();
    for (size_t i = 0; i < WG_COUNT(cases); i += (size_t)test_stride()) {
        compare(text, &cases[i], 1);
        if (wg__team_size(2) == 2) /* without OpenMP there is one thread */
            compare(text, &cases[i], 2);
    }
    free(text);
}
END_TEST

START_TEST(a_run_of_a_measured_model_allocates_nothing)
{
    for (int threads = 1; threads <= 2 && _i % test_stride() == 0; threads++)
        ck_assert_int_eq(count(&cases[_i], threads, true).allocations, 0);
}
END_TEST

START_TEST(the_arena_is_never_below_the_bound_by_liveness)
{
    if (_i % test_stride())
        return;
    wg_exec_stats s = count(&cases[_i], 1, false).stats;
    ck_assert_uint_ge(s.arena, s.peak_live);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("counts");
    TCase *t = tcase_create("counts");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_loop_test(t, plans_of_the_measured_models_cost_what_they_did, 0, (int)WG_COUNT(isas));
    tcase_add_loop_test(t, a_run_of_a_measured_model_allocates_nothing, 0, (int)WG_COUNT(cases));
    tcase_add_loop_test(t, the_arena_is_never_below_the_bound_by_liveness, 0, (int)WG_COUNT(cases));
    suite_add_tcase(s, t);
    return run_suite(s);
}
