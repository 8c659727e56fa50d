/* One operator on one sample: its graph, its plans, and the memory that its operands are read from.
 *
 * The graph holds the operator's result y, its gradients g for a cotangent v, and the gradients of sum <g, d>, all with
 * x, v and d as inputs. It is compiled once for each order; a difference only writes other numbers into x. */
#ifndef WG_VERIFY_RIG_H
#define WG_VERIFY_RIG_H

#include "base/alloc.h"
#include "verify/numerics.h"

enum { WG__SLOTS = 4, WG__ORDERS = 3 };

typedef struct wg__operand {
    const wg_sample_in *range;
    wg_node *node, *gradient, *second;
    wg_node *d;
    wg_dtype dtype;
    bool moved; /* floating, of the type under test: differences are taken */
    size_t count, bytes;
    void *data, *base;             /* what runs read; the point under test */
    double *d_data, *scale, *room; /* (count), of moved operands */
} wg__operand;

typedef struct wg__rig_opts {
    const wg_op *op;
    const wg_sample *sample;
    const wg_registry *registry;
    wg_dtype type; /* under test: WG_F64, or WG_F32 for values alone */
    int order;     /* 0: values, 1: gradients, 2: gradients of those */
    int result;    /* which of the operator's results is y */
    bool tied;     /* operand 0 stands in both slots */
} wg__rig_opts;

typedef struct wg__rig {
    wg__rig_opts of; /* order: how far this rig goes */
    int n;
    wg__operand in[WG__SLOTS];
    wg_graph *graph;
    wg_node *y, *v, *pushed, *decomposed; /* pushed: y's forward derivative along all d */
    size_t count;                         /* of y */
    double *v_data;                       /* (count) */
    wg_plan *plan[WG__ORDERS];
    wg_exec *exec[WG__ORDERS]; /* 0 gives y, 1 the gradients, 2 second and pushed */
    wg__arena arena;
} wg__rig;

/* Builds and compiles; values are not drawn yet. The order is lowered to what the operator can have. NULL: wg_error()
 * tells what went wrong. */
wg__rig *wg__rig_new(const wg__rig_opts *);
void wg__rig_free(wg__rig *);

/* Draws operands, cotangent and directions, and measures the room that operands have. */
void wg__rig_draw(wg__rig *, wg__stream *);
/* Puts the point under test back where runs read it. */
void wg__rig_restore(wg__rig *);
/* Have runs left the operands as they were? */
bool wg__rig_unchanged(const wg__rig *);

wg_status wg__rig_run(wg__rig *, int order);
/* A node's elements after a run of that order; NULL: a failure. */
const double *wg__rig_result(const wg__rig *, int order, const wg_node *);

#endif
