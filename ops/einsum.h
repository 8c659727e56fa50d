/* An einsum equation, read. */
#ifndef WG_OPS_EINSUM_H
#define WG_OPS_EINSUM_H

#include <wengert/op.h>

/* Labels: 0..25 are A..Z, 26..51 a..z, 52.. the axes of an ellipsis, counted from the right. */
enum { WG__EINSUM_ELLIPSIS = 52, WG__EINSUM_LABELS = WG__EINSUM_ELLIPSIS + WG_MAX_RANK, WG__EINSUM_OPERANDS = 32 };

typedef struct wg__labels {
    int n;
    signed char at[WG_MAX_RANK]; /* one an axis */
} wg__labels;

typedef struct wg__einsum {
    wg__labels in[WG__EINSUM_OPERANDS], out;
    int64_t size[WG__EINSUM_LABELS]; /* sizes of 1 have given way to others */
} wg__einsum;

/* Reads the equation against the operands' shapes. WG_ERR_ARG: the equation; WG_ERR_SHAPE: the operands. */
wg_status wg__einsum_read(wg_infer *, const char *equation, wg__einsum *);

static inline int wg__label_in(const wg__labels *l, int label)
{
    for (int i = 0; i < l->n; i++)
        if (l->at[i] == label)
            return i;
    return -1;
}

#endif
