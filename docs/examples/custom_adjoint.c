/* kepler: E with E - e sin E = M, an operator that has no formula, only an equation.
 *
 * Its kernel solves Kepler's equation by Newton's method, as many steps as it takes. The adjoint knows nothing of those steps: the
 * equation itself, differentiated, gives dE = (dM + sin E de) / (1 - e cos E), from the result alone. So nothing of the iteration is
 * kept, every order of derivative is exact, and the verifier agrees to second order. The same serves any quantity that an
 * equation defines: a root, a fixed point, an equilibrium.
 *
 * Then it earns its keep: the orbit of a comet, its eccentricity, period and moment of perihelion, is found by gradient descent from
 * noisy positions. An eccentricity outside 0 .. 1 is no orbit: the kernel says so, and the run fails, naming the operator. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <wengert.h>

static const double pi = 3.14159265358979323846;

/* The root lies within e of M, and the left side grows in E: Newton's steps are kept inside what is known to hold it. */
static double solve(double m, double e)
{
    double low = m - e, high = m + e, at = m + e * sin(m);
    for (int i = 0; i < 60; i++) {
        double over = at - e * sin(at) - m, next = at - over / (1 - e * cos(at));
        if (over > 0)
            high = at;
        else
            low = at;
        if (!(next > low && next < high))
            next = (low + high) / 2;
        if (fabs(next - at) <= 1e-15 * fabs(at))
            return next;
        at = next;
    }
    return at;
}

WG_KERNEL(kepler_forward, /* M, e, E: `end - begin` contiguous elements; the engine broadcasts */
    const T *m = c->in[0]; const T *e = c->in[1]; T *y = c->out;
    for (int64_t i = begin; i < end; i++) {
        if (!(e[i] >= 0 && e[i] < 1))
            return wg_call_fail(c, WG_ERR_RANGE, "the eccentricity %g is not in 0 .. 1", (double)e[i]);
        y[i] = (T)solve((double)m[i], (double)e[i]);
    }
)
static wg_node *kepler_backward(const wg_adjoint *d, int slot)
{
    wg_node *e = d->in[1], *root = d->output;
    wg_node *share = wg_div(d->cotangent, wg_shift(wg_neg(wg_mul(e, wg_cos(root))), 1));
    return slot == 0 ? share : wg_mul(share, wg_sin(root));
}
static const wg_sample kepler_samples[] = {
    { .in = { WG_VALUES(-7, 7, 3, 4), WG_VALUES(0.1, 0.8, 3, 4) } },
    { .in = { WG_VALUES(-3, 3, 5), WG_VALUES(0.3, 0.6, 1) } },
};
static const wg_op kepler = {
    WG_OP, .name = "kepler", .doc = "E with E - e sin E = M", .arity = 2, .flags = WG_ELEMENTWISE,
    .forward = WG_BOTH(kepler_forward), .backward = kepler_backward, WG_SAMPLES(kepler_samples),
};

/* Where a body is at times t: (t, 2), perihelion on the right, the larger half axis 1. All of it graph. */
static wg_node *orbit(wg_node *t, wg_node *e, wg_node *period, wg_node *start)
{
    wg_node *anomaly = wg_scale(wg_div(wg_sub(t, start), period), 2 * pi);
    wg_node *root = wg_apply(&kepler, WG_NODES(anomaly, e), NULL);
    wg_node *x = wg_sub(wg_cos(root), e), *y = wg_mul(wg_sin(root), wg_sqrt(wg_shift(wg_neg(wg_square(e)), 1)));
    return wg_concat(WG_NODES(wg_expand_dims(x, WG_AXES(1)), wg_expand_dims(y, WG_AXES(1))), 1);
}

enum { SEEN = 60 };
static const double truth[3] = { 0.6, 2.5, 0.4 }, noise = 0.02; /* eccentricity, period, perihelion */

static void observe(double t[SEEN], double at[SEEN][2])
{
    wg_numpy_random random;
    wg_numpy_seed(&random, 1);
    for (int i = 0; i < SEEN; i++) {
        t[i] = 6 * wg_numpy_uniform(&random);
        double root = solve(2 * pi * (t[i] - truth[2]) / truth[1], truth[0]);
        at[i][0] = cos(root) - truth[0] + noise * wg_numpy_randn(&random);
        at[i][1] = sin(root) * sqrt(1 - truth[0] * truth[0]) + noise * wg_numpy_randn(&random);
    }
}

/* An eccentricity of 1.5 must stop the run, in words. */
static bool refuses(wg_graph *g)
{
    wg_node *bad = wg_apply(&kepler, WG_NODES(wg_zeros(g, WG_F64, WG_SHAPE(1)), wg_const(g, 1.5)), NULL);
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(bad));
    wg_exec *exec = wg_exec_new(plan);
    wg_status st = exec ? wg_run(exec) : WG_OK;
    printf("refused: %s\n", wg_error());
    wg_exec_free(exec), wg_plan_free(plan);
    return st == WG_ERR_RANGE && strstr(wg_error(), "1.5") != NULL;
}

int main(void)
{
    wg_report *report = NULL;
    wg_status st = wg_verify_op(&kepler, &report);
    printf("%s\n", wg_report_text(report));
    wg_report_free(report);

    static double t[SEEN], at[SEEN][2];
    observe(t, at);
    wg_graph *g = wg_graph_new();
    wg_node *time = wg_input(g, "t", WG_F64, WG_SHAPE(WG_BATCH)), *place = wg_input(g, "place", WG_F64, WG_SHAPE(WG_BATCH, 2));
    wg_node *raw = wg_param(g, "raw", WG_F64, WG_SCALAR, wg_init_constant(0)); /* the eccentricity's logit */
    wg_node *period = wg_param(g, "period", WG_F64, WG_SCALAR, wg_init_constant(2.7));
    wg_node *start = wg_param(g, "start", WG_F64, WG_SCALAR, wg_init_constant(0));
    wg_node *e = wg_sigmoid(raw), *loss = wg_mse(orbit(time, e, period, start), place, WG_MEAN);
    wg_node *rate = wg_schedule_cosine(wg_step_counter(g), 0.02, 1e-5, 2000);
    wg_node *update = wg_adam(wg_grads_of(loss, wg_trainable(loss)), rate, NULL);

    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, update, e));
    wg_exec *exec = wg_exec_new(plan);
    wg_bind(exec, time, WG_VIEW(t, SEEN)), wg_bind(exec, place, wg_view_of(at, WG_F64, WG_SHAPE(SEEN, 2)));
    for (int i = 0; i < 2000 && !st; i++)
        st = wg_run(exec);
    double found[3] = { wg_scalar(exec, e), wg_view_at(wg_get(wg_graph_store(g), period), 0),
                        wg_view_at(wg_get(wg_graph_store(g), start), 0) };
    double misfit = sqrt(wg_scalar(exec, loss));
    bool good = !st && refuses(g);
    for (int i = 0; i < 3; i++)
        good = good && fabs(found[i] - truth[i]) < 0.02;
    if (st)
        fprintf(stderr, "custom_adjoint: %s\n", wg_error());
    printf("orbit: eccentricity %.4f (%.1f), period %.4f (%.1f), perihelion at %.4f (%.1f); misfit %.4f, noise %.2f\n", found[0],
           truth[0], found[1], truth[1], found[2], truth[2], misfit, noise);
    wg_exec_free(exec), wg_plan_free(plan), wg_graph_free(g);
    return !good;
}
