/* Derivatives: graphs made from graphs. They can be differentiated again, to any order. */
#ifndef WENGERT_GRAD_H
#define WENGERT_GRAD_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Gradients and what they are of, index by index. The arrays belong to the graph and live as long as it. A failure is
 * {.of.n = 0, .of.at = NULL}; functions that take a wg_grads hand it on. */
typedef struct wg_grads {
    wg_nodes wrt, of;
} wg_grads;

/* The params that y depends on, in creation order; none, also when y is NULL: {.n = 0}. */
WG_API wg_nodes wg_trainable(const wg_node *y);

/* dy/dx for a scalar y (one element, any rank), of x's shape; zeros where y does not depend on x. NULL: WG_ERR_SHAPE (y is no
 * scalar), WG_ERR_DTYPE (y or x is not floating), WG_ERR_GRAPH (an operator on the way has no adjoint: the text names it). */
WG_API wg_node *wg_grad(wg_node *y, wg_node *x);
WG_API wg_grads wg_grads_of(wg_node *y, wg_nodes wrt);

/* The vector-Jacobian product: cotangent (y's shape; NULL: ones) pulled back to each of wrt. Fails as wg_grad, whatever y's shape;
 * WG_ERR_SHAPE, WG_ERR_DTYPE: a cotangent, or below a tangent or vector, is not like what it belongs to. */
WG_API wg_grads wg_vjp(wg_node *y, wg_node *cotangent, wg_nodes wrt);

/* The Jacobian-vector product: how y moves when x moves along `tangent` (x's shape). y's shape. By reverse mode twice. */
WG_API wg_node *wg_jvp(wg_node *y, wg_node *x, wg_node *tangent);
/* The same for several x that move together. */
WG_API wg_node *wg_jvp_of(wg_node *y, wg_nodes x, wg_nodes tangents);

/* The Hessian of scalar y over all of wrt, times the vectors: one result for each of wrt. */
WG_API wg_grads wg_hvp(wg_node *y, wg_nodes wrt, wg_nodes vectors);

/* Parts of the gradients, for an optimiser each: those whose param's full name matches one of the patterns, a comma between
 * them, in which * stands for any characters and ? for one: "*b,*gamma,*beta". The others go to *rest (may be NULL).
 * Failure: WG_ERR_ARG, none matches. When all do, *rest is empty, {.of.n = 0}, but no failure. */
WG_API wg_grads wg_grads_matching(wg_grads, const char *patterns, wg_grads *rest);
/* The same by a function, which is called once for each param, in order. */
WG_API wg_grads wg_grads_where(wg_grads, bool (*chosen)(const wg_node *param, void *user), void *user, wg_grads *rest);

/* Scales all gradients by min(1, max / norm), norm the Euclidean norm of all of them together, which goes to *norm
 * (may be NULL). WG_ERR_ARG: max is not above 0, or there are no gradients. */
WG_API wg_grads wg_clip_by_global_norm(wg_grads, double max, wg_node **norm);
/* The same for each gradient by its own norm. */
WG_API wg_grads wg_clip_by_norm(wg_grads, double max);
/* Each element to low .. high. WG_ERR_ARG: low is not below high, or there are no gradients. */
WG_API wg_grads wg_clip_by_value(wg_grads, double low, double high);

#ifdef __cplusplus
}
#endif
#endif
