/* Optimisers and schedules: graphs of assigns.
 *
 * An optimiser returns one effect node; a plan that wants it makes the update at the end of each run, and counts
 * wg_step_counter up by one. State is ordinary variables (adam/m/W1), so checkpoints and copies of stores hold it. Several
 * optimisers of one graph, each over params of its own (wg_grads_matching), are grouped with wg_group and count one step. */
#ifndef WENGERT_OPTIM_H
#define WENGERT_OPTIM_H

#include <wengert/grad.h>
#include <wengert/ops.h>
#include <wengert/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The graph's counter of updates: a scalar i64 variable named "step", 0 at first; reads give the number of updates before this run. */
WG_API wg_node *wg_step_counter(wg_graph *);

/* The updates of variables that wg_track has noted among all that the nodes are made of, one assign a variable. Optimisers make
 * them part of their step; who updates parameters by assigns of their own adds these to the plan. In WG_INFER they leave the
 * variables as they are. The array belongs to the graph; {NULL, 0} is a failure, .n = 0: there are none. */
WG_API wg_nodes wg_tracked(wg_nodes of);

/* Learning rates as scalars of the step (f64, weak), exact at their ends. NULL: WG_ERR_ARG (a length below 1), or `step` is. */
WG_API wg_node *wg_schedule_constant(wg_node *step, double rate);
WG_API wg_node *wg_schedule_step(wg_node *step, double rate, double factor, int64_t every); /* times factor every so many steps */
WG_API wg_node *wg_schedule_cosine(wg_node *step, double peak, double floor, int64_t steps); /* floor from `steps` on */
WG_API wg_node *wg_schedule_linear(wg_node *step, double from, double to, int64_t steps);
/* The rate times 1/steps, 2/steps .. 1 in the first steps, and the rate itself from then on. A schedule that is to begin
 * behind the warm-up counts wg_schedule_after(step, steps). `rate`: any scalar node. */
WG_API wg_node *wg_schedule_warmup(wg_node *step, int64_t steps, wg_node *rate);
WG_API wg_node *wg_schedule_after(wg_node *step, int64_t steps); /* max(step - steps, 0) */
typedef struct wg_one_cycle_opts {
    size_t size;
    double rise;  /* the part of the steps until the peak, below 1; 0: 0.3 */
    double start; /* the first rate is peak / start; 0: 25 */
    double end;   /* the last is peak / start / end; 0: 1e4 */
} wg_one_cycle_opts;
/* Up to the peak and down to nearly nothing, in half waves of the cosine (Smith and Topin, "Super-convergence", 2018; the
 * numbers are those of PyTorch's OneCycleLR). Options may be NULL. WG_ERR_ARG: one is out of its domain. */
WG_API wg_node *wg_schedule_one_cycle(wg_node *step, double peak, int64_t steps, const wg_one_cycle_opts *);

/* Gradient accumulation: each run takes a micro-batch, and every `batches`-th run updates, with the mean of their gradients. So micro-batches
 * of one size give what the whole batch at once would, to rounding. All optimisers of the graph then update in those runs alone, and the
 * step counter counts them; random operators draw anew in each run. The sums are variables (accumulated/W1), with
 * micro_batch, how many are in them. Comes before clipping and before the graph's first optimiser; 1: changes nothing.
 * Failure: WG_ERR_ARG (batches < 1, or another number than before; an optimiser is there already). */
WG_API wg_grads wg_accumulate(wg_grads, int64_t batches);

/* L2 regularisation: factor * w is added to each gradient, as the gradient of factor / 2 |w|^2. This is what PyTorch calls
 * weight_decay, except in AdamW. The optimisers' own weight_decay is the decoupled form (Loshchilov and Hutter, "Decoupled
 * weight decay regularization", ICLR 2019): beside its step, w loses lr * weight_decay * w. WG_ERR_ARG: factor < 0. */
WG_API wg_grads wg_add_l2(wg_grads, double factor);

