/* Operators that are wrong for good, and some that are right: what the verifier must say of each is known. */
#ifndef WG_VERIFY_SENTINELS_H
#define WG_VERIFY_SENTINELS_H

#include <wengert/op.h>

typedef struct wg__sentinel {
    const wg_op *op;
    const char *what; /* a check of this kind must fail, "gradient", ..; NULL: all must pass, and be decided */
    int slot;         /* of that check; -1: any */
} wg__sentinel;

extern const wg__sentinel wg__sentinels[]; /* ended by one without an operator */

#endif
