/* Whether a program runs with all its workers or on the calling thread alone. The results have the same bits, and
 * which way is quicker depends on what else the machine is doing, so both are tried now and then, and the quicker one is
 * kept. A trial is a few runs, of which neither the first, that wakes threads and warms caches, counts, nor the longest;
 * and trials take a part of the time that becomes smaller the oftener they have the same outcome, for one may be spoilt by
 * a moment's work of others. */
#include "exec/exec.h"

enum { TRIAL = 4, PART_LEAST = 4, PART_MOST = 32 }; /* a trial takes one part in so many */

static void try_way(wg__pace *p, bool together)
{
    p->together = together;
    p->left = TRIAL;
    p->sum = p->longest = 0;
}

void wg__pace_begin(wg__pace *p)
{
    *p = (wg__pace){ .on = true, .part = PART_LEAST };
    try_way(p, true);
}

static void end_trial(wg__pace *p)
{
    double *took = p->took;
    took[p->together] = (p->sum - p->longest) / (TRIAL - 2);
    if (took[!p->together] == 0) {
        try_way(p, !p->together);
        return;
    }
    /* Trials but for the first two are of the way that was not kept. */
    const bool together = took[1] < took[0], again = p->due > 0 && together != p->together;
    p->part = !again ? PART_LEAST : p->part < PART_MOST ? 2 * p->part : PART_MOST;
    p->spent = 0;
    p->due = TRIAL * p->part * (took[0] > took[1] ? took[0] : took[1]);
    p->together = together;
}

void wg__pace_note(wg__pace *p, double seconds)
{
    if (p->left > 0) {
        if (p->left < TRIAL) {
            p->sum += seconds;
            p->longest = seconds > p->longest ? seconds : p->longest;
        }
        if (--p->left == 0)
            end_trial(p);
        return;
    }
    double *took = &p->took[p->together];
    *took += ((seconds < 2 * *took ? seconds : 2 * *took) - *took) / 8; /* a single long run says little */
    p->spent += seconds;
    const bool worse = *took > p->took[!p->together] && p->spent > TRIAL * *took;
    if (worse || p->spent > p->due)
        try_way(p, !p->together);
}
