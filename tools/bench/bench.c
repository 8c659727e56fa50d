/* wengert bench: how fast this machine is, and how fast it could be. */
#include "bench.h"
#include "options.h"
#include "rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench_options {
    struct common common;
    const char *only, *match, *svg, *trace, *python;
    int dtype, precision, clock;
    int64_t threads;
    double seconds;
    bool against;
};

enum { DTYPE_BOTH, DTYPE_F32, DTYPE_F64, THREADS_MAX = 64 };

#define AT(field) .offset = offsetof(struct bench_options, field)
static const option table_of_options[] = {
    { .name = "only", .argument = "LIST", .kind = OPTION_TEXT, AT(only),
      .help = "of what is named below, with commas between" },
    { .name = "match", .argument = "TEXT", .kind = OPTION_TEXT, AT(match), .help = "only lines whose name holds the text" },
    { .name = "dtype", .kind = OPTION_CHOICE, AT(dtype), .otherwise = "both", .choices = "both|f32|f64",
      .help = "element type" },
    { .name = "precision", .kind = OPTION_CHOICE, AT(precision), .otherwise = "highest", .choices = PRECISIONS,
      .help = PRECISION_HELP },
    { .name = "threads", .argument = "N", .kind = OPTION_COUNT, AT(threads), .least = 1,
      .help = "measure with 1 and with N threads (the cores)" },
    { .name = "seconds", .argument = "S", .kind = OPTION_NUMBER, AT(seconds), .otherwise = "0.5",
      .help = "time for each number" },
    { .name = "clock", .kind = OPTION_CHOICE, AT(clock), .otherwise = "wall", .choices = "wall|processor",
      .help = "processor: the time that was computed, for machines that others use too; with one thread only" },
    { .name = "against", .kind = OPTION_FLAG, AT(against),
      .help = "also NumPy, PyTorch, a CBLAS and oneDNN, where they are installed, in turn with ours" },
    { .name = "python", .argument = "PROGRAM", .kind = OPTION_TEXT, AT(python), .otherwise = "python3",
      .help = "the interpreter that NumPy and PyTorch are for" },
    { .name = "svg", .argument = "FILE.svg", .kind = OPTION_TEXT, AT(svg),
      .help = "operators and products under this machine's limits, as a picture" },
    { .name = "trace", .argument = "FILE.json", .kind = OPTION_TEXT, AT(trace),
      .help = "instead of measuring: one run of the case that --only names, for chrome://tracing or Perfetto" },
    { .name = NULL },
};

/* The table under way. */
struct table_of_times {
    const struct bench_options *o;
    wg_dtype dtype;
    int threads[THREADS_MAX], n_threads;
    limits limit[THREADS_MAX]; /* by number of threads; measured where they are needed */
    peers peers;
    dot *dot;
    size_t n_dots;
    json_t *list;
    bool failed;
};

static wg_matmul_precision precision_of(const struct bench_options *o) { return (wg_matmul_precision)o->precision; }

static bool is_in(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strcspn(at, ",") == n && !strncmp(at, name, n))
            return true;
    return false;
}

