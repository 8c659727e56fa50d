/* XOR: the smallest whole program. Build, differentiate, compile, run, save. */
#include <stdio.h>
#include <wengert.h>

int main(void)
{
    static const float xs[] = { 0, 0,  0, 1,  1, 0,  1, 1 }, ys[] = { 0, 1, 1, 0 };

    wg_graph *g = wg_graph_new();
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 2));
    wg_node *y = wg_input(g, "y", WG_F32, WG_SHAPE(WG_BATCH, 1));
    wg_dense l1 = wg_dense_new(g, "l1", WG_F32, 2, 16, wg_init_he());
    wg_dense l2 = wg_dense_new(g, "l2", WG_F32, 16, 1, wg_init_xavier());
    wg_node *p = wg_output(wg_sigmoid(wg_dense_apply(l2, wg_tanh(wg_dense_apply(l1, x)))), "p");
    wg_node *loss = wg_bce(p, y, WG_MEAN);
    wg_node *step = wg_sgd(wg_grads_of(loss, wg_trainable(loss)), wg_const(g, 0.5));

    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, step, p));
    wg_exec *exec = wg_exec_new(plan);
    wg_bind(exec, x, WG_VIEW(xs, 4, 2));
    wg_bind(exec, y, WG_VIEW(ys, 4, 1));
    int failed = 1;
    for (int i = 0; i < 1000; i++) {
        if (wg_run(exec))
            goto out;
        if (i % 100 == 0)
            printf("%4d  %.6f\n", i, wg_scalar(exec, loss));
    }
    for (int i = 0; i < 4; i++)
        printf("%.0f xor %.0f = %.3f\n", (double)xs[2 * i], (double)xs[2 * i + 1], wg_view_at(wg_result(exec, p), i));
    if (wg_save(wg_graph_store(g), "xor.npz", NULL))
        goto out;
    failed = wg_scalar(exec, loss) > 0.1; /* it has learnt */
out:
    if (failed)
        fprintf(stderr, "xor: %s\n", wg_error());
    wg_exec_free(exec), wg_plan_free(plan), wg_graph_free(g); /* any order; NULL is fine */
    return failed;
}
