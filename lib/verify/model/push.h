/* Pushing tangents through one operation by differences of its forward pass alone. */
#ifndef WG_VERIFY_PUSH_H
#define WG_VERIFY_PUSH_H

#include "verify/model/lone.h"
#include "verify/numerics/numerics.h"

/* Memory that grows to the largest that was asked for. */
typedef struct wg__buffer64 {
    double *at;
    size_t bytes;
} wg__buffer64;
bool wg__buffer64_fit(wg__buffer64 *, size_t count); /* false: WG_ERR_NOMEM; what it held is lost */
void wg__buffer64_free(wg__buffer64 *);

typedef struct wg__push_room {
    wg__buffer64 row[WG__LEVELS_MAX]; /* by level: the results' differences */
    wg__buffer64 plus, middle;
    wg__buffer64 per; /* by element, where each steps by itself: how many steps make up a tangent, a power of two */
} wg__push_room;
void wg__push_room_free(wg__push_room *);

/* Inner products. */
typedef struct wg__dot {
    double value, size; /* sum a b; sum |a b| */
} wg__dot;
wg__dot wg__dot_of(size_t n, const double *a, const double *b);
wg__dot wg__dot_many(int threads, size_t n, const double *a, const double *b);
/* { sum (a - b)^2, sum b^2 } */
wg__dot wg__apart_many(int threads, size_t n, const float *a, const double *b);
/* The root mean square, of a sample of the elements where there are many: for choosing steps. */
double wg__rms_about(size_t n, const double *x);
/* Calls body(arg, begin, end) on disjoint ranges that make up 0 .. n - 1, on several threads where n is large. */
typedef void (*wg__range)(void *arg, size_t begin, size_t end);
void wg__each_range(int threads, size_t n, wg__range body, void *arg);

/* One operation at its operands. Tangents are in f64; NULL is zero. */
typedef struct wg__push {
    const wg__operation *of;
    wg__lone *lone;
    int threads;
    wg__push_room *room;
    const wg_view *in;        /* (n_in) */
    const wg_view *out;       /* (n_out): the results at these operands */
    const double **tangent;   /* (n_in) */
    double **moved;           /* (n_in): room for an operand beside itself; NULL where it does not move */
    double **step;            /* (n_in): likewise for what one step is; may be left unused */
    const double **cotangent; /* (n_out) */
    double **pushed;          /* (n_out), to be filled: the results' tangents; NULL: not floating */
    unsigned char *left_out;  /* (elements of result 0), to be filled: at a kink; NULL: nobody asks */

    wg__slope slope; /* of the sum over results of <cotangent, result>; size: sum |cotangent . pushed| */
    size_t n_left_out;
    int rows;    /* how many steps it took */
    double unit; /* one step is unit * step[] */
} wg__push;

/* Fills pushed, left_out and what follows. Elements that are left out count as resting. slope.error is infinite where
 * the forward pass gave nothing finite. WG_ERR_NOMEM. */
wg_status wg__push_run(wg__push *);
/* Does each element of the result depend on the same elements of all operands that move, and on no others? */
bool wg__push_alone(const wg__push *);
/* sum over the slots of <share, tangent>, elements that were left out resting; each of them in `each`. share: (n_in), NULL:
 * zero. */
wg__dot wg__push_pulled(const wg__push *, const double *const *share, wg__dot *each);

#endif
