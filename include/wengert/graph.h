/* Graphs and their nodes: building, naming, looking at them, JSON and DOT. */
#ifndef WENGERT_GRAPH_H
#define WENGERT_GRAPH_H

#include <wengert/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All zero: malloc, no messages, the built-in operators, seed 1, as many threads as the machine offers. */
typedef struct wg_graph_opts {
    size_t size;
    void *user; /* handed to the three functions below */
    /* Returns `bytes` bytes aligned to `align` (a power of two), or NULL. Called from the threads that build, compile,
     * prepare and save; never from wg_run. Both functions or neither. */
    void *(*alloc)(void *user, size_t align, size_t bytes);
    void (*dealloc)(void *user, void *p, size_t bytes); /* `bytes` as asked for; p may be NULL */
    /* Is told, on the thread where it happens, the graph's first failure and those of its execs (WG_ERROR), and each program
     * that is made for new shapes (WG_DEBUG). */
    void (*message)(void *user, wg_level, const char *text);
    const wg_registry *registry; /* which operators graph files may name; borrowed, must outlive the graph; NULL: the built-in */
    uint64_t seed;               /* of initial values and random operators; 0 means 1 */
    int threads;                 /* of execs that do not say; 0: WENGERT_THREADS, OMP_NUM_THREADS, the cores */
} wg_graph_opts;

/* An empty graph, or NULL (WG_ERR_NOMEM, WG_ERR_ARG). */
WG_API wg_graph *wg_graph_new(void);
WG_API wg_graph *wg_graph_new_with(const wg_graph_opts *);

/* How exact products of f32 matrices (wg_matmul, and all that is made of it: layers, einsum, recurrence) are. The names are
 * PyTorch's. Products in f64, convolution and attention are as exact as their type, whatever is set. */
typedef enum wg_matmul_precision {
    WG_MATMUL_HIGHEST, /* f32 throughout */
    /* At least as if each element were the sum of two bf16 (16 bits), where three products of bf16 are faster than one of f32.
     * With today's kernels they are not: the same bits as WG_MATMUL_HIGHEST. */
    WG_MATMUL_HIGH,
    /* Each element rounded to bf16 (8 bits), the sums in f32: errors up to 2^-7 of the sum of |a||b|, of random elements up to about
     * 2^-10. A finite element stays finite; infinities and NaNs go the way they go in f32. Magnitudes below 2^-126, of elements,
     * products and sums, count as zero, so that an infinity times such an element is NaN. Processors with AVX512_BF16 take half
     * the time for it; without, and for products too small or too narrow to gain, as WG_MATMUL_HIGHEST. */
    WG_MATMUL_MEDIUM
} wg_matmul_precision;
/* The precision of plans that are compiled from now on, WG_MATMUL_HIGHEST unless set; a plan that exists keeps its own, and its
 * bits. Belongs to the graph, as the number of threads does, and is in no file. A change to the graph like any other: never while
 * another thread builds or compiles it. What verifies gradients verifies with WG_MATMUL_HIGHEST. WG_ERR_ARG: NULL, no such precision. */
WG_API WG_MUST wg_status wg_set_matmul_precision(wg_graph *, wg_matmul_precision);

/* Gives up the caller's hold. Nodes are valid until then; plans, execs and stores made from the graph live on. */
WG_API void wg_graph_free(wg_graph *);

/* The graph's first failure in full, "" when there is none. A NULL graph gives wg_error(). Valid as long as the graph. */
WG_API const char *wg_graph_error(const wg_graph *);

/* How a variable's values begin. Each is drawn from its own stream, keyed by the seed and the variable's name. */
typedef struct wg_init {
    int kind; /* one of enum wg_init_kind */
    double a, b;
} wg_init;
enum wg_init_kind {
    WG_INIT_CONSTANT,
    WG_INIT_NORMAL,
    WG_INIT_UNIFORM,
    WG_INIT_HE,
    WG_INIT_XAVIER,
    WG_INIT_LECUN,
    WG_INIT_ORTHOGONAL,
    WG_INIT_TRUNCATED_NORMAL
};
WG_API wg_init wg_init_zeros(void);
WG_API wg_init wg_init_constant(double);
WG_API wg_init wg_init_normal(double mean, double deviation);
WG_API wg_init wg_init_uniform(double low, double high);
/* Normal, drawn again where it is more than two deviations from the mean. */
WG_API wg_init wg_init_truncated_normal(double mean, double deviation);
/* Of a matrix (a, b) = (first size, product of the others), orthonormal rows, or columns where there are fewer of
 * those, times the gain (0: 1); Saxe et al. 2014. At least two dimensions, or WG_ERR_ARG. */
WG_API wg_init wg_init_orthogonal(double gain);
WG_API wg_init wg_init_he(void);     /* normal, deviation sqrt(2 / fan in): He et al. 2015 */
WG_API wg_init wg_init_xavier(void); /* uniform within sqrt(6 / (fan in + fan out)): Glorot and Bengio 2010 */
WG_API wg_init wg_init_lecun(void);  /* normal, deviation sqrt(1 / fan in): LeCun et al. 1998 */
/* The first two with the fans given: (n_out, n_in) matrices of the columns layout have fan in last. Where they are not, a
 * matrix is (fan in, fan out), and a tensor of three or more dimensions is a convolution's (out, in, kernel..): its fans are
 * in and out, each times the size of the kernel. */
WG_API wg_init wg_init_he_fan(int64_t fan_in);
WG_API wg_init wg_init_xavier_fan(int64_t fan_in, int64_t fan_out);

