/* A differential equation solved by a network: u'' + u = 0 on [0, 2 pi], u(0) = 0, u'(0) = 1, whose solution is sin x.
 *
 *     physics [STEPS]
 *
 * u = t + t^2 n(x) with t = tanh x begins as it must whatever the network n is, so the loss is the equation alone: the mean of (u'' + u)^2 over
 * points of the interval. It holds second derivatives in x, and is differentiated once more, by the weights, to be trained. At
 * the end u and u' are compared with sin and cos, between the points too. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { POINTS = 64, TRIED = 1001, LAYERS = 3, WIDTH = 24 };
static const double end = 2 * 3.14159265358979323846;

static wg_node *net(wg_graph *g, wg_node *x)
{
    wg_node *h = wg_shift(wg_scale(x, 2 / end), -1); /* -1 .. 1 */
    for (int i = 0; i < LAYERS; i++) {
        char name[8];
        snprintf(name, sizeof name, "l%d", i);
        h = wg_dense_apply(wg_dense_new(g, name, WG_F64, i ? WIDTH : 1, i + 1 < LAYERS ? WIDTH : 1, wg_init_xavier()),
                           h);
        if (i + 1 < LAYERS)
            h = wg_tanh(h);
    }
    return h; /* (N, 1) */
}

/* Row i of u depends on row i of x alone, so one tangent of ones gives every point's derivative. */
static wg_node *d(wg_node *u, wg_node *x) { return wg_jvp(u, x, wg_ones_like(x)); }

static wg_status show(void *user, const wg_progress *p)
{
    (void)user;
    if (p->step % 2000 == 0)
        printf("%6" PRId64 "  residual %.3e\n", p->step, p->loss);
    return WG_OK;
}

/* The largest distances of u from sin and of u' from cos; NaN after a failure. */
static void compare(wg_node *x, wg_node *u, wg_node *ux, double *of_u, double *of_ux)
{
    static double at[TRIED];
    for (int i = 0; i < TRIED; i++)
        at[i] = end * i / (TRIED - 1);
    wg_plan *plan = wg_compile(wg_node_graph(u), WG_INFER, WG_NODES(u, ux));
    wg_exec *e = wg_exec_new(plan);
    *of_u = *of_ux = wg_bind(e, x, WG_VIEW(at, TRIED, 1)) || wg_run(e) ? NAN : 0;
    for (int i = 0; i < TRIED && *of_u >= 0; i++) {
        *of_u = fmax(*of_u, fabs(wg_view_at(wg_result(e, u), i) - sin(at[i])));
        *of_ux = fmax(*of_ux, fabs(wg_view_at(wg_result(e, ux), i) - cos(at[i])));
    }
    wg_exec_free(e), wg_plan_free(plan);
}

int main(int argc, char **argv)
{
    static double points[POINTS];
    int64_t steps = argc > 1 ? strtol(argv[1], NULL, 10) : 20000;
    for (int i = 0; i < POINTS; i++)
        points[i] = end * (i + 0.5) / POINTS;

    wg_graph *g = wg_graph_new();
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, 1));
    wg_node *t = wg_tanh(x), *u = wg_add(t, wg_mul(wg_square(t), net(g, x)));
    wg_node *ux = d(u, x), *uxx = d(ux, x);
    wg_node *loss = wg_mean(wg_square(wg_add(uxx, u)), WG_ALL_AXES, false);
    wg_node *rate = wg_schedule_cosine(wg_step_counter(g), 5e-3, 1e-6, steps);
    wg_node *update = wg_adam(wg_grads_of(loss, wg_trainable(loss)), rate, NULL);

    wg_data *data = wg_data_view(WG_VIEW(points, POINTS, 1));
    wg_batches *all = wg_batches_new(&data, 1, NULL);
    wg_status st = wg_fit(WG_OPTS(wg_fit_opts, .loss = loss, .update = update, .inputs = WG_NODES(x), .train = all,
                                  .steps = steps, .on_step = show),
                          NULL);
    double of_u = NAN, of_ux = NAN;
    if (!st)
        compare(x, u, ux, &of_u, &of_ux);
    bool good = of_u < 1e-3 && of_ux < 1e-3;
    if (!st)
        printf("largest error: %.2e of u against sin, %.2e of u' against cos, after %" PRId64 " steps\n", of_u, of_ux,
               steps);
    else
        fprintf(stderr, "physics: %s\n", wg_error());
    wg_batches_free(all), wg_data_free(data), wg_graph_free(g);
    return !good;
}
