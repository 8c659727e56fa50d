/* Work that falls into independent pieces, done on all cores. */
#ifndef TOOLS_WORKERS_H
#define TOOLS_WORKERS_H

#include <stddef.h>

/* Calls work(user, i) for i = 0 .. n-1, each once, on as many threads as there are cores (WENGERT_THREADS overrides), and
 * done(user, i) for each in this order, in the calling thread, as soon as it and all before it are finished. Pieces are begun in
 * their order. */
void workers_run(size_t n, void (*work)(void *user, size_t i), void (*done)(void *user, size_t i), void *user);

#endif
