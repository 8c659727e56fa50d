/* Burgers' equation by a network u(x, t): u_t + u u_x = nu u_xx on [-1, 1] x [0, 1], u(x, 0) = -sin(pi x), u(+-1, t) = 0, nu = 0.01 / pi
 * (Raissi, Perdikaris, Karniadakis 2019). The loss holds second derivatives, and is differentiated once more to train.
 *
 *     e_pinn [STEPS] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { LAYERS = 4, INNER = 1000, EDGE = 200 };
static const double pi = 3.14159265358979323846;

static wg_node *net(const wg_dense *l, wg_node *x, wg_node *t)
{
    wg_node *h = wg_concat(WG_NODES(x, t), 1);
    for (int i = 0; i < LAYERS; i++) {
        h = wg_dense_apply(l[i], h);
        if (i + 1 < LAYERS)
            h = wg_tanh(h);
    }
    return h; /* (N, 1) */
}

/* Row i of u depends on row i of x alone, so one tangent of ones gives every example's derivative. */
static wg_node *d(wg_node *u, wg_node *x) { return wg_jvp(u, x, wg_ones_like(x)); }

static double uniform(double lo, double hi)
{
    static uint64_t s = 1;
    s = s * 6364136223846793005u + 1442695040888963407u;
    return lo + (hi - lo) * (double)(s >> 11) * 0x1p-53;
}

struct points {
    double x[INNER], t[INNER];             /* inside */
    double xb[EDGE], tb[EDGE], ub[EDGE];   /* on the edge, with the values there */
};

static void sample(struct points *p)
{
    for (int i = 0; i < INNER; i++)
        p->x[i] = uniform(-1, 1), p->t[i] = uniform(0, 1);
    for (int i = 0; i < EDGE; i++) {
        bool start = i % 2 == 0;
        p->xb[i] = start ? uniform(-1, 1) : i % 4 == 1 ? -1 : 1;
        p->tb[i] = start ? 0 : uniform(0, 1);
        p->ub[i] = start ? -sin(pi * p->xb[i]) : 0;
    }
}

int main(int argc, char **argv)
{
    static const int64_t w[] = { 2, 32, 32, 32, 1 };
    static struct points p;
    int steps = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 20000;
    sample(&p);

    wg_graph *g = wg_graph_new();
    wg_shape inner = WG_SHAPE(WG_DIM('C'), 1), edge = WG_SHAPE(WG_DIM('B'), 1);
    wg_node *x = wg_input(g, "x", WG_F64, inner), *t = wg_input(g, "t", WG_F64, inner);
    wg_node *xb = wg_input(g, "xb", WG_F64, edge), *tb = wg_input(g, "tb", WG_F64, edge), *ub = wg_input(g, "ub", WG_F64, edge);
    wg_dense l[LAYERS];
    for (int i = 0; i < LAYERS; i++) {
        char name[8];
        snprintf(name, sizeof name, "l%d", i);
        l[i] = wg_dense_new(g, name, WG_F64, w[i], w[i + 1], wg_init_xavier());
    }
    wg_node *u = net(l, x, t);
    wg_node *ux = d(u, x), *ut = d(u, t), *uxx = d(ux, x);
    wg_node *r = wg_sub(wg_add(ut, wg_mul(u, ux)), wg_scale(uxx, 0.01 / pi));
    wg_node *loss = wg_add(wg_mean(wg_square(r), WG_ALL_AXES, false), wg_mse(net(l, xb, tb), ub, WG_MEAN));
    wg_node *step = wg_adam(wg_grads_of(loss, wg_trainable(loss)), wg_const(g, 1e-3), NULL);

    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, step));
    wg_exec *e = wg_exec_new(plan);
    wg_bind(e, x, WG_VIEW(p.x, INNER, 1)), wg_bind(e, t, WG_VIEW(p.t, INNER, 1));
    wg_bind(e, xb, WG_VIEW(p.xb, EDGE, 1)), wg_bind(e, tb, WG_VIEW(p.tb, EDGE, 1)), wg_bind(e, ub, WG_VIEW(p.ub, EDGE, 1));
    int failed = 1;
    double first = 0;
    for (int i = 0; i < steps; i++) {
        if (wg_run(e))
            goto out;
        if (i == 0)
            first = wg_scalar(e, loss);
        if (i % 1000 == 0)
            printf("%6d  %.3e\n", i, wg_scalar(e, loss));
    }
    printf("%6d  %.3e\n", steps, wg_scalar(e, loss));
    /* Trust, but verify: the gradient of a loss that holds second derivatives. */
    wg_report *report = NULL;
    wg_status st = wg_verify(loss, wg_trainable(loss), e, WG_OPTS(wg_verify_opts, .textbook_limit = -1), &report);
    printf("%s\n", wg_report_text(report));
    wg_report_free(report);
    failed = st != WG_OK || !(wg_scalar(e, loss) < first);
out:
    if (failed)
        fprintf(stderr, "e_pinn: %s\n", wg_error());
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return failed;
}
