/* A program in the making: what its passes tell each other. They run in the order in which they stand here. */
#ifndef WG_PLAN_MAKE_H
#define WG_PLAN_MAKE_H

#include "plan/program.h"
#include "plan/sizes.h"

/* Operations that become instructions together: one, or several elementwise ones of one shape. */
typedef struct wg__item {
    wg__operation **operation;
    int n, capacity;
    bool fused;
    bool update;   /* computes nothing but what assigns take */
    bool fallible; /* may return an error */
} wg__item;

typedef struct wg__making {
    const wg_plan *plan;
    wg__program *program;
    wg__program_opts opts;
    wg__arena memory; /* dies with the making */
    wg__sizes sizes;

    /* Of nodes of the plan's graph, by index. */
    const void **known;   /* the values of constants, and of what is computed from them alone */
    const wg_node **root; /* whose memory the value is in: views share their operand's */
    int *use_begin;       /* users of a root: use[use_begin[i]] .. use[use_begin[i + 1] - 1] */
    int *n_assigns;       /* of a root's value */
    bool *wanted;         /* roots */
    int *into;            /* of a root: the buffer of the variable that it is computed in; -1 */
    int *snapshot;        /* of a variable that is assigned and wanted: the buffer of its old value; -1 */
    wg__place *place;     /* inside the group that is being made; nowhere between groups */
    int *last_use;        /* the same; -1 between groups */
    wg__operation **use;

    /* Of operations, by index of the first node. */
    wg__op_kernels *kernels;
    int *item_of;

    wg__item *item; /* in order of time */
    int n_items;
} wg__making;

/* Concrete shapes and kernels for every operation (shapes.c). */
wg_status wg__make_shapes(wg__making *, const wg_shape *fed);
/* What is certain now that sizes are known (fold.c). */
wg_status wg__make_constants(wg__making *);
/* Which values share memory, and who reads which (uses.c). */
wg_status wg__make_uses(wg__making *);
/* Operations become items, elementwise ones together (fuse.c). */
wg_status wg__make_items(wg__making *);
/* Updates move up to where their operands are ready, and into their variables where nothing can fail any more (order.c). */
wg_status wg__make_order(wg__making *);
/* Items become instructions (instructions.c, group.c). */
wg_status wg__make_instructions(wg__making *);
wg_status wg__make_group(wg__making *, const wg__item *);
wg_status wg__make_loop(wg__making *, const wg__item *);
/* Buffers get their places (memory.c). */
wg_status wg__make_places(wg__making *);
/* Which instructions are cut over workers, and where those must meet (parallel.c). */
void wg__make_parallel(wg__making *);

/* ---- helpers ---- */

static inline size_t wg__op_index(const wg__operation *o) { return o->out[0].index; }

/* The operation whose work a value is; NULL for leaves and what is known. */
static inline const wg__operation *wg__producer(const wg__making *m, const wg_node *root)
{
    bool given = m->known[root->index] || m->plan->leaf_of[root->index] >= 0;
    return given ? NULL : root->operation;
}

/* Computed by kernels in each run: needed, not known, and not shared with an operand. */
static inline bool wg__works(const wg__making *m, const wg__operation *o)
{
    size_t at = wg__op_index(o);
    return m->plan->computed[at] && !m->known[at] && !wg__is_copy(o->op, &m->program->signature[at]);
}

/* The root of operand `slot`, or NULL when its values are not read. */
static inline const wg_node *wg__operand(const wg__making *m, const wg__operation *o, int slot)
{
    return wg__reads_operand(o, slot) ? m->root[o->in[slot]->index] : NULL;
}

/* Adds a buffer; -1: WG_ERR_NOMEM. */
int wg__add_buffer(wg__making *, wg__buffer);
/* Adds an arena buffer that holds a node's value. */
int wg__add_arena_buffer(wg__making *, const wg_node *);
/* Adds an instruction, cleared; NULL: WG_ERR_NOMEM. Valid until the next is added. */
wg__instruction *wg__add_instruction(wg__making *, wg__kind);
/* Room for what an instruction of one step has; NULL: WG_ERR_NOMEM. And what it touches, of each buffer once. */
wg__step *wg__one_step(wg__making *, wg__instruction *, int n_in, int n_out);
void wg__touch(wg__instruction *, int buffer, bool write);
/* The buffer where a root's value is read; -1 after a failure. Leaves and constants get theirs on first use. */
int wg__buffer_of(wg__making *, const wg_node *root);
/* The buffer of a variable for writing. */
int wg__variable_buffer(wg__making *, const wg_node *variable);

/* Kernels of the planner itself (moves.c): an operand broadcast by c->params, a copy of bytes, a check of floats. */
typedef struct wg__stretch {
    size_t size; /* bytes an element */
    int rank;    /* adjoining axes that are walked alike count as one */
    int64_t dim[WG_MAX_RANK], stride[WG_MAX_RANK];
} wg__stretch;
wg__stretch wg__stretch_of(const wg_shape *from, const wg_shape *to, wg_dtype);
wg_status wg__kernel_stretch(const wg_call *, int64_t begin, int64_t end);
wg_status wg__kernel_copy(const wg_call *, int64_t begin, int64_t end);
wg_status wg__kernel_check(const wg_call *, int64_t begin, int64_t end);
/* Whether n elements are all finite. */
bool wg__all_finite(const void *, wg_dtype, int64_t n);

#endif
