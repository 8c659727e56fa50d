/* The mutants that change nothing, each with the reason. Operators in the order of the registry. */
#include "verify/mutant.h"

const wg__review wg__reviews[] = {
    { "relu", "operand 0 for output", 0, "relu(x) > 0 where x > 0, and nowhere else" },
    { "leaky_relu", "output for operand 0", 0, "with a positive slope, the result has the operand's sign" },
    { "max", "output for operand 0", 0,
      "result and operand have one shape only where nothing is reduced, and then they are equal" },
    { "max", "operand 0 for output", 0,
      "result and operand have one shape only where nothing is reduced, and then they are equal" },
    { "min", "output for operand 0", 0,
      "result and operand have one shape only where nothing is reduced, and then they are equal" },
    { "min", "operand 0 for output", 0,
      "result and operand have one shape only where nothing is reduced, and then they are equal" },
    { "mse", "fan-out overwritten", 0, "mse(x, x) is 0 for every x, so each operand's gradient is zero" },
    { "mse", "fan-out doubled", 0, "mse(x, x) is 0 for every x, so each operand's gradient is zero" },
    { "bce", "fan-out overwritten", 0, "the gradient of the first operand is zero where it equals the second" },
    { "bce", "fan-out doubled", 0, "the gradient of the first operand is zero where it equals the second" },
    { .op = NULL },
};
