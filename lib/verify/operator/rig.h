/* One operator on one sample: its graph, its plans, and the memory that its operands are read from.
 *
 * The graph holds the operator's result y, its gradients g for a cotangent v, and the gradients of sum <g, d>, all with
 * x, v and d as inputs. It is compiled once for each order; a difference only writes other numbers into x. */
#ifndef WG_VERIFY_RIG_H
#define WG_VERIFY_RIG_H

#include "base/alloc.h"
#include "verify/numerics/numerics.h"

enum { WG__SLOTS = 8, WG__ORDERS = 3, WG__WANTED = WG__SLOTS + 1 };

/* Where in its range an operand's values are drawn. */
typedef enum wg__where {
    WG__INSIDE,    /* away from the ends and from kinks: differences can be taken, as in the next two */
    WG__WITH_ZERO, /* but one element of each smooth operand is 0, where its range goes over that */
    WG__FRINGE,    /* in the margin that is kept from the ends */
    WG__AT_ENDS,   /* next to either end, at 0 if that is inside, or half-way */
    WG__TINY       /* of all magnitudes down to 2^-40 of the larger end */
} wg__where;

static inline bool wg__is_extreme(wg__where where) { return where >= WG__AT_ENDS; }

typedef struct wg__operand {
    const wg_sample_in *range;
    int slot;                            /* the first that it stands in */
    wg_node *node, *gradient, *second;   /* second: of sum <gradient, d> over all operands */
    wg_node *by_parts, *second_by_parts; /* the same of the decomposition, where that is another thing; else NULL */
    wg_node *d;                          /* an input of f64 in either type */
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
    wg_dtype type; /* under test */
    int order;     /* 0: values, 1: gradients, 2: gradients of those */
    int result; /* which of the operator's results is y; after the last: all of the type under test, of two and more, in one row */
    int tied; /* > 0: that slot takes the operand of slot `with` < tied */
    int with;
    wg__where where;
    /* May be NULL. Asked when the graph is built: false leaves the rig without plans, `idle`. */
    bool (*worthwhile)(const wg_op *);
} wg__rig_opts;

typedef struct wg__rig {
    wg__rig_opts of; /* order: how far this rig goes */
    bool idle;       /* there is nothing to check */
    bool struck;     /* values that were drawn at random were at a kink exactly */
    int n;           /* operands */
    wg__operand in[WG__SLOTS];
    int n_slots, which[WG__SLOTS]; /* the operand that each slot takes */
    wg_graph *graph;
    wg_node *y, *v, *pushed, *decomposed; /* v: an input of f64; pushed: y's forward derivative along all d */
    size_t count;                         /* of y */
    double *v_data;                       /* (count) */
    wg_plan *plan[WG__ORDERS];
    wg_exec *exec[WG__ORDERS]; /* 0 gives y, 1 the gradients, 2 second and pushed */
    wg__arena arena;
} wg__rig;

/* How many operands a sample has. */
static inline int wg__sample_operands(const wg_op *op, const wg_sample *sample)
{
    int n = sample->n ? sample->n : op->arity;
    return n < 0 ? 1 : n > WG__SLOTS ? WG__SLOTS : n;
}

/* Builds and compiles; values are not drawn yet. The order is lowered to what the operator can have. NULL: wg_error()
 * tells what went wrong. */
wg__rig *wg__rig_new(const wg__rig_opts *);
void wg__rig_free(wg__rig *);
/* Does the operator's inference take such operands? *count: elements of the result. False: wg_error_status() tells why not. */
bool wg__rig_fits(const wg__rig_opts *, size_t *count);
/* Has an exec of one of the plans read what the rig's own read. */
wg_status wg__rig_bind(const wg__rig *, wg_exec *);

/* Draws operands, cotangent and directions, and measures the room that operands have. */
void wg__rig_draw(wg__rig *, wg__stream *);
/* The least distance to a kink or singularity that the operator declares; infinite where it declares none. */
double wg__rig_clearance(wg__rig *);
/* Measures the room again, after values were changed. */
void wg__rig_measure(wg__rig *);
/* The value nearest to x in the range that element i of operand k is drawn from. */
double wg__rig_within(const wg__rig *, int k, size_t i, double x);
/* Puts the point under test back where runs read it. */
void wg__rig_restore(wg__rig *);
/* A checksum of all that runs read: they must leave it as it was. */
uint64_t wg__rig_sum(const wg__rig *);

wg_status wg__rig_run(wg__rig *, int order);
/* What the checks of an order compare: y; the gradients; the gradients' gradients and y's forward derivative. */
int wg__rig_outputs(const wg__rig *, int order, wg_node *list[WG__WANTED]);
/* The operand that one of those is a gradient of; -1: of none. */
int wg__rig_slot_of(const wg__rig *, int order, const wg_node *);
/* A node's elements after a run of that order; NULL: a failure. */
const double *wg__rig_result(const wg__rig *, int order, const wg_node *);

#endif
