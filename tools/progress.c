/* Progress on stderr. */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct progress progress_begin(int64_t first, int64_t total)
{
    const char *plain = getenv("NO_COLOR"), *kind = getenv("TERM");
    struct progress p = { .first = first, .total = total, .begun = seconds(), .next = first };
    p.terminal = isatty(STDERR_FILENO) && kind && strcmp(kind, "dumb") != 0;
    p.colour = p.terminal && !(plain && *plain);
    return p;
}

static void left_text(double left, char text[32])
{
    long s = (long)(left + 0.5);
    if (s >= 3600)
        snprintf(text, 32, "%ld:%02ld:%02ld left", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, 32, "%ld:%02ld left", s / 60, s % 60);
}

static void draw(const struct progress *p, int64_t done, double cost, double now)
{
    enum { WIDTH = 30 };
    static const char full[] = "##############################", empty[] = "..............................";
    char left[32] = "";
    int n = (int)(WIDTH * ((double)done / (double)p->total));
    if (done > p->first)
        left_text((now - p->begun) / (double)(done - p->first) * (double)(p->total - done), left);
    fprintf(stderr, "\r%s%.*s%s%.*s  %lld/%lld  cost %.6f  %s\033[K", p->colour ? "\033[32m" : "", n, full,
            p->colour ? "\033[0m" : "", WIDTH - n, empty, (long long)done, (long long)p->total, cost, left);
    fflush(stderr);
}

void progress_show(struct progress *p, int64_t done, double cost)
{
    if (tool_quiet())
        return;
    if (!p->terminal) {
        if (done - 1 < p->next && done < p->total)
            return;
        tool_note("step %lld  cost %.6f\n", (long long)(done - 1), cost);
        p->next += (p->total - p->first + 9) / 10;
        return;
    }
    double now = seconds();
    if (now - p->drawn < 0.1 && done < p->total)
        return;
    p->drawn = now;
    draw(p, done, cost, now);
}

void progress_end(struct progress *p)
{
    if (p->terminal && p->drawn > 0)
        fputs("\r\033[K", stderr);
    fflush(stderr);
}
