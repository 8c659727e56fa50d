/* The log of a training run: a header, then "step<TAB>cost" lines, each flushed at once. */
#include "train.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header[] = "step\tcost\n";

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
    *l = (struct train_log){ .path = o->log };
    if (!o->log)
        return true;
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
