/* Optimisers and schedules: graphs of assigns. Each returns one effect node; a plan that wants it makes the update at the end of each run, and
 * counts wg_step_counter up by one. State is ordinary variables (adam/m/W1), so checkpoints and copies hold it. */
#ifndef WENGERT_OPTIM_H
#define WENGERT_OPTIM_H

#include <wengert/grad.h>
#include <wengert/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The graph's counter of updates: a scalar i64 variable named "step", 0 at first; reads give the number of updates before this run. */
WG_API wg_node *wg_step_counter(wg_graph *);

/* Learning rates as scalars of the step (f64, weak). */
WG_API wg_node *wg_schedule_step(wg_node *step, double rate, double factor, int64_t every);
WG_API wg_node *wg_schedule_cosine(wg_node *step, double peak, double floor, int64_t steps);
WG_API wg_node *wg_schedule_linear(wg_node *step, double from, double to, int64_t steps);

/* `lr` is a scalar: wg_const, a schedule, or an input. Option pointers may be NULL. `name` is the prefix of the state's
 * variables (default: the optimiser's; a second one over the same params needs another). NULL: the grads are a failure, WG_ERR_ARG (there are
 * none, an option is out of its domain, the state's names are taken), WG_ERR_NOMEM. */
typedef struct wg_sgd_opts {
    size_t size;
    const char *name;
    double momentum; /* 0: 0.9 */
    bool nesterov;   /* w -= lr (g + momentum v) instead */
    double weight_decay; /* times w, added to the gradient */
} wg_sgd_opts;
WG_API wg_node *wg_sgd(wg_grads, wg_node *lr);                           /* w -= lr g */
WG_API wg_node *wg_momentum(wg_grads, wg_node *lr, const wg_sgd_opts *); /* v = momentum v + g; w -= lr v (PyTorch's form) */

typedef struct wg_adam_opts {
    size_t size;
    const char *name;
    double beta1, beta2, eps; /* 0: 0.9, 0.999, 1e-8 */
    double weight_decay;      /* decoupled: Loshchilov and Hutter 2019 */
} wg_adam_opts;
WG_API wg_node *wg_adam(wg_grads, wg_node *lr, const wg_adam_opts *); /* Kingma and Ba 2015, bias-corrected */

typedef struct wg_rmsprop_opts {
    size_t size;
    const char *name;
    double alpha, eps; /* 0: 0.99, 1e-8 */
} wg_rmsprop_opts;
WG_API wg_node *wg_rmsprop(wg_grads, wg_node *lr, const wg_rmsprop_opts *);

#ifdef __cplusplus
}
#endif
#endif
