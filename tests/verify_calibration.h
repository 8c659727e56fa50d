/* The calibration set: functions of one variable with their derivatives and the distance to their nearest kink or
 * singularity. */
#ifndef WG_TESTS_VERIFY_CALIBRATION_H
#define WG_TESTS_VERIFY_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>

typedef struct calibration {
    const char *name;
    double (*value)(double), (*slope)(double), (*room)(double);
    double least, most; /* of |x| */
    bool both_signs;
} calibration;

extern const calibration calibration_set[];
extern const size_t calibration_count;

#endif
