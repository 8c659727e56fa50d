/* Samples made from an operator's own, attributes altered or shapes and values: what its inference takes, its kernels and its adjoint must get right. */
#ifndef WG_VERIFY_VARIANTS_H
#define WG_VERIFY_VARIANTS_H

#include "verify/operator/rig.h"

enum { WG__VARIANT_TEXT = 128 };

/* What is altered. */
typedef enum wg__sort {
    WG__OF_ATTRIBUTES,
    WG__OF_OPERANDS, /* how many there are */
    WG__OF_BROADCASTS,
    WG__OF_SIZES, /* 0, 1, one more */
    WG__OF_LONG_SIZES,
    WG__OF_LENGTHS, /* each of many in turn */
    WG__OF_AXES,    /* how many there are */
    WG__OF_TIES,    /* one operand in two slots */
    WG__OF_VALUES,
    WG__SORTS
} wg__sort;

typedef struct wg__variant {
    wg__sort sort;
    bool combined; /* made from a variant */
    wg_sample sample;
    int tied, with; /* as in wg__rig_opts */
    wg__where where;
    bool large; /* it is for the length of its loops: refused where a small operand has a huge result */
    bool brief; /* one of many: value, first gradient and f32 are looked at, and nothing else */
    bool
        unvouched; /* no sample says that there is a value: three degrees of freedom of two numbers, the log of a negative one */
    bool retyped; /* an index has another type, and nothing else is altered: a run has no reason to refuse its values */
    bool degenerate; /* a size was made 0 or 1: what is left may be a constant, computed by terms that cancel */
    char text[WG__VARIANT_TEXT];   /* "broadcast of operand 1 along axis 0" */
} wg__variant;

/* What a variant is shown to. *taken: the operator takes it, and its work stays within bounds; false at first. */
typedef wg_status wg__variant_visit(void *user, const wg__variant *, bool *taken);

/* Calls visit(user, variant, taken) for each, whether or not the operator takes it, until one returns a failure. */
wg_status wg__each_variant(const wg_op *, const wg_sample *, wg__variant_visit *, void *user);
/* The same from a variant of attributes or of operands, which the operator takes: a few of each other sort, brief. Which ones
 * `turn` decides: over many variants each comes up. */
wg_status wg__each_combination(const wg_op *, const wg__variant *from, int turn, wg__variant_visit *, void *user);
/* Puts an axis in front; false, and nothing is changed: there are as many as can be. */
bool wg__add_leading(wg_shape *, int64_t size);
/* Equal for samples that differ in nothing that is checked. */
uint64_t wg__variant_hash(const wg_op *, const wg__variant *);

#endif
