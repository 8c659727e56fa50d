/* The plain interpreter at work on one graph: the user's, or the body of a scan. */
#ifndef WG_EXEC_INTERPRET_H
#define WG_EXEC_INTERPRET_H

#include "exec/exec.h"
#include "plan/sizes.h"

typedef struct wg__interpreter {
    wg_exec *exec;
    wg__arena *memory; /* of all values */
    wg__copy copy;
    wg__sizes sizes;
    wg_shape *shape; /* by node of the copy */
    void **value;
    uint64_t seed;
    const wg__rounding *rounding; /* NULL: none */
    unsigned char *chosen_by; /* by node of the copy, with rounding: something chooses by its value */
} wg__interpreter;

/* Memory for a tensor. NULL: WG_ERR_NOMEM. */
void *wg__interpreter_alloc(wg__arena *, size_t bytes);
/* Computes one operation, whose operands' values are there. */
wg_status wg__interpret_operation(wg__interpreter *, const wg__operation *);
/* Runs the iterations of a scan; `out`: where its results go. */
wg_status wg__interpret_loop(wg__interpreter *, const wg__operation *, const wg__signature *, const void *const *in,
                             void *const *out);

#endif