/* Every word is a section's name. */
static int check_only(const char *only)
{
    size_t words = 0, found = 0;
    for (const char *at = only; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        words++;
    for (size_t i = 0; i < n_sections; i++)
        found += is_in(only, sections[i].name);
    return found == words ? 0 : tool_misused("bench: --only %s: expected some of " SECTION_NAMES ", once each", only);
}

/* ---- one row ---- */

/* A number of the row in its unit. */
static double in_unit(const row *r, double time)
{
    switch (r->unit) {
    case UNIT_GFLOPS:
    case UNIT_RATE:
        return (r->counts_flops ? r->flops : r->bytes) / time * 1e-9;
    case UNIT_MEGABYTES:
        return r->bytes / time * 1e-6;
    case UNIT_MICROSECONDS:
        break;
    }
    return time * 1e6;
}

/* Is it compared with what the machine can do at the most? */
static bool has_limit(const row *r) { return r->unit == UNIT_RATE || r->unit == UNIT_GFLOPS; }

static const limits *limits_for(struct table_of_times *t, int i)
{
    if (!t->limit[i].threads)
        t->limit[i] = limits_measure(t->threads[i]);
    return &t->limit[i];
}

static void note_dot(struct table_of_times *t, const row *r, const contender *c)
{
    dot *more = tool_alloc(t->n_dots + 1, sizeof *more);
    if (t->n_dots)
        memcpy(more, t->dot, t->n_dots * sizeof *more);
    free(t->dot);
    t->dot = more;
    dot *d = &t->dot[t->n_dots++];
    *d = (dot){ .product = r->what.kind == BENCH_MATMUL, .dtype = t->dtype, .threads = c->threads, .flops = r->flops,
                .bytes = r->bytes, .seconds = c->median };
    snprintf(d->name, sizeof d->name, "%s", r->label);
}

/* Ours by number of threads first, then each peer's. */
static int contenders_open(struct table_of_times *t, row *r, contender *c)
{
    int n = 0;
    for (int i = 0; i < t->n_threads; i++) {
        c[n] = (contender){ .runner = ours_open(&r->what, t->dtype, precision_of(t->o), t->threads[i], NULL),
                            .threads = t->threads[i] };
        wg_exec_stats stats;
        if (c[n].runner.state && r->unit == UNIT_RATE && ours_stats(&c[n].runner, &stats))
            r->flops = stats.flops;
        n++;
    }
    for (size_t k = 0; k < t->peers.n; k++) {
        peer *p = &t->peers.at[k];
        c[n] = (contender){ .runner = peer_open(p, &r->what, t->dtype), .peer = p->name, .threads = p->threads };
        n += c[n].runner.state != NULL;
    }
    return n;
}

static json_t *rivals(const contender *ours, const contender *c, int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++)
        if (c[i].peer && c[i].threads == ours->threads)
            json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "peer", c[i].peer, "seconds",
                                                  tool_number(c[i].median), "fastest", tool_number(c[i].fastest), "slowest",
                                                  tool_number(c[i].slowest), "ratio",
                                                  tool_number(c[i].median / ours->median)));
    return list;
}

static json_t *entry(struct table_of_times *t, const row *r, int i, const contender *c, int n)
{
    const contender *own = &c[i];
    double share = has_limit(r)
                       ? limits_time(limits_for(t, i), t->dtype, r->flops, r->bytes) / own->median
                       : NAN;
    json_t *object = json_pack("{s:o, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "name", tool_text(r->name), "section",
                               r->section, "dtype", wg_dtype_name(t->dtype), "threads", own->threads, "seconds",
                               tool_number(own->median), "fastest", tool_number(own->fastest), "slowest",
                               tool_number(own->slowest), "gflops",
                               r->counts_flops ? tool_number(r->flops / own->median * 1e-9) : json_null(), "gbytes",
                               r->bytes > 0 ? tool_number(r->bytes / own->median * 1e-9) : json_null(), "of_limit",
                               tool_number(share));
    if (t->o->against)
        json_object_set_new(object, "against", rivals(own, c, n));
    return object;
}

static void say_own(struct table_of_times *t, const row *r, const contender *c)
{
    tool_say("  %-42s %s", r->name, wg_dtype_name(t->dtype));
    for (int i = 0; i < t->n_threads; i++) {
        tool_say("  %12.*f", r->unit == UNIT_MICROSECONDS ? 2 : 1, in_unit(r, c[i].median));
        if (has_limit(r))
            tool_say(" %3.0f%%", 100 * limits_time(limits_for(t, i), t->dtype, r->flops, r->bytes) / c[i].median);
    }
    tool_say("%s\n", r->unit != UNIT_RATE ? "" : r->counts_flops ? "  GFLOP/s" : "  GB/s");
}

