/* A model under verification: a scalar of its twin, and all that it is differentiated by as one vector theta. */
#ifndef WG_VERIFY_MODEL_H
#define WG_VERIFY_MODEL_H

#include "grad/pullback.h"
#include "verify/model/twin.h"
#include "verify/numerics/numerics.h"
#include "verify/report.h"

/* One tensor of theta. */
typedef struct wg__theta_part {
    wg__twin_input *leaf;
    size_t begin;            /* of its elements in theta */
    wg_node *gradient, *own; /* under test; reverse mode's */
} wg__theta_part;

typedef struct wg__model {
    wg__twin twin;
    wg_mode mode;
    wg_node *scalar; /* of the twin */
    wg__tape tape;   /* of reverse mode on it; empty where an operation on the way has no adjoint */
    bool taped;
    wg__theta_part *parts;
    size_t n_parts, n;            /* n: elements of theta */
    double *theta, *scale, *room; /* (n) */
    wg_exec *value, *gradient;    /* the scalar; the gradients */
} wg__model;

/* Twins the scalar and the gradients (gradients.of.n = 0: makes them). Leaves a model that wg__model_free takes, whatever the
 * status. */
wg_status wg__model_open(wg__model *, wg_node *scalar, wg_grads, const wg_exec *at, wg__reuse *);
/* The same as it is, in f32 where it is: to be run, not moved. */
wg_status wg__model_open_narrow(wg__model *, wg_node *scalar, wg_grads, const wg_exec *at, wg__reuse *);
void wg__model_free(wg__model *);
/* Replaces the scalar by sum <g, d>, d drawn, and the gradients by that one's: the second order. */
wg_status wg__model_derive(wg__model *, wg__stream *);

/* Theta as one vector, and plans for the functions below, which need them: for models that are small, or judged as a
 * whole. */
wg_status wg__model_flatten(wg__model *);
/* Puts x (n) where runs read it. */
void wg__model_put(wg__model *, const double *x);

/* phi (1) at theta + whatever stands in x (n); for wg__subject. */
wg_status wg__model_value(void *model, const double *x, double *phi);
wg_status wg__model_gradient(void *model, const double *x, double *g);

/* The textbook's ||g - approx|| / (||g|| + ||approx||), by central differences with epsilon 1e-7 on each element of
 * theta. */
wg_status wg__textbook(wg__model *, double *difference);
/* Lessens the room so that steps in random directions keep away from the kinks of every elementwise operator. Where
 * theta itself is at a kink (a unit whose inputs are all off, with a bias of zero), it is moved aside first: what is
 * verified is the gradient's program, which is the same there. */
wg_status wg__keep_off_kinks(wg__model *, wg__stream *);

#endif
