/* What a wrong gradient looks like: a sign, a factor, a transposition. The name of a mistake is half of its mending. */
#ifndef WG_VERIFY_KIND_H
#define WG_VERIFY_KIND_H

#include <wengert/tensor.h>

#include "verify/numerics/numerics.h"

enum { WG__KIND_MAX = 80 };

/* Compares gradients element by element, of that shape (count n). Returns `text`, "" where nothing can be told, among
 * "not a number", "zero", "sign", "factor 3 (1/3 is missing?)", "one element ([4])", "transposed", "constant offset 1",
 * "summed over axis 0", "averaged over axis 1". `doubt`: what rounding and differences may be apart, of the largest
 * element. */
const char *wg__kind_of(size_t n, const double *right, const double *wrong, wg_shape shape, double doubt,
                        char text[WG__KIND_MAX]);

/* The kind of a claim that a judgement found wrong: element by element where there are few, else as far as a
 * sample of them and directions tell. Never fails: "" is always an answer. */
const char *wg__kind_of_claim(const wg__subject *, wg_shape shape, const wg__judgement *, char text[WG__KIND_MAX]);

#endif
