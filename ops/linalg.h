/* What operators on square matrices share: shapes, batches, adjoints. Matrices are factored in f64 whatever their type. */
#ifndef WG_OPS_LINALG_H
#define WG_OPS_LINALG_H

#include "ops/builtin.h"
#include "ops/elementwise.h"

enum { WG__BATCH_RANK = WG_MAX_RANK - 2 };

/* a (batch.., n, n) and, where there is one, b (batch.., n, k), whose batches broadcast. A unit of work is one matrix. */
typedef struct wg__matrices {
    int64_t n, k, count;
    int64_t rank, dim[WG__BATCH_RANK];
    int64_t step_a[WG__BATCH_RANK], step_b[WG__BATCH_RANK]; /* in matrices; 0 where it broadcasts */
} wg__matrices;

/* Operand 0 is square matrices; all are of one floating type. The result has operand 0's shape. */
wg_status wg__square_infer(wg_infer *);
/* The same with a right-hand side, whose shape, with the batch broadcast, is the result's. */
wg_status wg__solve_infer(wg_infer *);
/* A unit a matrix; `local` scratch holds local_per_entry doubles for each entry of a, and b in f64. */
wg_status wg__matrices_lower(wg_lowering *, size_t local_per_entry);

/* Which matrix of a, and of b, unit `index` is about. */
static inline void wg__matrices_at(const wg__matrices *m, int64_t index, int64_t *a, int64_t *b)
{
    *a = *b = 0;
    for (int64_t i = m->rank - 1; i >= 0; i--) {
        *a += index % m->dim[i] * m->step_a[i];
        *b += index % m->dim[i] * m->step_b[i];
        index /= m->dim[i];
    }
}

/* Graph builders: the last two axes swapped; scalars (batch..) as (batch.., 1, 1); a broadcast undone. */
wg_node *wg__matrix_transpose(wg_node *);
wg_node *wg__as_matrices(wg_node *scalars);
wg_node *wg__down_to(wg_node *, wg_node *like);

#endif
