/* A model differentiated forward, operation by operation, beside what reverse mode made of each.
 *
 * One direction in all parameters is pushed through the graph; each operation's tangent comes from differences of that
 * operation alone, at its actual operands. With the cotangents ybar of the results and the shares xbar that its adjoint
 * sends to its operands, its residual <ybar, ydot> - sum <xbar, xdot> is zero if the adjoint is right, however deep the
 * graph. What a tensor's cotangent lacks of the sum of its shares is an accumulation residual. */
#ifndef WG_VERIFY_TRACE_H
#define WG_VERIFY_TRACE_H

#include "verify/model/model.h"
#include "verify/model/push.h"

typedef struct wg__station {
    bool moved;            /* a tangent arrived */
    double pushed, pulled; /* <ybar, ydot>; sum <xbar, xdot> */
    double error, tolerance;
    double spread; /* of `pulled`: sum |xbar xdot| */
    size_t left_out;
} wg__station;

typedef struct wg__gathering {
    double bar, shares, size; /* <tbar, tdot>; sum of <share, tdot>; sum of magnitudes */
    int n;                    /* shares */
} wg__gathering;

typedef struct wg__trace {
    wg__model *m;
    wg_report *report; /* for model/blame.c */
    wg__arena memory;
    wg__lones lones;
    wg_exec *kept;          /* every value, cotangent and share */
    wg__station *station;   /* by entry of m->tape */
    size_t n_nodes;         /* when it was opened: the graph may grow meanwhile */
    wg__gathering *gather;  /* by node index */
    double value, pulled;   /* of the scalar along the direction: by tangents; <g, d> by the gradients under test */
    double size;            /* sum |g d| */
    double left, tolerance; /* what elements at kinks leave of `value`; of value - left against pulled */
    size_t left_out;
} wg__trace;

/* Runs the model once, with everything kept. */
wg_status wg__trace_open(wg__trace *, wg__model *, int threads);
void wg__trace_free(wg__trace *);
/* Pushes a random direction in one part, or all (part < 0). */
wg_status wg__trace_walk(wg__trace *, uint64_t key, long part);

/* A node's value in the kept run. */
wg_view wg__trace_value(const wg__trace *, const wg_node *);

#endif