/* The optimisers. `lr` is a scalar: wg_const, a schedule, or an input. Option pointers may be NULL. `name` is the prefix of the state's
 * variables (default: the optimiser's; a second one over the same params needs another). NULL: the grads are a failure, WG_ERR_ARG (there are
 * none, an option is out of its domain, the state's names are taken), WG_ERR_NOMEM. */
WG_API wg_node *wg_sgd(wg_grads, wg_node *lr); /* w -= lr g */

typedef struct wg_sgd_opts {
    size_t size;
    const char *name;
    double momentum; /* 0: 0.9 */
    bool nesterov;   /* w -= lr (g + momentum v) instead */
    double weight_decay;
} wg_sgd_opts;
WG_API wg_node *wg_momentum(wg_grads, wg_node *lr, const wg_sgd_opts *); /* v = momentum v + g; w -= lr v (PyTorch's form) */

typedef struct wg_adam_opts {
    size_t size;
    const char *name;
    double beta1, beta2, eps; /* 0: 0.9, 0.999, 1e-8 */
    double weight_decay;      /* above 0 it is AdamW */
    bool amsgrad;             /* divides by the largest v so far: Reddi, Kale and Kumar 2018 */
} wg_adam_opts;
WG_API wg_node *wg_adam(wg_grads, wg_node *lr, const wg_adam_opts *); /* Kingma and Ba 2015, bias-corrected */

typedef struct wg_rmsprop_opts {
    size_t size;
    const char *name;
    double alpha, eps; /* 0: 0.99, 1e-8 */
    double momentum;   /* 0: none */
    bool centered;     /* divides by the deviation instead: Graves 2013 */
    double weight_decay;
} wg_rmsprop_opts;
WG_API wg_node *wg_rmsprop(wg_grads, wg_node *lr, const wg_rmsprop_opts *);

typedef struct wg_adagrad_opts {
    size_t size;
    const char *name;
    double eps;      /* 0: 1e-10 */
    double lr_decay; /* the rate is lr / (1 + step * lr_decay) */
    double initial;  /* of the sum of squares */
    double weight_decay;
} wg_adagrad_opts;
WG_API wg_node *wg_adagrad(wg_grads, wg_node *lr, const wg_adagrad_opts *); /* Duchi, Hazan and Singer 2011 */

typedef struct wg_adadelta_opts {
    size_t size;
    const char *name;
    double rho, eps; /* 0: 0.9, 1e-6 */
    double weight_decay;
} wg_adadelta_opts;
WG_API wg_node *wg_adadelta(wg_grads, wg_node *lr, const wg_adadelta_opts *); /* Zeiler 2012, whose lr is 1 */

typedef struct wg_lamb_opts {
    size_t size;
    const char *name;
    double beta1, beta2, eps; /* 0: 0.9, 0.999, 1e-6 */
    double weight_decay;      /* times w, added to Adam's direction, as in the paper */
} wg_lamb_opts;
/* Adam's direction, scaled for each param to the length of the param (You et al., "Large batch optimization for deep learning", 2020,
 * algorithm 2, with bias correction and phi(z) = z). Where either length is 0 the direction stays as it is. */
WG_API wg_node *wg_lamb(wg_grads, wg_node *lr, const wg_lamb_opts *);

/* Exponential moving averages of params, as variables (ema/mean/W1): after each update, mean = decay mean + (1 - decay) w; after the
 * first, w itself. They follow the params that `update`, an optimiser's effect or a group of such, changes. Returns update
 * and averages as one effect. WG_ERR_ARG: decay outside 0 .. 1, `update` changes no param, the names are taken. */
typedef struct wg_ema_opts {
    size_t size;
    const char *name; /* NULL: "ema" */
} wg_ema_opts;
WG_API wg_node *wg_ema(wg_node *update, double decay, const wg_ema_opts *);
/* A copy of a store, of its own, with the averages in the params' places: to evaluate with (wg_exec_use) and to save. `name`
 * as above. NULL: WG_ERR_ARG (no averages of that name, or no update has been made), WG_ERR_NOMEM, WG_ERR_BUSY. */
WG_API wg_store *wg_ema_store(const wg_store *, const char *name);

#ifdef __cplusplus
}
#endif
#endif
