/* batch_norm, group_norm, instance_norm: of examples (N, C, ..), scaled and offset by channel. */
#include "ops/normalise.h"
#include "tensor/shape.h"

WG_NO_KERNELS(batch_norm);
WG_NO_KERNELS(group_norm);
WG_NO_KERNELS(instance_norm);

#ifdef WG_BASELINE

static const bool by_channel[WG_MAX_RANK] = { false, true };

static wg_status channels_infer(wg_infer *t, int least, double eps)
{
    char text[96];
    if (t->in[0].rank < least)
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes %s, got %s", least == 2 ? "(N, C, ..)" : "(N, C, spatial ..)",
                             wg_shape_text(t->in[0], text, sizeof text));
    return wg__normalise_infer(t, by_channel, eps, "the channels");
}

/* ---- batch_norm ---- */

typedef struct batch {
    double eps, momentum; /* the momentum is for whoever keeps running values */
} batch;

static const wg_attr batch_attrs[] = {
    { "eps", WG_ATTR_F64, offsetof(batch, eps), "1e-5", NULL },
    { "momentum", WG_ATTR_F64, offsetof(batch, momentum), "0.1", NULL },
    { 0 },
};

static wg_status batch_infer(wg_infer *t)
{
    if (t->n_in == 4)
        return wg_infer_fail(t, WG_ERR_ARG, "takes mean and var, or neither; got a mean alone");
    return channels_infer(t, 2, ((const batch *)t->attrs)->eps);
}

/* Over all axes but the channels'; with a mean and a variance given, by those. */
static wg_node *batch_norm(const wg_adjoint *a)
{
    const double eps = ((const batch *)a->attrs)->eps;
    wg_node *x = a->in[0];
    const int rank = wg_node_shape(x).rank;
    if (a->n_in == 5) {
        wg_node *mean = wg__lay_along(a->in[3], rank, by_channel), *var = wg__lay_along(a->in[4], rank, by_channel);
        wg_node *y = wg_mul(wg_sub(x, mean), wg_rsqrt(wg_shift(var, eps)));
        return wg__scale_offset(y, a->in, 3, by_channel);
    }
    wg_axes others = { { 0 }, 1 };
    for (int i = 2; i < rank; i++)
        others.at[others.n++] = i;
    return wg__scale_offset(wg__standardise(x, others, eps), a->in, 3, by_channel);
}

/* ---- group_norm ---- */

typedef struct group {
    int64_t groups;
    double eps;
} group;

static const wg_attr group_attrs[] = {
    { "groups", WG_ATTR_I64, offsetof(group, groups), NULL, NULL },
    { "eps", WG_ATTR_F64, offsetof(group, eps), "1e-5", NULL },
    { 0 },
};

static wg_status group_infer(wg_infer *t)
{
    const group *at = t->attrs;
    wg_status status = channels_infer(t, 2, at->eps);
    const int64_t channels = status ? 0 : t->in[0].dim[1];
    if (status || (at->groups > 0 && (channels < 0 || channels % at->groups == 0)))
        return status;
    return wg_infer_fail(t, WG_ERR_ARG, "%lld groups do not divide %lld channels", (long long)at->groups,
                         (long long)channels);
}

static wg_node *group_norm(const wg_adjoint *a)
{
    const group *at = a->attrs;
    wg_node *x = a->in[0], *groups = wg_reshape(x, WG_SHAPE(0, at->groups, WG_ANY)); /* 0: N as it is */
    wg_node *y = wg_reshape_like(wg__standardise(groups, WG_AXES(2), at->eps), x);
    return wg__scale_offset(y, a->in, a->n_in, by_channel);
}

/* ---- instance_norm ---- */

static const wg_attr instance_attrs[] = { { "eps", WG_ATTR_F64, 0, "1e-5", NULL }, { 0 } };

static wg_status instance_infer(wg_infer *t)
{
    return channels_infer(t, 3, *(const double *)t->attrs);
}

static wg_node *instance_norm(const wg_adjoint *a)
{
    wg_axes spatial = { .n = 0 };
    for (int i = 2; i < wg_node_shape(a->in[0]).rank; i++)
        spatial.at[spatial.n++] = i;
    wg_node *y = wg__standardise(a->in[0], spatial, *(const double *)a->attrs);
    return wg__scale_offset(y, a->in, a->n_in, by_channel);
}

