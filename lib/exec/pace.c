/* Whether a program runs with all its workers or on the calling thread alone. The results have the same bits, and
 * which way is quicker depends on what else the machine is doing, so both are tried now and then, and the quicker one is
 * kept. A trial is a few runs, of which the first, that wakes threads and warms caches, does not count; and trials take
 * a small part of the time. */
#include "exec/exec.h"

enum { TRIAL = 4, TRIAL_PART = 32 };

static void try_way(wg__pace *p, bool together)
{
    p->together = together;
    p->left = TRIAL;
    p->sum = 0;
}

void wg__pace_begin(wg__pace *p)
{
    *p = (wg__pace){ .on = true };
    try_way(p, true);
}

static void end_trial(wg__pace *p)
{
    double *took = p->took;
    took[p->together] = p->sum / (TRIAL - 1);
    if (took[!p->together] == 0) {
        try_way(p, !p->together);
        return;
    }
    p->spent = 0;
    p->due = TRIAL * TRIAL_PART * (took[0] > took[1] ? took[0] : took[1]);
    p->together = took[1] < took[0];
}

void wg__pace_note(wg__pace *p, double seconds)
{
    if (p->left > 0) {
        p->sum += p->left < TRIAL ? seconds : 0;
        if (--p->left == 0)
            end_trial(p);
        return;
    }
    double *took = &p->took[p->together];
    *took += (seconds - *took) / 8;
    p->spent += seconds;
    const bool worse = *took > p->took[!p->together] && p->spent > TRIAL * *took;
    if (worse || p->spent > p->due)
        try_way(p, !p->together);
}
