/* 22 smooth and 6 kinked functions, as docs/verifier.md lists them. */
#include "verify/numerics/calibration.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }
static double normal_below(double x) { return (1 + erf(x / sqrt(2))) / 2; }

#define FUNCTION(name, f, slope, room)                                                                                 \
    static double name##_value(double x) { return f; }                                                                 \
    static double name##_slope(double x) { return (void)x, (double)(slope); }                                          \
    static double name##_room(double x) { return (void)x, room; }

FUNCTION(exp, exp(x), exp(x), INFINITY)
FUNCTION(log, log(x), 1 / x, x)
FUNCTION(log1p, log1p(x), 1 / (1 + x), 1 + x)
FUNCTION(expm1, expm1(x), exp(x), INFINITY)
FUNCTION(sin, sin(x), cos(x), INFINITY)
FUNCTION(cos, cos(x), -sin(x), INFINITY)
FUNCTION(tan, tan(x), 1 + tan(x) * tan(x), pi / 2 - fabs(x))
FUNCTION(tanh, tanh(x), 1 - tanh(x) * tanh(x), INFINITY)
FUNCTION(sigmoid, sigmoid(x), sigmoid(x) * sigmoid(-x), INFINITY)
FUNCTION(softplus, fmax(x, 0) + log1p(exp(-fabs(x))), sigmoid(x), INFINITY)
FUNCTION(sqrt, sqrt(x), 0.5 / sqrt(x), x)
FUNCTION(rsqrt, 1 / sqrt(x), -0.5 / (x * sqrt(x)), x)
FUNCTION(reciprocal, 1 / x, -1 / (x * x), fabs(x))
FUNCTION(square, x *x, 2 * x, INFINITY)
FUNCTION(cube, x *x *x, 3 * x * x, INFINITY)
FUNCTION(power, pow(x, 2.7), 2.7 * pow(x, 1.7), x)
FUNCTION(erf, erf(x), 2 / sqrt(pi) * exp(-x * x), INFINITY)
FUNCTION(gelu, x *normal_below(x), normal_below(x) + x * exp(-x * x / 2) / sqrt(2 * pi), INFINITY)
FUNCTION(atan, atan(x), 1 / (1 + x * x), INFINITY)
FUNCTION(asin, asin(x), 1 / sqrt(1 - x * x), 1 - fabs(x))
FUNCTION(silu, x *sigmoid(x), sigmoid(x) * (1 + x * sigmoid(-x)), INFINITY)
FUNCTION(wave, exp(sin(log(x))), exp(sin(log(x))) * cos(log(x)) / x, x)
FUNCTION(relu, fmax(x, 0), x > 0, fabs(x))
FUNCTION(abs, fabs(x), x > 0 ? 1 : -1, fabs(x))
FUNCTION(leaky_relu, x > 0 ? x : 0.2 * x, x > 0 ? 1 : 0.2, fabs(x))
FUNCTION(clip, fmin(fmax(x, -1), 1), fabs(x) < 1, fabs(fabs(x) - 1))
FUNCTION(floor, floor(x), 0, fmin(x - floor(x), ceil(x) - x))
FUNCTION(maximum, fmax(x, 0.5), x > 0.5, fabs(x - 0.5))

#define ENTRY(name, least, most, both)                                                                                 \
    {                                                                                                                  \
#name, name##_value, name##_slope, name##_room, least, most, both                                              \
    }

const wg__function wg__calibration_set[] = {
    ENTRY(exp, 1e-3, 30, true),         ENTRY(log, 1e-3, 1e3, false),   ENTRY(log1p, 1e-3, 0.9, true),
    ENTRY(expm1, 1e-3, 10, true),       ENTRY(sin, 1e-3, 10, true),     ENTRY(cos, 1e-3, 10, true),
    ENTRY(tan, 1e-3, 1.4, true),        ENTRY(tanh, 1e-3, 8, true),     ENTRY(sigmoid, 1e-3, 12, true),
    ENTRY(softplus, 1e-3, 12, true),    ENTRY(sqrt, 1e-3, 1e3, false),  ENTRY(rsqrt, 1e-3, 1e3, false),
    ENTRY(reciprocal, 1e-3, 1e3, true), ENTRY(square, 1e-3, 1e3, true), ENTRY(cube, 1e-3, 1e3, true),
    ENTRY(power, 1e-3, 1e3, false),     ENTRY(erf, 1e-3, 3, true),      ENTRY(gelu, 1e-3, 5, true),
    ENTRY(atan, 1e-3, 50, true),        ENTRY(asin, 1e-3, 0.99, true),  ENTRY(silu, 1e-3, 10, true),
    ENTRY(wave, 1e-2, 3, false),        ENTRY(relu, 1e-6, 2, true),     ENTRY(abs, 1e-6, 2, true),
    ENTRY(leaky_relu, 1e-6, 2, true),   ENTRY(clip, 1e-3, 2, true),     ENTRY(floor, 1e-3, 2, true),
    ENTRY(maximum, 1e-3, 2, true),
};
const size_t wg__calibration_count = WG_COUNT(wg__calibration_set);
