/* The optimisers that are tested: how each is made, and its formula. */
#include <math.h>

#include "optim_test.h"

static double sgd_one(double x, double d, double s[3], int t)
{
    (void)s, (void)t;
    return x - 0.05 * d;
}

static double momentum_one(double x, double d, double s[3], int t)
{
    (void)t;
    s[0] = 0.9 * s[0] + d;
    return x * (1 - 0.01 * 0.2) - 0.01 * s[0];
}

static double nesterov_one(double x, double d, double s[3], int t)
{
    (void)t;
    d += 0.1 * x; /* L2 */
    s[0] = 0.8 * s[0] + d;
    return x - 0.01 * (d + 0.8 * s[0]);
}

static double adam_direction(double d, double s[3], int t, double eps)
{
    s[0] = 0.9 * s[0] + 0.1 * d;
    s[1] = 0.999 * s[1] + 0.001 * d * d;
    return s[0] / (1 - pow(0.9, t)) / (sqrt(s[1] / (1 - pow(0.999, t))) + eps);
}

static double adam_one(double x, double d, double s[3], int t) { return x - 0.02 * adam_direction(d, s, t, 1e-8); }

static double adamw_one(double x, double d, double s[3], int t)
{
    return x * (1 - 0.02 * 0.3) - 0.02 * adam_direction(d, s, t, 1e-8);
}

/* The gradients shrink, so the largest v is not the last: beta2 = 0.5. */
static double amsgrad_one(double x, double d, double s[3], int t)
{
    s[0] = 0.9 * s[0] + 0.1 * d;
    s[1] = 0.5 * s[1] + 0.5 * d * d;
    s[2] = fmax(s[2], s[1]);
    return x - 0.05 * s[0] / (1 - pow(0.9, t)) / (sqrt(s[2]) / sqrt(1 - pow(0.5, t)) + 1e-8);
}

static double rmsprop_one(double x, double d, double s[3], int t)
{
    (void)t;
    s[0] = 0.99 * s[0] + 0.01 * d * d;
    return x - 0.005 * d / (sqrt(s[0]) + 1e-8);
}

static double centered_one(double x, double d, double s[3], int t)
{
    (void)t;
    s[0] = 0.9 * s[0] + 0.1 * d * d;
    s[1] = 0.9 * s[1] + 0.1 * d;
    s[2] = 0.5 * s[2] + d / (sqrt(s[0] - s[1] * s[1]) + 1e-6);
    return x * (1 - 0.001 * 0.1) - 0.001 * s[2];
}

static double adagrad_one(double x, double d, double s[3], int t)
{
    s[0] = (t == 1 ? 0.1 : s[0]) + d * d;
    return x - 0.1 / (1 + (t - 1) * 0.05) * d / (sqrt(s[0]) + 1e-10);
}

static double adadelta_one(double x, double d, double s[3], int t)
{
    (void)t;
    s[0] = 0.9 * s[0] + 0.1 * d * d;
    double change = sqrt(s[1] + 1e-6) / sqrt(s[0] + 1e-6) * d;
    s[1] = 0.9 * s[1] + 0.1 * change * change;
    return x - change;
}

static double length(const double x[N]) { return sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]); }

static void lamb(double x[N], double s[N][3], int t)
{
    double r[N];
    for (int i = 0; i < N; i++)
        r[i] = adam_direction(slope(x[i]), s[i], t, 1e-6) + 0.05 * x[i];
    double trust = length(x) / length(r);
    for (int i = 0; i < N; i++)
        x[i] -= 0.01 * trust * r[i];
}

static wg_node *make_sgd(wg_grads d) { return wg_sgd(d, rate(0.05)); }
static wg_node *make_momentum(wg_grads d)
{
    return wg_momentum(d, rate(0.01), WG_OPTS(wg_sgd_opts, .weight_decay = 0.2));
}
static wg_node *make_nesterov(wg_grads d)
{
    wg_sgd_opts o = { .size = sizeof o, .name = "nesterov", .momentum = 0.8, .nesterov = true };
    return wg_momentum(wg_add_l2(d, 0.1), rate(0.01), &o);
}
static wg_node *make_adam(wg_grads d) { return wg_adam(d, rate(0.02), NULL); }
static wg_node *make_adamw(wg_grads d)
{
    return wg_adam(d, rate(0.02), WG_OPTS(wg_adam_opts, .name = "adamw", .weight_decay = 0.3));
}
static wg_node *make_amsgrad(wg_grads d)
{
    return wg_adam(d, rate(0.05), WG_OPTS(wg_adam_opts, .beta2 = 0.5, .amsgrad = true));
}
static wg_node *make_rmsprop(wg_grads d) { return wg_rmsprop(d, rate(0.005), NULL); }
static wg_node *make_centered(wg_grads d)
{
    wg_rmsprop_opts o = {
        .size = sizeof o, .alpha = 0.9, .eps = 1e-6, .momentum = 0.5, .centered = true, .weight_decay = 0.1
    };
    return wg_rmsprop(d, rate(0.001), &o);
}
static wg_node *make_adagrad(wg_grads d)
{
    return wg_adagrad(d, rate(0.1), WG_OPTS(wg_adagrad_opts, .lr_decay = 0.05, .initial = 0.1));
}
static wg_node *make_adadelta(wg_grads d) { return wg_adadelta(d, rate(1), NULL); }
static wg_node *make_lamb(wg_grads d) { return wg_lamb(d, rate(0.01), WG_OPTS(wg_lamb_opts, .weight_decay = 0.05)); }

const struct optimiser optimisers[OPTIMISERS] = {
    { make_sgd, sgd_one, NULL, { NULL } },
    { make_momentum, momentum_one, NULL, { "momentum/v/layer/w" } },
    { make_nesterov, nesterov_one, NULL, { "nesterov/v/layer/w" } },
    [ADAM] = { make_adam, adam_one, NULL, { "adam/m/layer/w", "adam/v/layer/w" } },
    { make_adamw, adamw_one, NULL, { "adamw/m/layer/w", "adamw/v/layer/w" } },
    { make_amsgrad, amsgrad_one, NULL, { "adam/m/layer/w", "adam/v/layer/w", "adam/vmax/layer/w" } },
    { make_rmsprop, rmsprop_one, NULL, { "rmsprop/s/layer/w" } },
    { make_centered, centered_one, NULL, { "rmsprop/s/layer/w", "rmsprop/g/layer/w", "rmsprop/v/layer/w" } },
    { make_adagrad, adagrad_one, NULL, { "adagrad/s/layer/w" } },
    { make_adadelta, adadelta_one, NULL, { "adadelta/s/layer/w", "adadelta/d/layer/w" } },
    [LAMB] = { make_lamb, NULL, lamb, { "lamb/m/layer/w", "lamb/v/layer/w" } },
};

void follow(const struct optimiser *o, double x[N], double s[N][3], int t)
{
    if (o->whole) {
        o->whole(x, s, t);
        return;
    }
    for (int i = 0; i < N; i++)
        x[i] = o->one(x[i], slope(x[i]), s[i], t);
}
