/* Peers: each a process that is told a case, and then how often to run it. Python's are a script that the command carries in
 * itself (peers.py); C libraries are served by a copy of this process, so that their threads are not ours. */
#include "options.h"
#include "bench.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const script[] = {
#include "peers_py.inc"
    NULL,
};

static char *script_text(void)
{
    size_t n = 1;
    for (size_t i = 0; script[i]; i++)
        n += strlen(script[i]);
    char *text = tool_alloc(n, 1), *at = text;
    for (size_t i = 0; script[i]; i++) {
        size_t length = strlen(script[i]);
        memcpy(at, script[i], length);
        at += length;
    }
    return text;
}

static const struct known {
    const char *name;
    void (*serve)(int threads, FILE *from, FILE *to); /* NULL: a part of the script */
} known[] = {
    { "numpy", NULL },
    { "pytorch", NULL },
    { "blas", serve_blas },
    { "onednn", serve_onednn },
};

/* ---- starting ---- */

static void set_threads(int threads)
{
    static const char *const names[] = { "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS" };
    char number[16];
    snprintf(number, sizeof number, "%d", threads);
    for (size_t i = 0; i < WG_COUNT(names); i++)
        setenv(names[i], number, 1);
}

/* The child: speaks on the two descriptors and never returns. */
static void be_peer(const struct known *k, int threads, const char *python, const char *clock, int in, int out)
{
    char number[16];
    set_threads(threads);
    if (k->serve) {
        FILE *from = fdopen(in, "r"), *to = fdopen(out, "w");
        if (from && to)
            k->serve(threads, from, to);
        _exit(to && fclose(to) == 0 ? 0 : 1);
    }
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    close(in);
    close(out);
    snprintf(number, sizeof number, "%d", threads);
    execlp(python, python, "-W", "ignore", "-c", script_text(), k->name, number, clock, (char *)NULL);
    _exit(127);
}

/* A child keeps nothing open that is another's: a peer ends when we close its stream. */
static bool start(const peers *before, peer *p, const struct known *k, int threads, const char *python, const char *clock)
{
    int to[2], from[2];
    if (pipe(to) || pipe(from))
        return false;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(to[1]);
        close(from[0]);
        for (size_t i = 0; i < before->n; i++) {
            close(fileno(before->at[i].to));
            close(fileno(before->at[i].from));
        }
        be_peer(k, threads, python, clock, to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    *p = (peer){ .name = k->name, .threads = threads, .pid = pid, .to = fdopen(to[1], "w"), .from = fdopen(from[0], "r") };
    return pid > 0 && p->to && p->from;
}

static void end(peer *p)
{
    if (p->to)
        fclose(p->to);
    if (p->from)
        fclose(p->from);
    if (p->pid > 0)
        waitpid((pid_t)p->pid, NULL, 0);
}

/* A line without its end; false: the peer is gone. */
static bool hear(const peer *p, char *line, int room)
{
    if (!fgets(line, room, p->from))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

peers peers_start(const int *threads, int n_threads, const char *python, const char *clock)
{
    peers all = { tool_alloc(WG_COUNT(known) * (size_t)n_threads, sizeof(peer)), 0 };
    signal(SIGPIPE, SIG_IGN); /* a peer that has ended is told by an error instead */
    for (size_t k = 0; k < WG_COUNT(known); k++)
        for (int i = 0; i < n_threads; i++) {
            peer *p = &all.at[all.n];
            bool there = start(&all, p, &known[k], threads[i], python, clock) && hear(p, p->what, sizeof p->what) &&
                         strncmp(p->what, "missing", 7) != 0;
            if (there) {
                if (i == 0)
                    tool_say("against %s\n", p->what);
                all.n++;
                continue;
            }
            tool_say("skipped %s: %s\n", known[k].name,
                     !strncmp(p->what, "missing ", 8) ? p->what + 8 : "it cannot be started");
            end(p);
            break;
        }
    return all;
}

void peers_end(peers *all)
{
    for (size_t i = 0; i < all->n; i++)
        end(&all->at[i]);
    free(all->at);
    *all = (peers){ NULL, 0 };
}

/* ---- cases ---- */

static void put_case(const peer *p, const bench_case *c, wg_dtype dtype)
{
    static const char *const kinds[] = { "train", "infer", "depth", "chain", "matmul", "operator", "compile", "save", "load" };
    const bench_operator *o = c->kind == BENCH_OPERATOR ? &bench_operators[c->m] : NULL;
    fprintf(p->to, "case %s %c %s %lld %lld %lld %c %c %s %s", kinds[c->kind], c->name ? c->name : '-',
            c->adam ? "adam" : "sgd", (long long)c->m, (long long)c->n, (long long)c->k, c->transpose_a ? 'T' : 'N',
            c->transpose_b ? 'T' : 'N', wg_dtype_name(dtype), o ? o->name : "-");
    for (int i = 0; o && i < o->n_in; i++) {
        for (int d = 0; d < o->in[i].shape.rank; d++)
            fprintf(p->to, "%c%lld", d ? 'x' : ' ', (long long)o->in[i].shape.dim[d]);
        if (o->in[i].classes)
            fprintf(p->to, ":%lld", (long long)o->in[i].classes);
    }
    fputc('\n', p->to);
    fflush(p->to);
}

static bool run_peer(void *state, int64_t times, double *taken)
{
    const peer *p = state;
    char line[512];
    fprintf(p->to, "run %lld\n", (long long)times);
    fflush(p->to);
    if (!hear(p, line, sizeof line)) {
        tool_warn("%s has ended", p->name);
        return false;
    }
    if (read_number(line, taken))
        return true;
    tool_warn("%s: %s", p->name, line);
    return false;
}

static bool leave(void *state)
{
    return state != NULL; /* the next case takes its place */
}

runner peer_open(peer *p, const bench_case *c, wg_dtype dtype)
{
    char line[512];
    put_case(p, c, dtype);
    if (!hear(p, line, sizeof line) || strcmp(line, "ready") != 0) {
        if (!strncmp(line, "failed", 6))
            tool_warn("%s: %s", p->name, line);
        return (runner){ .state = NULL };
    }
    return (runner){ p, run_peer, leave };
}
