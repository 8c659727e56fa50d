/* The calibration set: functions of one variable with their derivatives and the distance to their nearest kink or
 * singularity, 22 smooth ones and then 6 with kinks. docs/verifier.md lists what the method makes of them. */
#ifndef WG_VERIFY_CALIBRATION_H
#define WG_VERIFY_CALIBRATION_H

#include <wengert/verify.h>

typedef struct wg__function {
    const char *name;
    double (*value)(double), (*slope)(double), (*room)(double);
    double least, most; /* of |x| */
    bool both_signs;
} wg__function;

enum { WG__SMOOTH = 22 }; /* the first of the set; the others have kinks */

extern const wg__function wg__calibration_set[];
extern const size_t wg__calibration_count;

#endif
