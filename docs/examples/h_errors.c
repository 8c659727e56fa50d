/* What failures look like: a wrong shape deep inside, memory that runs out, a broken checkpoint. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wengert.h>

/* An allocator with a cap. */
struct cap {
    size_t left;
};
static void *cap_alloc(void *user, size_t align, size_t n)
{
    struct cap *c = user;
    if (n > c->left)
        return NULL;
    c->left -= n;
    return aligned_alloc(align, (n + align - 1) / align * align);
}
static void cap_free(void *user, void *p, size_t n)
{
    if (p)
        ((struct cap *)user)->left += n;
    free(p);
}

static wg_graph *capped_graph(struct cap *cap)
{
    return wg_graph_new_with(WG_OPTS(wg_graph_opts, .user = cap, .alloc = cap_alloc, .dealloc = cap_free));
}

/* 1. A wrong shape: no check on the way, and the message shows the expression, for the line in C is not known. */
static int wrong_shape(struct cap *cap)
{
    wg_graph *g = capped_graph(cap);
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 784));
    wg_dense a = wg_dense_new(g, "a", WG_F32, 784, 128, wg_init_he()), b = wg_dense_new(g, "b", WG_F32, 64, 10, wg_init_he());
    wg_node *p = wg_softmax(wg_dense_apply(b, wg_relu(wg_dense_apply(a, x))), -1);
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(p));
    printf("1: %s\n", wg_error());
    int failed = plan != NULL
                 || strcmp(wg_error(), "matmul: inner sizes differ: (N,128) by (64,10), in matmul(relu(add(matmul(x, a/w), a/b)), b/w)");
    wg_plan_free(plan), wg_graph_free(g); /* the graph is dead: the failure stays. Build anew. */
    return failed;
}

/* 2. Out of memory: a smaller batch on the same exec. 3. A broken checkpoint: nothing of the model has changed. */
static int memory_and_file(struct cap *cap)
{
    static float big[784 * 4096];
    wg_graph *g = capped_graph(cap);
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 784));
    wg_dense a = wg_dense_new(g, "a", WG_F32, 784, 10, wg_init_he());
    wg_node *p = wg_dense_apply(a, wg_exp(x));
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(p));
    wg_exec *e = wg_exec_new(plan);
    int64_t n = 4096;
    wg_status st = WG_ERR_NOMEM;
    for (; n && st == WG_ERR_NOMEM; n /= 2)
        if (!(st = wg_bind(e, x, WG_VIEW(big, n, 784))) && (st = wg_prepare(e)))
            printf("2: with %d examples: %s\n", (int)n, wg_error());
    printf("2: it fits with %d\n", (int)(2 * n));
    int failed = st != WG_OK || n == 2048; /* the cap must have been met */

    double before = wg_view_at(wg_get(wg_graph_store(g), a.w), 0);
    FILE *f = fopen("broken.npz", "wb");
    if (f) {
        fputs("this is no archive", f);
        fclose(f);
    }
    switch (wg_load(wg_graph_store(g), "broken.npz")) {
    case WG_ERR_IO:
    case WG_ERR_FORMAT:
    case WG_ERR_MISMATCH: printf("3: %s\n", wg_error()); break;
    default: failed = 1;
    }
    double after = wg_view_at(wg_get(wg_graph_store(g), a.w), 0);
    failed = failed || before < after || before > after;
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return failed;
}

int main(void)
{
    struct cap roomy = { 64u << 20 }, tight = { 4u << 20 };
    int failed = wrong_shape(&roomy) + memory_and_file(&tight);
    if (roomy.left != 64u << 20 || tight.left != 4u << 20) {
        printf("memory was not given back\n");
        failed++;
    }
    return failed != 0;
}
