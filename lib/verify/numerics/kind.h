/* What a wrong gradient looks like: a sign, a factor, a transposition. The name of a mistake is half of its mending. */
#ifndef WG_VERIFY_KIND_H
#define WG_VERIFY_KIND_H

#include <wengert/tensor.h>

#include "verify/numerics/numerics.h"

enum { WG__KIND_MAX = 80, WG__RATIO_MAX = 32, WG__JUDGEMENT_MAX = 160 };

/* Compares gradients element by element, of that shape (count n). Returns `text`, "" where nothing can be told, among
 * "not a number", "zero", "sign", "factor 3 (1/3 is missing?)", "one element ([4])", "transposed", "constant offset 1",
 * "summed over axis 0", "averaged over axis 1". `doubt`: what rounding and differences may be apart, of the largest
 * element. */
const char *wg__kind_of(size_t n, const double *right, const double *wrong, wg_shape shape, double doubt,
                        char text[WG__KIND_MAX]);

/* The kind of a claim that a judgement found wrong: element by element where there are few, else as far as a
 * sample of them and directions tell. Never fails: "" is always an answer. */
const char *wg__kind_of_claim(const wg__subject *, wg_shape shape, const wg__judgement *, char text[WG__KIND_MAX]);

/* "2", "1.000001", "1 + 2e-12". Returns `text`. */
const char *wg__ratio_text(double ratio, char text[WG__RATIO_MAX]);
/* "by differences 2, by the adjoint 1 (0.5 times that), which may be 1e-15 apart". Returns `text`. */
const char *wg__judgement_text(const wg__judgement *, char text[WG__JUDGEMENT_MAX]);

#endif