/* ---- descriptors ---- */

static const batch wide = { 0.25, 0.1 };
static const group halves = { 2, 0.125 }, single = { 1, 1e-5 };
static const double eighth = 0.125;
#define SCALED(x, channels) { x, WG_VALUES(-2, 2, channels), WG_VALUES(-2, 2, channels) }
#define BY(x, channels)                                                                                                \
    { x, WG_VALUES(-2, 2, channels), WG_VALUES(-2, 2, channels), WG_VALUES(-1, 1, channels), WG_VALUES(0.5, 2, channels) }
#define X(...) WG_VALUES(-2, 2, __VA_ARGS__)
static const wg_sample batch_samples[] = {
    { .in = SCALED(X(5, 3), 3), .n = 3 },
    { .in = SCALED(X(3, 2, 2), 2), .attrs = &wide, .n = 3 },
    { .in = SCALED(X(2, 2, 2, 3), 2), .n = 3 },
    { .in = BY(X(4, 3), 3) },
    { .in = BY(X(2, 3, 2), 3), .attrs = &wide },
    { .in = BY(X(1, 2, 2, 3), 2), .attrs = &wide },
};
static const wg_sample group_samples[] = {
    { .in = SCALED(X(2, 4), 4), .attrs = &halves },
    { .in = SCALED(X(2, 4, 3), 4), .attrs = &halves },
    { .in = { X(2, 2, 2, 2) }, .attrs = &single, .n = 1 },
};
static const wg_sample instance_samples[] = {
    { .in = { X(2, 3, 4) }, .n = 1 },
    { .in = SCALED(X(2, 2, 2, 3), 2), .attrs = &eighth },
};

const wg_op wg_op_batch_norm = {
    WG_OP, .name = "batch_norm",
    .doc = "(x - mean) / sqrt(var + eps) of each channel, axis 1, times gamma plus beta; mean and var, where not given, "
           "over all other axes",
    .arity = 5, .optional = 2, .attrs = batch_attrs, .attrs_size = sizeof(batch), .infer = batch_infer,
    .decompose = batch_norm, .rewrite = wg__composed, WG_SAMPLES(batch_samples),
};

const wg_op wg_op_group_norm = {
    WG_OP, .name = "group_norm",
    .doc = "(x - mean) / sqrt(var + eps) over each group of channels, axis 1, of an example, times gamma plus beta",
    .arity = 3, .optional = 2, .attrs = group_attrs, .attrs_size = sizeof(group), .infer = group_infer,
    .decompose = group_norm, .rewrite = wg__composed, WG_SAMPLES(group_samples),
};

const wg_op wg_op_instance_norm = {
    WG_OP, .name = "instance_norm",
    .doc = "(x - mean) / sqrt(var + eps) over the spatial axes, from 2 on, times gamma plus beta by channel", .arity = 3,
    .optional = 2, .attrs = instance_attrs, .attrs_size = sizeof(double), .infer = instance_infer,
    .decompose = instance_norm, .rewrite = wg__composed, WG_SAMPLES(instance_samples),
};

wg_node *wg_batch_norm(wg_node *x, wg_node *gamma, wg_node *beta, double eps)
{
    return wg_apply(&wg_op_batch_norm, WG_NODES(x, gamma, beta), &(batch){ eps, 0.1 });
}

wg_node *wg_batch_norm_by(wg_node *x, wg_node *gamma, wg_node *beta, wg_node *mean, wg_node *var, double eps)
{
    return wg_apply(&wg_op_batch_norm, WG_NODES(x, gamma, beta, mean, var), &(batch){ eps, 0.1 });
}

wg_node *wg_group_norm(wg_node *x, wg_node *gamma, wg_node *beta, int64_t groups, double eps)
{
    return wg__apply_some(&wg_op_group_norm, (wg_node *[]){ x, gamma, beta }, 3, &(group){ groups, eps });
}

wg_node *wg_instance_norm(wg_node *x, wg_node *gamma, wg_node *beta, double eps)
{
    return wg__apply_some(&wg_op_instance_norm, (wg_node *[]){ x, gamma, beta }, 3, &eps);
}

#endif
