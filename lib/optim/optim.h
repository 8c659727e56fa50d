/* What the optimisers share: the frame of an update, state variables, options. */
#ifndef WG_OPTIM_OPTIM_H
#define WG_OPTIM_OPTIM_H

#include <math.h>

#include "base/options.h"
#include "graph/graph.h"
#include "ops/builtin.h"
#include <wengert/optim.h>

/* A variable under its full name, whatever scopes are open. */
wg_node *wg__optim_variable(wg_graph *, const char *name, wg_dtype, wg_shape, double first);
/* "PREFIX/MEMBER", in the graph's memory; NULL after a recorded failure. */
char *wg__optim_name(wg_graph *, const char *prefix, const char *member);
/* A scalar in the type of `like`. */
wg_node *wg__optim_as(wg_node *scalar, const wg_node *like);
/* The assign of an update: where gradients are accumulated the old value stays until the update is due. */
wg_node *wg__optim_assign(wg_node *variable, wg_node *value);
/* The one increment of the graph's step counter, which all its optimisers share. */
wg_node *wg__optim_step(wg_graph *);
/* The step under way, counted from 1, as f64: the t of the papers. */
wg_node *wg__optim_time(wg_graph *);

/* One param's update under way. A rule sets the new values of its state and of the param. */
enum { WG__EFFECTS = 4 };
typedef struct wg__update {
    const char *name;          /* of the optimiser: the state's prefix */
    wg_node *param, *gradient; /* of one type and shape */
    wg_node *rate;             /* a scalar of that type */
    double weight_decay;       /* decoupled; wg__optim_descend sees to it */
    wg_node *effect[WG__EFFECTS];
    size_t n;
} wg__update;
typedef void (*wg__optim_rule)(wg__update *, const void *opts);

/* A piece of state of the param, "NAME/kind/W1", `first` at first, of the param's type and shape. */
wg_node *wg__optim_state(const wg__update *, const char *kind, double first);
void wg__optim_set(wg__update *, wg_node *variable, wg_node *value);
/* The param loses step * direction, step a scalar, and decays. */
void wg__optim_descend(wg__update *, wg_node *step, wg_node *direction);
/* decay * old + (1 - decay) * new */
wg_node *wg__optim_blend(wg_node *old, wg_node *new, double decay);

/* Applies the rule to every param, and groups the assigns with the step counter's. */
wg_node *wg__optim_update(wg_grads, wg_node *rate, const char *name, double weight_decay, wg__optim_rule,
                          const void *opts);

/* What Adam and its kin share: moments of the gradient, corrected for their first value, 0. */
typedef struct wg__moments {
    double beta1, beta2, eps;
    wg_node *correction1, *correction2; /* 1 - beta^t, f64 scalars */
} wg__moments;
/* Sets the corrections; false after a recorded failure. 0 stands for the usual value. */
bool wg__optim_moments(wg__moments *, wg_graph *, const char *name, double usual_eps);

/* An option that is 0 becomes `otherwise`; false, WG_ERR_ARG: it is not within 0 .. `below`, or 0 and has no other value. */
bool wg__optim_option(wg_graph *, const char *name, const char *option, double *value, double otherwise, double below);
/* Begins an optimiser's call, whose options were `read` or not: *name is set where it is NULL. The graph, or NULL after a
 * recorded failure. */
wg_graph *wg__optim_begin(wg_grads, wg_node *rate, bool read, const char **name, const char *usual);

/* Gradients made from gradients, one by one. Failure: there are none, or `make` gives NULL. */
wg_grads wg__optim_map(const char *caller, wg_grads, wg_node *(*make)(wg_node *gradient, wg_node *param, void *user),
                       void *user);
/* The graph of a list of gradients; NULL, recorded: there are none, or the list is a failure. */
wg_graph *wg__optim_graph_of(const char *caller, wg_grads);
extern const wg_grads wg__no_grads;

#endif
