/* blend: y = a * sigmoid(beta * b + shift), an operator of one's own: elementwise, broadcast, with attributes.
 *
 * Run, it has its gradient verified to second order and is applied once. Built as a shared object (cc -shared -fPIC), it is a
 * plugin: wengert check blend --plugin ./blend.so */
#include <math.h>
#include <stdio.h>
#include <wengert.h>

struct blend {
    double beta, shift;
};
static const wg_attr blend_attrs[] = {
    { "beta", WG_ATTR_F64, offsetof(struct blend, beta), "1", NULL },
    { "shift", WG_ATTR_F64, offsetof(struct blend, shift), "0", NULL },
    { 0 },
};
WG_KERNEL(blend_forward, /* a, b, y: `end - begin` contiguous elements; the engine broadcasts */
    const struct blend *at = c->attrs;
    const T *a = c->in[0]; const T *b = c->in[1]; T *y = c->out;
    T beta = (T)at->beta; T shift = (T)at->shift;
    for (int64_t i = begin; i < end; i++)
        y[i] = a[i] / (1 + (T)exp(-(double)(beta * b[i] + shift)));
)
static wg_node *blend_backward(const wg_adjoint *d, int slot)
{
    const struct blend *at = d->attrs;
    wg_node *z = wg_shift(wg_scale(d->in[1], at->beta), at->shift), *s = wg_sigmoid(z);
    if (slot == 0)
        return wg_mul(d->cotangent, s);
    wg_node *rest = wg_sigmoid(wg_neg(z)); /* 1 - s, but with all its digits where s is nearly 1 */
    wg_node *ds = wg_scale(wg_mul(s, rest), at->beta);
    return wg_mul(d->cotangent, wg_mul(d->in[0], ds));
}
static const struct blend sharp = { 3, -0.5 }, plain = { 1, 0 };
static const wg_sample blend_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) }, .attrs = &plain },
    { .in = { WG_VALUES(-2, 2, 2, 1, 4), WG_VALUES(-4, 4, 3, 1) }, .attrs = &sharp },
};
static const wg_op blend_op = {
    WG_OP, .name = "blend", .doc = "a * sigmoid(beta * b + shift)", .arity = 2, .flags = WG_ELEMENTWISE,
    .attrs = blend_attrs, .attrs_size = sizeof(struct blend), .forward = WG_BOTH(blend_forward),
    .backward = blend_backward, WG_SAMPLES(blend_samples),
};

/* What a plugin exports. */
WG_API wg_status wg_plugin(wg_registry *);
wg_status wg_plugin(wg_registry *r) { return wg_register(r, &blend_op); }

int main(void)
{
    wg_report *report = NULL;
    wg_status st = wg_verify_op(&blend_op, &report);
    printf("%s\n", wg_report_text(report));
    wg_report_free(report);
    if (st)
        return 1;

    static const double as[] = { 1, 2, 3 }, bs[] = { 0.5 };
    wg_graph *g = wg_graph_new();
    wg_node *a = wg_input(g, "a", WG_F64, WG_SHAPE(WG_BATCH)), *b = wg_input(g, "b", WG_F64, WG_SHAPE(1));
    wg_node *y = wg_apply(&blend_op, WG_NODES(a, b), &sharp);
    wg_node *db = wg_grad(wg_sum(y, WG_ALL_AXES, false), b);
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(y, db));
    wg_exec *e = wg_exec_new(plan);
    st = wg_bind(e, a, WG_VIEW(as, 3));
    if (!st)
        st = wg_bind(e, b, WG_VIEW(bs, 1));
    if (!st)
        st = wg_run(e);
    if (st)
        fprintf(stderr, "c_op: %s\n", wg_error());
    else
        printf("y[2] = %.9f, d sum(y) / d b = %.9f\n", wg_view_at(wg_result(e, y), 2), wg_scalar(e, db));
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return st != WG_OK;
}
