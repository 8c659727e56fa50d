/* Attention without the matrix of scores: y = softmax(scale q k^T + mask) v and its adjoint, block by block.
 *
 * A block of scores stands with its keys as rows and its queries as columns. So both of its factors and both of its uses
 * are what the tile kernels of matmul read as it lies in memory: keys and values are never packed, queries once a block.
 * And the softmax, which runs over the keys of a query, is elementwise arithmetic on rows: nothing is summed across a
 * vector. The maximum and the sum of a query follow the blocks as they pass (Milakov and Gimelshein 2018, "Online
 * normalizer calculation for softmax"; Dao et al. 2022, "FlashAttention"), and one number a query, the logarithm of its
 * sum of exponentials, is kept for the adjoint, which computes the scores again.
 *
 * All cuts depend on the shape alone: the bits are the same for any number of threads.
 */
#ifndef WG_KERNELS_ATTENTION_H
#define WG_KERNELS_ATTENTION_H

#include "kernels/matmul.h"

enum { WG__MASK_NONE, WG__MASK_BOOL, WG__MASK_ADD };

/* Concrete sizes, and how they are cut: what `lower` leaves for the kernels. */
typedef struct wg__attention {
    int64_t batch;                        /* matrices in the result */
    int64_t queries, keys, width, values; /* q (queries, width), k (keys, width), v (keys, values) */
    int64_t query_blocks, splits;
    int64_t mask_query, mask_key; /* the mask's steps, in elements; 0: it broadcasts */
    double scale;
    int32_t mask, mask_slot; /* WG__MASK_NONE, ..; the mask's operand */
    bool causal;             /* query i attends to keys 0 .. i alone */
} wg__attention;
_Static_assert(sizeof(wg__attention) <= WG_PARAMS_MAX, "fits in what lower may leave");

#ifdef WG_ISA

/* wg__attend: units (batch, query blocks); operands q, k, v [mask], results y and the logarithms (.., queries).
 *
 * wg__attend_back: units (batch, splits of the keys); operands q, k, v, dy, the logarithms, the sums over y dy, [mask];
 * results dq, dk, dv. wg__attend_combine: units are elements of dq; adds what the splits have left in scratch. */
#define WG__ATTENTION_TYPE(type)                                                                                       \
    wg_status WG_ISA_SYM(wg__attend_##type)(const wg_call *, int64_t begin, int64_t end);                              \
    wg_status WG_ISA_SYM(wg__attend_back_##type)(const wg_call *, int64_t begin, int64_t end);                         \
    wg_status WG_ISA_SYM(wg__attend_combine_##type)(const wg_call *, int64_t begin, int64_t end)
WG__ATTENTION_TYPE(f32);
WG__ATTENTION_TYPE(f64);
#undef WG__ATTENTION_TYPE

/* Declare the stages for the sizes that are set. */
wg_status WG_ISA_SYM(wg__attention_cut)(wg__attention *, wg_lowering *, size_t element);
wg_status WG_ISA_SYM(wg__attention_cut_back)(wg__attention *, wg_lowering *, size_t element);

#endif
#endif