/* Each peer on a line: its numbers, and how many times as long as ours it took. */
static void say_peers(const struct table_of_times *t, const row *r, const contender *c, int n)
{
    for (int k = t->n_threads; k < n; k++) {
        bool first = k == t->n_threads || strcmp(c[k].peer, c[k - 1].peer) != 0;
        if (!first)
            continue;
        tool_say("    %-44s", c[k].peer);
        for (int i = 0; i < t->n_threads; i++) {
            const contender *of = NULL;
            for (int j = k; j < n && !strcmp(c[j].peer, c[k].peer); j++)
                if (c[j].threads == t->threads[i])
                    of = &c[j];
            if (of)
                tool_say("  %12.*f x%.2f", r->unit == UNIT_MICROSECONDS ? 2 : 1, in_unit(r, of->median),
                         of->median / c[i].median);
        }
        tool_say("\n");
    }
}

static void measure_row(struct table_of_times *t, row *r)
{
    contender *c = tool_alloc((size_t)t->n_threads + t->peers.n, sizeof *c);
    int n = contenders_open(t, r, c);
    measure(c, n, t->o->seconds);
    say_own(t, r, c);
    say_peers(t, r, c, n);
    for (int i = 0; i < t->n_threads; i++) {
        t->failed = t->failed || isnan(c[i].median);
        json_array_append_new(t->list, entry(t, r, i, c, n));
        if (has_limit(r))
            note_dot(t, r, &c[i]);
    }
    free(c);
}

/* ---- the table ---- */

static void say_header(const struct table_of_times *t, const char *text)
{
    tool_say("%-48s", text);
    for (int i = 0; i < t->n_threads; i++)
        tool_say("  %4d thread%s", t->threads[i], t->threads[i] == 1 ? " " : "s");
    tool_say("\n");
}

static void measure_all(struct table_of_times *t)
{
    const char *title = "";
    for (size_t i = 0; i < n_sections; i++) {
        const section *s = &sections[i];
        if ((t->o->only ? !is_in(t->o->only, s->name) : s->on_request) || (s->only_f32 && t->dtype != WG_F32))
            continue;
        if (strcmp(title, s->title) != 0)
            say_header(t, s->title);
        title = s->title;
        row r;
        for (size_t k = 0; section_row(s, k, t->dtype, &r); k++)
            if (!t->o->match || strstr(r.name, t->o->match))
                measure_row(t, &r);
    }
}

static json_t *limits_object(const struct table_of_times *t)
{
    json_t *list = json_array();
    for (int i = 0; i < t->n_threads; i++) {
        const limits *l = &t->limit[i];
        if (!l->threads)
            continue;
        json_t *memory = json_array();
        for (int k = 0; k < MEMORY_SIZES; k++)
            json_array_append_new(memory, json_pack("{s:f, s:f}", "bytes", l->bytes[k], "gbytes", l->bandwidth[k] * 1e-9));
        json_array_append_new(list, json_pack("{s:i, s:f, s:f, s:o}", "threads", l->threads, "gflops_f32", l->peak[0] * 1e-9,
                                              "gflops_f64", l->peak[1] * 1e-9, "memory", memory));
    }
    return list;
}

static void say_limits(const struct table_of_times *t)
{
    for (int i = 0; i < t->n_threads; i++) {
        const limits *l = &t->limit[i];
        if (l->threads)
            tool_say("Limits of %d thread%s: %.0f GFLOP/s f32, %.0f f64; %.0f GB/s in the first cache, %.0f from memory\n",
                     l->threads, l->threads == 1 ? "" : "s", l->peak[0] * 1e-9, l->peak[1] * 1e-9, l->bandwidth[0] * 1e-9,
                     l->bandwidth[MEMORY_SIZES - 1] * 1e-9);
    }
}

static bool draw(struct table_of_times *t)
{
    const char *path = t->o->svg;
    if (!path)
        return true;
    char *picture = roofline_svg(limits_for(t, t->n_threads - 1), t->dot, t->n_dots);
    bool done = tool_replace_file(path, picture, strlen(picture));
    free(picture);
    return done;
}

static void choose_threads(struct table_of_times *t)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int most = t->o->threads ? (int)t->o->threads : t->o->clock ? 1 : (int)cores;
    bool each = is_in(t->o->only, "threads");
    for (int n = 1; n < most && t->n_threads < THREADS_MAX - 1; n++)
        if (n == 1 || each)
            t->threads[t->n_threads++] = n;
    t->threads[t->n_threads++] = most;
}

