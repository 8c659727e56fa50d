/* A number that threads wait on until another changes it. */
#ifndef WG_BASE_SIGNAL_H
#define WG_BASE_SIGNAL_H

#include <stdatomic.h>

typedef struct wg__signal {
    _Alignas(64) atomic_uint value;
    atomic_uint sleepers; /* those that have stopped spinning */
} wg__signal;

void wg__signal_init(wg__signal *, unsigned value);
/* Whatever was written before is seen by those who wait. The signal must live until they have returned. */
void wg__signal_set(wg__signal *, unsigned value);
/* Returns when the value is no longer `old`. Spins for about as long as waking up would take, then sleeps: the
 * thread that is waited for may need this very processor, and so may others. */
void wg__signal_wait(wg__signal *, unsigned old);

#endif
