/* Traces: what each worker did when, gathered in memory during a run and written to a file after it. */
#ifndef WG_EXEC_TIMELINE_H
#define WG_EXEC_TIMELINE_H

#include "plan/program.h"

/* One instruction of one worker, or its wait at the barrier before it. Nanoseconds of the monotonic clock. */
typedef struct wg__event {
    const wg__program *program;
    int64_t begin, end;
    int64_t iteration; /* of the scan that the program is the body of; 0 otherwise */
    int number;        /* of the instruction */
    int workers;       /* that shared it */
    bool waited;
} wg__event;

typedef struct wg__timeline wg__timeline;

/* NULL: WG_ERR_IO, WG_ERR_NOMEM. */
wg__timeline *wg__timeline_open(const wg__allocator *, const char *path);
/* Completes the file. WG_ERR_IO: something of it could not be written. NULL: OK. */
wg_status wg__timeline_close(wg__timeline *);

/* Room for all events of a run by so many workers. WG_ERR_NOMEM: the run is not traced, and the file says so. */
bool wg__timeline_begin(wg__timeline *, const wg__program *, int workers);
int64_t wg__timeline_now(void);
void wg__timeline_note(wg__timeline *, int worker, wg__event);
/* Writes what was noted. */
void wg__timeline_end(wg__timeline *);

#endif
