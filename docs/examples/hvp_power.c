/* The largest eigenvalue of a loss's Hessian, which nobody could write down, by products with vectors alone.
 *
 * A small network learns z = sin(3 x) y; then the power method runs at its minimum: v <- H v / |H v|, where H v comes from wg_hvp
 * and the step itself is a graph whose assigns renew v. For a symmetric H the Rayleigh quotient q = v.Hv errs by about
 * the square of v's error, and some eigenvalue lies within |H v - q v| of q. So quotients must settle twice as fast as
 * that residual; and the curvature along v, by differences of the loss alone, must be the last of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { SIDE = 12, POINTS = SIDE * SIDE, HIDDEN = 12, PARAMS = 4, MOST = 2000 };

struct model {
    wg_graph *g;
    wg_node *in, *out, *loss;
    wg_nodes w;
    wg_data *data[2];
    wg_batches *batches;
};

static void build(struct model *m)
{
    static double in[POINTS][2], out[POINTS];
    for (int i = 0; i < POINTS; i++) {
        in[i][0] = 2.0 * (i % SIDE) / (SIDE - 1) - 1, in[i][1] = 2.0 * (i / SIDE) / (SIDE - 1) - 1;
        out[i] = sin(3 * in[i][0]) * in[i][1];
    }
    wg_graph *g = m->g = wg_graph_new();
    m->in = wg_input(g, "in", WG_F64, WG_SHAPE(WG_BATCH, 2)),
    m->out = wg_input(g, "out", WG_F64, WG_SHAPE(WG_BATCH, 1));
    wg_dense a = wg_dense_new(g, "a", WG_F64, 2, HIDDEN, wg_init_xavier());
    wg_dense b = wg_dense_new(g, "b", WG_F64, HIDDEN, 1, wg_init_xavier());
    m->loss = wg_mse(wg_dense_apply(b, wg_tanh(wg_dense_apply(a, m->in))), m->out, WG_MEAN);
    m->w = wg_trainable(m->loss);
    m->data[0] = wg_data_view(wg_view_of(in, WG_F64, WG_SHAPE(POINTS, 2)));
    m->data[1] = wg_data_view(WG_VIEW(out, POINTS, 1));
    m->batches = wg_batches_new(m->data, 2, NULL);
}

static wg_status learn(const struct model *m)
{
    wg_node *rate = wg_schedule_cosine(wg_step_counter(m->g), 1e-2, 1e-5, 3000);
    wg_node *update = wg_adam(wg_grads_of(m->loss, m->w), rate, NULL);
    return wg_fit(WG_OPTS(wg_fit_opts, .loss = m->loss, .update = update, .inputs = WG_NODES(m->in, m->out),
                          .train = m->batches, .steps = 3000),
                  NULL);
}

/* An exec of all points. */
static wg_exec *exec_of(const struct model *m, wg_nodes wanted)
{
    wg_batch all;
    wg_plan *plan = wg_compile(m->g, WG_INFER, wanted);
    wg_exec *e = wg_exec_new(plan);
    wg_plan_free(plan); /* the exec has it */
    if (e && !wg_batches_at(m->batches, 0, &all) && !wg_bind(e, m->in, all.view[0]) && !wg_bind(e, m->out, all.view[1]))
        return e;
    wg_exec_free(e);
    return NULL;
}

/* The sum of a[i].b[i] over all params: the inner product of two vectors as long as all weights together. */
static wg_node *dot(wg_nodes a, wg_nodes b)
{
    wg_node *sum = wg_const(wg_node_graph(a.at[0]), 0);
    for (size_t i = 0; i < a.n; i++)
        sum = wg_add(sum, wg_sum(wg_mul(a.at[i], b.at[i]), WG_ALL_AXES, false));
    return sum;
}

/* Adds h times the direction to the weights. */
static wg_status shift(const struct model *m, wg_node *const *v, double h)
{
    wg_store *s = wg_graph_store(m->g);
    for (size_t i = 0; i < m->w.n; i++) {
        double moved[2 * HIDDEN];
        wg_view at = wg_get(s, m->w.at[i]), along = wg_get(s, v[i]);
        for (int64_t k = 0; k < wg_shape_count(at.shape); k++)
            moved[k] = wg_view_at(at, k) + h * wg_view_at(along, k);
        wg_status st = wg_set(s, m->w.at[i], wg_view_of(moved, WG_F64, at.shape));
        if (st)
            return st;
    }
    return WG_OK;
}

/* (loss(w + h v) - 2 loss(w) + loss(w - h v)) / h^2; NaN after a failure. */
static double curvature(const struct model *m, wg_node *const *v)
{
    static const double h = 1e-3, way[] = { h, -h, -h, h }, factor[] = { 1, -2, 1, 0 };
    wg_exec *e = exec_of(m, WG_NODES(m->loss));
    double sum = e ? 0 : NAN;
    for (int i = 0; i < 4 && e; i++)
        sum += shift(m, v, way[i]) || wg_run(e) ? NAN : factor[i] * wg_scalar(e, m->loss);
    wg_exec_free(e);
    return sum / (h * h);
}

int main(void)
{
    struct model m;
    wg_node *v[PARAMS] = { NULL }, *step[PARAMS];
    static double quotient[MOST], residual[MOST];
    build(&m);
    bool failed = !m.batches || m.w.n != PARAMS || learn(&m);
    for (int i = 0; i < PARAMS && !failed; i++)
        v[i] = wg_name(wg_variable(m.g, NULL, WG_F64, wg_node_shape(m.w.at[i]), wg_init_normal(0, 1)), "v%d", i);
    wg_nodes at = { v, PARAMS };
    wg_grads hv = wg_hvp(m.loss, m.w, at);
    wg_node *q = wg_div(dot(at, hv.of), dot(at, at)), *length = wg_sqrt(dot(hv.of, hv.of));
    wg_node *off = wg_sqrt(wg_sub(wg_div(dot(hv.of, hv.of), dot(at, at)), wg_square(q))); /* |Hv - q v| / |v| */
    for (int i = 0; i < PARAMS && !failed; i++)
        step[i] = wg_assign(v[i], wg_div(hv.of.at[i], length));
    wg_exec *e = failed ? NULL : exec_of(&m, WG_NODES(q, off, step[0], step[1], step[2], step[3]));
    int n = 0; /* the last step */
    for (failed = !e || wg_run(e); !failed; failed = n + 1 == MOST || wg_run(e), n++) {
        quotient[n] = wg_scalar(e, q), residual[n] = wg_scalar(e, off);
        if (residual[n] < 1e-6 * quotient[n])
            break;
    }
    wg_exec_free(e);
    double last = failed ? NAN : quotient[n], found = failed ? NAN : curvature(&m, v);
    if (!failed) {
        puts("  step    Rayleigh quotient     its error     residual");
        for (int k = 0; k < n; k += 1 + k / 2)
            printf("%6d  %19.12f  %12.3e  %11.3e\n", k, quotient[k], last - quotient[k], residual[k]);
        printf("largest eigenvalue %.9f within %.1e after %d steps; curvature by differences %.9f\n", last, residual[n],
               n, found);
        failed = !(fabs(found / last - 1) < 1e-5);
    } else {
        fprintf(stderr, "hvp_power: %s\n", wg_error());
    }
    wg_batches_free(m.batches), wg_data_free(m.data[0]), wg_data_free(m.data[1]), wg_graph_free(m.g);
    return failed;
}