/* Leaves. A name is [A-Za-z0-9_./-]+, unique in its graph, prefixed by the open scopes; NULL: one is made up.
 * Fails with WG_ERR_ARG (name, dtype, init), WG_ERR_DTYPE (a param must be f32 or f64), WG_ERR_SHAPE (rank or size out of range, or not
 * known where it must be), WG_ERR_NOMEM. */
WG_API wg_node *wg_input(wg_graph *, const char *name, wg_dtype, wg_shape);
WG_API wg_node *wg_param(wg_graph *, const char *name, wg_dtype, wg_shape, wg_init);    /* trained; shape fully known */
WG_API wg_node *wg_variable(wg_graph *, const char *name, wg_dtype, wg_shape, wg_init); /* state that no gradient step touches */
/* A scalar that takes the type of whatever it first meets ("weak"); alone it is f64. */
WG_API wg_node *wg_const(wg_graph *, double);
/* A constant tensor; the view's elements are copied. */
WG_API wg_node *wg_constant(wg_graph *, const char *name, wg_view);

/* Renames a node (printf format) and returns it. WG_ERR_ARG: the name is not allowed, or taken. */
WG_API wg_node *wg_name(wg_node *, const char *format, ...) WG_PRINTF(2, 3);
/* Names it and puts it among the graph's outputs, where predict, eval and loading find it. */
WG_API wg_node *wg_output(wg_node *, const char *name);
/* The node of that full name, or NULL (no failure is recorded). */
WG_API wg_node *wg_find(const wg_graph *, const char *name);
/* Names of leaves and wg_name between push and pop are prefixed "scope/". */
WG_API void wg_scope_push(wg_graph *, const char *format, ...) WG_PRINTF(2, 3);
WG_API void wg_scope_pop(wg_graph *);

/* Looking at nodes. All accept NULL: "", WG_DTYPE_NONE, a scalar, NULL. */
WG_API const char *wg_node_name(const wg_node *);
WG_API wg_shape wg_node_shape(const wg_node *);
WG_API wg_dtype wg_node_dtype(const wg_node *);
WG_API const wg_op *wg_node_op(const wg_node *);     /* its operator's descriptor; see op.h */
WG_API const void *wg_node_attrs(const wg_node *);   /* of the type that the descriptor's table describes; NULL if none */
WG_API wg_nodes wg_node_inputs(const wg_node *);
WG_API wg_nodes wg_node_results(const wg_node *);    /* all results of its operation, itself among them; lives as the graph */
WG_API wg_graph *wg_node_graph(const wg_node *);

WG_API size_t wg_graph_count(const wg_graph *);                  /* of nodes */
WG_API wg_node *wg_graph_node(const wg_graph *, size_t index);   /* in creation order: inputs stand before their users */
WG_API wg_nodes wg_graph_outputs(const wg_graph *);
WG_API uint64_t wg_graph_seed(const wg_graph *);

/* Free text that travels with the graph into checkpoints, and back. Copies both; value NULL removes. */
WG_API WG_MUST wg_status wg_graph_set_meta(wg_graph *, const char *key, const char *value);
WG_API const char *wg_graph_meta(const wg_graph *, const char *key); /* NULL when absent */
/* An entry of the graph description ("predict", "train"), as JSON text of one object. WG_ERR_FORMAT: no such text. */
WG_API WG_MUST wg_status wg_graph_set_entry(wg_graph *, const char *name, const char *json);
WG_API const char *wg_graph_entry(const wg_graph *, const char *name);

/* The graph as text: JSON as in docs/formats.md, DOT for Graphviz. The caller frees it with wg_text_free. It holds the nodes
 * that `outputs` need; when outputs.n is 0 those that the graph's outputs and entries need (all, if it has neither), and the
 * entries. NULL: WG_ERR_NOMEM, WG_ERR_GRAPH. */
WG_API char *wg_graph_json(const wg_graph *, wg_nodes outputs);
WG_API char *wg_graph_dot(const wg_graph *, wg_nodes outputs);
WG_API void wg_text_free(char *);
/* Builds a graph from its description. NULL: WG_ERR_FORMAT with the node's name and what was expected; WG_ERR_NOMEM, WG_ERR_ARG (options). */
WG_API wg_graph *wg_graph_parse(const char *json, size_t length, const wg_graph_opts *);

/* Registries: which operators a graph may name. Start from the built-in ones, add your own. */
WG_API wg_registry *wg_registry_new(void); /* holds the built-in operators; NULL: WG_ERR_NOMEM */
WG_API void wg_registry_free(wg_registry *);
/* Keeps the pointer: the descriptor must outlive the registry. WG_ERR_ARG: incomplete descriptor, or the name is taken; WG_ERR_NOMEM. */
WG_API WG_MUST wg_status wg_register(wg_registry *, const wg_op *);
WG_API size_t wg_registry_count(const wg_registry *); /* NULL: the built-in operators, here and below */
WG_API const wg_op *wg_registry_at(const wg_registry *, size_t index);
WG_API const wg_op *wg_registry_find(const wg_registry *, const char *name);
/* Opens a shared object and lets its `wg_status wg_plugin(wg_registry *)` register. The object stays loaded until
 * wg_registry_free. A path without a slash is of a file in the current folder; where there is none, of a library as dlopen finds
 * it. WG_ERR_IO (cannot be opened), WG_ERR_FORMAT (no wg_plugin), or what wg_plugin returned. */
WG_API WG_MUST wg_status wg_registry_plugin(wg_registry *, const char *path);
/* To be defined by a plugin, not by the library: registers its operators. */
WG_API wg_status wg_plugin(wg_registry *);

#ifdef __cplusplus
}
#endif
#endif
