/* Recurrent layers: cells over whole sequences, as scans.
 *
 * What the input contributes to all steps is one matmul outside of the scan; in stretches it is made step by step inside, for
 * the whole of it would be the largest value of all. */
#include <math.h>

#include <wengert/nn.h>

enum { MOST_STATES = 2 };

typedef struct cell {
    wg_node *w_x, *w_h, *b; /* (C, gates H), (H, gates H), (gates H) */
    wg_node *b_hn;          /* (H), of the GRU */
    int64_t hidden, stretch;
    int states;
    /* From a = x_t w_x + b (N, gates H) and the states (N, H) to the next states. */
    void (*step)(const struct cell *, wg_node *a, wg_node *const *state, wg_node **next);
} cell;

/* z (N, n H) as n gates (N, H). */
static void gates(wg_node *z, int n, wg_node **gate)
{
    wg_nodes parts = wg_split(z, 1, WG_LIST(n));
    for (int i = 0; i < n; i++)
        gate[i] = parts.n ? parts.at[i] : NULL;
}

static void rnn_step(const cell *c, wg_node *a, wg_node *const *state, wg_node **next)
{
    next[0] = wg_tanh(wg_add(a, wg_matmul(state[0], c->w_h)));
}

enum { I, F, G, O, LSTM_GATES };

static void lstm_step(const cell *c, wg_node *a, wg_node *const *state, wg_node **next)
{
    wg_node *z[LSTM_GATES];
    gates(wg_add(a, wg_matmul(state[0], c->w_h)), LSTM_GATES, z);
    next[1] = wg_add(wg_mul(wg_sigmoid(z[F]), state[1]), wg_mul(wg_sigmoid(z[I]), wg_tanh(z[G])));
    next[0] = wg_mul(wg_sigmoid(z[O]), wg_tanh(next[1]));
}

enum { R, Z, NEW, GRU_GATES };

static void gru_step(const cell *c, wg_node *a, wg_node *const *state, wg_node **next)
{
    wg_node *x[GRU_GATES], *h[GRU_GATES];
    gates(a, GRU_GATES, x);
    gates(wg_matmul(state[0], c->w_h), GRU_GATES, h);
    wg_node *r = wg_sigmoid(wg_add(x[R], h[R])), *z = wg_sigmoid(wg_add(x[Z], h[Z]));
    wg_node *n = wg_tanh(wg_add(x[NEW], wg_mul(r, wg_add(h[NEW], c->b_hn))));
    next[0] = wg_add(n, wg_mul(z, wg_sub(state[0], n))); /* (1 - z) n + z h */
}

/* Zeros (N, H), with N from x (T, N, C), which may be known at run time only. */
static wg_node *no_state(const cell *c, wg_node *x)
{
    return wg_zeros_like(wg_slice1(wg_matmul(wg_sum(x, WG_AXES(0), false), c->w_x), 1, 0, c->hidden));
}

/* x (N, T, C), mask (N, T) or NULL; states are replaced by those after the last step. Gives y (N, T, H). */
static wg_node *over_sequence(const cell *c, wg_node *x, wg_node *mask, wg_node **state)
{
    wg_node *inside[MOST_STATES], *next[MOST_STATES], *on = NULL;
    wg_node *steps = wg_permute(x, WG_AXES(1, 0, 2)); /* (T, N, C): the steps' own memory is in one piece */
    for (int i = 0; i < c->states; i++)
        if (!state[i])
            state[i] = no_state(c, steps);
    if (mask)
        mask = wg_expand_dims(wg_transpose(wg_cast(mask, WG_BOOL)), WG_AXES(2)); /* (T, N, 1) */
    wg_node *a = c->stretch ? steps : wg_add(wg_matmul(steps, c->w_x), c->b);

    wg_scan *s = wg_scan_begin(wg_node_graph(x), 0);
    a = wg_scan_slice(s, a);
    if (c->stretch)
        a = wg_add(wg_matmul(a, c->w_x), c->b);
    if (mask)
        on = wg_scan_slice(s, mask);
    for (int i = 0; i < c->states; i++)
        inside[i] = wg_scan_carry(s, state[i]);
    c->step(c, a, inside, next);
    for (int i = 0; i < c->states; i++) {
        next[i] = mask ? wg_where(on, next[i], inside[i]) : next[i];
        wg_scan_next(s, inside[i], next[i]);
        state[i] = wg_scan_last(s, inside[i]);
    }
    wg_node *y = wg_scan_stack(s, next[0]); /* (T, N, H) */
    wg_scan_remat(s, c->stretch);
    wg_scan_end(s);
    return wg_permute(y, WG_AXES(1, 0, 2));
}

