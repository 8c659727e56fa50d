/* wengert bench: how fast this machine is. */
#include "bench.h"
#include "options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench_options {
    struct common common;
    const char *only;
    int dtype;
    int64_t threads;
    double seconds;
};

enum { DTYPE_BOTH, DTYPE_F32, DTYPE_F64 };

#define AT(field) .offset = offsetof(struct bench_options, field)
static const option table_of_options[] = {
    { .name = "only", .argument = "LIST", .kind = OPTION_TEXT, AT(only),
      .help = "of: a, b, c, d (training steps), chain, matmul; with commas between" },
    { .name = "dtype", .kind = OPTION_CHOICE, AT(dtype), .otherwise = "both", .choices = "both|f32|f64",
      .help = "element type" },
    { .name = "threads", .argument = "N", .kind = OPTION_COUNT, AT(threads), .least = 1,
      .help = "measure with 1 and with N threads (the cores)" },
    { .name = "seconds", .argument = "S", .kind = OPTION_NUMBER, AT(seconds), .otherwise = "0.5",
      .help = "time for each number" },
    { .name = NULL },
};

static const char *const cases[] = { "a", "b", "c", "d", "chain", "matmul" };

static const int64_t products[][3] = {
    /* m, n, k */
    { 64, 64, 64 }, { 256, 256, 256 }, { 1024, 1024, 1024 },
    { 20, 209, 12288 }, { 20, 12288, 209 }, { 128, 512, 784 }, { 1, 512, 784 },
};

/* The table under way. */
struct table_of_times {
    const struct bench_options *o;
    wg_dtype dtype;
    int threads[2], n_threads;
    json_t *list;
    bool failed;
};

/* One row: the time with each number of threads, in units of `unit` seconds, or a rate of `work` a second. */
static void row(struct table_of_times *t, const char *name, struct bench (*make)(const void *, wg_dtype, int),
                const void *what, double work)
{
    tool_say("  %-38s %s", name, wg_dtype_name(t->dtype));
    for (int i = 0; i < t->n_threads; i++) {
        struct bench b = make(what, t->dtype, t->threads[i]);
        double time = bench_time(&b, t->o->seconds);
        bench_free(&b);
        t->failed = t->failed || isnan(time);
        tool_say("  %12.*f", work > 0 ? 1 : 2, work > 0 ? work / time * 1e-9 : time * 1e6);
        json_array_append_new(t->list,
                              json_pack("{s:o, s:s, s:i, s:o, s:o}", "name", tool_text(name), "dtype",
                                        wg_dtype_name(t->dtype), "threads", t->threads[i], "seconds", tool_number(time),
                                        "gflops", work > 0 ? tool_number(work / time * 1e-9) : json_null()));
    }
    tool_say("\n");
}

static struct bench make_model(const void *what, wg_dtype dtype, int threads)
{
    return bench_model(*(const char *)what, dtype, threads);
}

static struct bench make_chain(const void *what, wg_dtype dtype, int threads)
{
    (void)what;
    return bench_chain(dtype, threads);
}

static struct bench make_product(const void *what, wg_dtype dtype, int threads)
{
    const int64_t *size = what;
    return bench_matmul(size[0], size[1], size[2], dtype, threads);
}

static bool is_wanted(const struct bench_options *o, const char *name)
{
    size_t n = strlen(name);
    if (!o->only)
        return true;
    for (const char *at = o->only; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strcspn(at, ",") == n && !strncmp(at, name, n))
            return true;
    return false;
}

static int check_only(const struct bench_options *o)
{
    for (const char *at = o->only; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        bool known = false;
        for (size_t i = 0; i < WG_COUNT(cases); i++)
            known = known || (strlen(cases[i]) == strcspn(at, ",") && !strncmp(cases[i], at, strlen(cases[i])));
        if (!known)
            return tool_misused("bench: --only %s: expected some of a,b,c,d,chain,matmul", o->only);
    }
    return 0;
}

static void header(const struct table_of_times *t, const char *text)
{
    tool_say("%-44s", text);
    for (int i = 0; i < t->n_threads; i++)
        tool_say("  %4d thread%s", t->threads[i], t->threads[i] == 1 ? " " : "s");
    tool_say("\n");
}

static void measure(struct table_of_times *t)
{
    char name[64];
    header(t, "Training step: microseconds");
    for (size_t i = 0; i < 4; i++)
        if (is_wanted(t->o, cases[i])) {
            snprintf(name, sizeof name, "%s: %s", cases[i], bench_model_text(*cases[i]));
            row(t, name, make_model, cases[i], 0);
        }
    if (is_wanted(t->o, "chain")) {
        snprintf(name, sizeof name, "chain of %d nodes, with gradient", CHAIN_NODES);
        row(t, name, make_chain, NULL, 0);
    }
    if (!is_wanted(t->o, "matmul"))
        return;
    header(t, "Matrix product: GFLOP/s");
    for (size_t i = 0; i < WG_COUNT(products); i++) {
        const int64_t *p = products[i];
        snprintf(name, sizeof name, "%lld x %lld by %lld x %lld", (long long)p[0], (long long)p[2], (long long)p[2],
                 (long long)p[1]);
        row(t, name, make_product, p, 2.0 * (double)p[0] * (double)p[1] * (double)p[2]);
    }
}

static int bench(struct command *c)
{
    const struct bench_options *o = c->values;
    int code = check_only(o);
    if (code)
        return code;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct table_of_times t = { .o = o,
                                .threads = { 1, o->threads ? (int)o->threads : (int)cores },
                                .list = json_array() };
    t.n_threads = t.threads[1] > 1 ? 2 : 1;
    tool_say("wengert %s, instruction set %s\n", wg_version(), wg_isa());
    for (int d = DTYPE_F32; d <= DTYPE_F64; d++)
        if (o->dtype == DTYPE_BOTH || o->dtype == d) {
            t.dtype = d == DTYPE_F32 ? WG_F32 : WG_F64;
            measure(&t);
        }
    tool_object(json_pack("{s:s, s:s, s:o}", "version", wg_version(), "isa", wg_isa(), "results", t.list));
    return t.failed ? FAILED : DONE;
}

const verb verb_bench = {
    .name = "bench",
    .summary = "Measures this machine's speed: whole training steps, a chain of small nodes, matrix products",
    .synopsis = "[OPTION..]",
    .text = "Every number is the median over --seconds seconds.\n",
    .options = table_of_options,
    .values_size = sizeof(struct bench_options),
    .run = bench,
};
