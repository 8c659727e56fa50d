/* The log of a training run: a header, then "step<TAB>cost" lines, each flushed at once. */
#include "train.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header[] = "step\tcost\n";

/* FNV-1a over a line's two values, the low bytes first. */
enum { VALUES = 2 };
static const uint64_t no_lines = 0xcbf29ce484222325u;

static uint64_t add_line(uint64_t digest, int64_t step, double cost)
{
    uint64_t value[VALUES] = { (uint64_t)step, 0 };
    memcpy(&value[1], &cost, sizeof cost);
    for (int i = 0; i < VALUES; i++)
        for (int shift = 0; shift < 64; shift += 8)
            digest = (digest ^ (value[i] >> shift & 0xFF)) * 0x100000001b3u;
    return digest;
}

static void print_mark(char text[LOG_MARK], size_t n, uint64_t digest)
{
    snprintf(text, LOG_MARK, "%zu %016llx", n, (unsigned long long)digest);
}

void log_mark(const struct train_log *l, char text[LOG_MARK])
{
    print_mark(text, l->n, l->digest);
}

static void remember(struct train_log *l, int64_t step, double cost)
{
    if (l->n == l->room) {
        l->room = l->room ? 2 * l->room : 256;
        int64_t *steps = tool_alloc(l->room, sizeof *steps);
        double *costs = tool_alloc(l->room, sizeof *costs);
        if (l->n) {
            memcpy(steps, l->step, l->n * sizeof *steps);
            memcpy(costs, l->cost, l->n * sizeof *costs);
        }
        free(l->step);
        free(l->cost);
        l->step = steps;
        l->cost = costs;
    }
    l->digest = add_line(l->digest, step, cost);
    l->step[l->n] = step;
    l->cost[l->n++] = cost;
}

/* One line of an old log; false when it is none. */
static bool read_line(char *line, int64_t *step, double *cost)
{
    char *tab = strchr(line, '\t');
    if (!tab)
        return false;
    *tab = '\0';
    tab[1 + strcspn(tab + 1, "\t")] = '\0';
    return read_count(line, step) && read_number(tab + 1, cost);
}

/* The mark of an old log's lines before `first`; false when it is no log, or goes on although it should have no lines. */
static bool read_mark(const char *path, int64_t first, char text[LOG_MARK])
{
    FILE *old = tool_open_file(path);
    char line[128];
    bool whole = old && fgets(line, sizeof line, old) && !strcmp(line, header);
    uint64_t digest = no_lines;
    size_t n = 0, later = 0;
    while (whole && fgets(line, sizeof line, old)) {
        int64_t step;
        double cost;
        bool cut = !strchr(line, '\n'); /* the last line of a run that was killed */
        line[strcspn(line, "\r\n")] = '\0';
        if (!read_line(line, &step, &cost)) {
            whole = cut;
            later++;
        } else if (step < first) {
            digest = add_line(digest, step, cost);
            n++;
        } else {
            later++;
        }
    }
    if (old)
        fclose(old);
    print_mark(text, n, digest);
    return whole && (n || !later);
}

/* A checkpoint may come from anywhere, and must not choose what is overwritten. */
static bool may_continue(const struct train_options *o, int64_t first)
{
    char mark[LOG_MARK];
    if (!o->log_kept || (o->log_mark && read_mark(o->log, first, mark) && !strcmp(mark, o->log_mark)))
        return true;
    tool_failed("%s: its log %s is not there, or not the one that this run wrote; --log FILE says where to write",
                o->resume, o->log);
    return false;
}

/* Takes over the lines before `first` that an uninterrupted run would have written: the last line of a shorter run,
 * which stands at no multiple of --log-every, is not among them. */
static void take_over(struct train_log *l, const char *path, int64_t first, int64_t every)
{
    FILE *old = tool_open_file(path);
    char line[128];
    if (!old)
        return;
    while (fgets(line, sizeof line, old)) {
        int64_t step;
        double cost;
        line[strcspn(line, "\r\n")] = '\0';
        if (read_line(line, &step, &cost) && step < first && !(step == first - 1 && step % every))
            remember(l, step, cost);
    }
    fclose(old);
}

bool log_open(struct train_log *l, const struct train_options *o, int64_t first)
{
    *l = (struct train_log){ .path = o->log, .digest = no_lines };
    if (!o->log)
        return true;
    if (!may_continue(o, first))
        return false;
    if (first > 0)
        take_over(l, o->log, first, o->log_every);
    char *text = tool_alloc(sizeof header + l->n * 64, 1);
    size_t length = (size_t)sprintf(text, "%s", header);
    for (size_t i = 0; i < l->n; i++)
        length += (size_t)snprintf(text + length, 64, "%lld\t%.17g\n", (long long)l->step[i], l->cost[i]);
    bool replaced = tool_replace_file(o->log, text, length);
    free(text);
    l->file = replaced ? fopen(o->log, "a") : NULL;
    if (replaced && !l->file)
        tool_failed("%s: %s", o->log, strerror(errno));
    return l->file != NULL;
}

bool log_add(struct train_log *l, int64_t step, double cost)
{
    remember(l, step, cost);
    if (!l->file)
        return true;
    if (fprintf(l->file, "%lld\t%.17g\n", (long long)step, cost) > 0 && fflush(l->file) == 0)
        return true;
    tool_failed("%s: cannot be written: %s", l->path, strerror(errno));
    return false;
}

bool log_close(struct train_log *l)
{
    bool written = !l->file || fclose(l->file) == 0;
    if (!written)
        tool_failed("%s: cannot be written: %s", l->path, strerror(errno));
    l->file = NULL;
    free(l->step);
    free(l->cost);
    l->step = NULL;
    l->cost = NULL;
    l->n = l->room = 0;
    return written;
}
