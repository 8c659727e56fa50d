/* Flaws that the verifier can be given, one at a time, to see that its own checks notice. Never set but by
 * wg_verify_self, for the calling thread. */
#ifndef WG_VERIFY_FLAW_H
#define WG_VERIFY_FLAW_H

#include <stdbool.h>

typedef enum wg__flaw {
    WG__FLAWLESS,
    WG__TOLERANCE_INFINITE,
    WG__TOLERANCE_LOOSE, /* a thousandth, as other checkers have it */
    WG__MAGNITUDES_ONLY, /* signs are not compared */
    WG__NAN_PASSES,
    WG__CLAIM_BELIEVED, /* the claim is compared with itself */
    WG__COTANGENT_ZERO,
    WG__COTANGENT_ONES,
    WG__DIRECTION_ZERO,
    WG__ERROR_ZERO,
    WG__NOISE_INFINITE,
    WG__NEVER_CONFIRMED, /* what fails is put down as inconclusive */
    WG__UNDECIDED_ALLOWED,
    WG__SLOTS_SKIPPED, /* all but the first; samples likewise */
    WG__SAMPLES_SKIPPED,
    WG__SECOND_SKIPPED,
    WG__LINEARITY_SKIPPED,
    WG__VALUES_SKIPPED,
    WG__NARROW_SKIPPED,
    WG__RUNS_SKIPPED,
    WG__KINKS_SKIPPED,
    WG__FLAWS
} wg__flaw;

extern _Thread_local wg__flaw wg__flaw_now;

static inline bool wg__has_flaw(wg__flaw flaw) { return wg__flaw_now == flaw; }

#endif
