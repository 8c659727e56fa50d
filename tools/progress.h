/* A bar with the time that is left, on a terminal; a few lines elsewhere. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include "tool.h"

struct progress {
    int64_t first, total;
    double begun, drawn; /* seconds of the monotonic clock */
    bool terminal, colour;
    int64_t next; /* elsewhere: the next step that is worth a line */
};

double seconds(void);
struct progress progress_begin(int64_t first, int64_t total);
/* Step `done` of the total has ended with that cost. Cheap: draws ten times a second at most. */
void progress_show(struct progress *, int64_t done, double cost);
/* Wipes the bar. */
void progress_end(struct progress *);

#endif
