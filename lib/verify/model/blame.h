/* From a residual that is too large to the operand whose gradient is wrong, and how. */
#ifndef WG_VERIFY_BLAME_H
#define WG_VERIFY_BLAME_H

#include "verify/model/trace.h"

/* How messages call a node of the twin: the user's own, where it is one. */
const char *wg__blame_name(const wg__trace *, const wg_node *);
/* "relu_7 (relu(add(x, b)))" */
enum { WG__BLAME_LABEL = 400 };
const char *wg__blame_label(const wg__trace *, const wg_node *, char text[WG__BLAME_LABEL]);

/* Judges every station of the last walk and every tensor's accumulation; adds a check for each, failures first, the largest
 * residual first of all. */
wg_status wg__blame(wg__trace *, wg__stream *, int order);

#endif