static wg_node *weights(wg_graph *g, const char *name, wg_dtype dtype, wg_shape shape, int64_t hidden)
{
    double bound = hidden > 0 ? 1 / sqrt((double)hidden) : 0;
    return wg_param(g, name, dtype, shape, wg_init_uniform(-bound, bound));
}

/* The parameters that all of them have. */
static cell parameters(wg_graph *g, const char *name, wg_dtype dtype, int64_t in, int64_t hidden, int n_gates)
{
    wg_scope_push(g, "%s", name ? name : "");
    cell c = {
        .w_x = weights(g, "w_x", dtype, WG_SHAPE(in, n_gates * hidden), hidden),
        .w_h = weights(g, "w_h", dtype, WG_SHAPE(hidden, n_gates * hidden), hidden),
        .b = wg_param(g, "b", dtype, WG_SHAPE(n_gates * hidden), wg_init_zeros()),
    };
    if (n_gates == GRU_GATES)
        c.b_hn = wg_param(g, "b_hn", dtype, WG_SHAPE(hidden), wg_init_zeros());
    wg_scope_pop(g);
    return c;
}

static int64_t hidden_of(const wg_node *w_h) { return wg_node_shape(w_h).dim[0]; }

wg_rnn wg_rnn_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t in, int64_t hidden)
{
    cell c = parameters(g, name, dtype, in, hidden, 1);
    return (wg_rnn){ .w_x = c.w_x, .w_h = c.w_h, .b = c.b };
}

wg_lstm wg_lstm_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t in, int64_t hidden)
{
    cell c = parameters(g, name, dtype, in, hidden, LSTM_GATES);
    return (wg_lstm){ .w_x = c.w_x, .w_h = c.w_h, .b = c.b };
}

wg_gru wg_gru_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t in, int64_t hidden)
{
    cell c = parameters(g, name, dtype, in, hidden, GRU_GATES);
    return (wg_gru){ .w_x = c.w_x, .w_h = c.w_h, .b = c.b, .b_hn = c.b_hn };
}

wg_rnn_out wg_rnn_apply(wg_rnn l, wg_node *x, wg_node *mask, wg_node *h0)
{
    const cell c = { .w_x = l.w_x,
                     .w_h = l.w_h,
                     .b = l.b,
                     .hidden = hidden_of(l.w_h),
                     .stretch = l.stretch,
                     .states = 1,
                     .step = rnn_step };
    wg_node *y = over_sequence(&c, x, mask, &h0);
    return (wg_rnn_out){ y, h0 };
}

wg_lstm_out wg_lstm_apply(wg_lstm l, wg_node *x, wg_node *mask, wg_node *h0, wg_node *c0)
{
    const cell c = { .w_x = l.w_x,
                     .w_h = l.w_h,
                     .b = l.b,
                     .hidden = hidden_of(l.w_h),
                     .stretch = l.stretch,
                     .states = 2,
                     .step = lstm_step };
    wg_node *state[MOST_STATES] = { h0, c0 };
    wg_node *y = over_sequence(&c, x, mask, state);
    return (wg_lstm_out){ y, state[0], state[1] };
}

wg_rnn_out wg_gru_apply(wg_gru l, wg_node *x, wg_node *mask, wg_node *h0)
{
    const cell c = { .w_x = l.w_x,
                     .w_h = l.w_h,
                     .b = l.b,
                     .b_hn = l.b_hn,
                     .hidden = hidden_of(l.w_h),
                     .stretch = l.stretch,
                     .states = 1,
                     .step = gru_step };
    wg_node *y = over_sequence(&c, x, mask, &h0);
    return (wg_rnn_out){ y, h0 };
}