static int measure_and_tell(struct table_of_times *t)
{
    char *precision = choice_text(PRECISIONS, t->o->precision);
    tool_say("wengert %s, instruction set %s, precision %s\n", wg_version(), wg_isa(), precision);
    for (int d = DTYPE_F32; d <= DTYPE_F64; d++)
        if (t->o->dtype == DTYPE_BOTH || t->o->dtype == d) {
            t->dtype = d == DTYPE_F32 ? WG_F32 : WG_F64;
            measure_all(t);
        }
    bool drawn = draw(t);
    say_limits(t);
    json_t *others = json_array();
    for (size_t i = 0; i < t->peers.n; i++)
        json_array_append_new(others, json_pack("{s:s, s:o, s:i}", "name", t->peers.at[i].name, "what",
                                                tool_text(t->peers.at[i].what), "threads", t->peers.at[i].threads));
    tool_object(json_pack("{s:s, s:s, s:s, s:O, s:o, s:o}", "version", wg_version(), "isa", wg_isa(), "precision", precision,
                          "results", t->list, "limits", limits_object(t), "peers", others));
    free(precision);
    return t->failed || !drawn ? FAILED : DONE;
}

/* ---- a trace ---- */

/* Some runs of the one case, so that the last finds its memory warm. */
static int trace_one(const struct bench_options *o)
{
    enum { RUNS = 3 };
    row r;
    const section *found = NULL;
    for (size_t i = 0; i < n_sections; i++)
        if (o->only && !strcmp(o->only, sections[i].name))
            found = &sections[i];
    wg_dtype dtype = o->dtype == DTYPE_F64 ? WG_F64 : WG_F32;
    if (!found || !section_row(found, 0, dtype, &r) || r.what.kind >= BENCH_COMPILE)
        return tool_misused("bench: --trace needs --only with one of " TRACED_NAMES);
    runner ours = ours_open(&r.what, dtype, precision_of(o), (int)o->threads, o->trace);
    double taken;
    if (!ours.state)
        return FAILED;
    bool done = ours.run(ours.state, RUNS, &taken);
    done = ours.close(ours.state) && done;
    if (done)
        tool_say("%s: %d runs, written to %s\n", r.name, RUNS, o->trace);
    tool_object(json_pack("{s:o, s:i, s:o}", "trace", tool_text(o->trace), "runs", RUNS, "name", tool_text(r.name)));
    return done ? DONE : FAILED;
}

static int bench(struct command *c)
{
    const struct bench_options *o = c->values;
    struct table_of_times t = { .o = o, .list = json_array() };
    int code = check_only(o->only);
    if (!code && o->clock && o->threads > 1)
        code = tool_misused("bench: --clock processor is for one thread: the time of several that wait for one another says "
                            "nothing");
    if (!code && o->trace)
        code = trace_one(o);
    if (code || o->trace) {
        json_decref(t.list);
        return code;
    }
    choose_threads(&t);
    if (o->clock)
        bench_use_processor_time();
    if (o->against)
        t.peers = peers_start(t.threads, t.n_threads, o->python, o->clock ? "processor" : "wall");
    code = measure_and_tell(&t);
    peers_end(&t.peers);
    json_decref(t.list);
    free(t.dot);
    return code;
}

const verb verb_bench = {
    .name = "bench",
    .summary = "Measures this machine's speed: whole training steps, inference, operators, matrix products",
    .synopsis = "[OPTION..]",
    .text = "Parts, for --only: " SECTION_NAMES ".\n"
            "Every number is the median of samples that are taken in turn, --seconds of them each. A share in percent is\n"
            "that of the least time that this machine's arithmetic and memory, as measured in the same run, allow. Behind a\n"
            "peer's number stands how many times as long it takes as Wengert.\n",
    .options = table_of_options,
    .values_size = sizeof(struct bench_options),
    .run = bench,
};
