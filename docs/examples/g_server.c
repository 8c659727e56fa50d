/* One model, eight threads, each its own exec; the weights are replaced while they run.
 *
 *     g_server [MODEL]
 *
 * Without MODEL it writes a small one first: x (N, 784) -> p (N, 10). Requests come from a queue of synthetic images. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <wengert.h>

enum { WORKERS = 8, REQUESTS = 2000, RELOADS = 5, PIXELS = 784, CLASSES = 10 };

struct server {
    const wg_plan *plan;
    wg_node *x, *p;
    pthread_mutex_t lock;
    wg_store *now;
    atomic_int next, failures;
};

/* Request number i: the image, and how many rows it has. */
static int64_t request(int i, float image[4 * PIXELS])
{
    int64_t rows = 1 + i % 4;
    for (int64_t k = 0; k < rows * PIXELS; k++)
        image[k] = (float)((k * 31 + i * 17) % 256) / 255;
    return rows;
}

static wg_status serve(struct server *s, wg_exec *e, int i)
{
    float image[4 * PIXELS];
    int64_t rows = request(i, image);
    pthread_mutex_lock(&s->lock);
    wg_status st = wg_exec_use(e, s->now); /* takes a reference; pointer writes only */
    pthread_mutex_unlock(&s->lock);
    if (st || (st = wg_bind(e, s->x, WG_VIEW(image, rows, PIXELS))) || (st = wg_run(e)))
        return st;
    size_t n;
    const float *p = wg_view_f32(wg_result(e, s->p), &n);
    float sum = 0;
    for (size_t k = 0; p && k < n; k++)
        sum += p[k];
    return p && n == (size_t)(rows * CLASSES) && sum > 0.999f * (float)rows && sum < 1.001f * (float)rows ? WG_OK : WG_ERR_NUMERIC;
}

static void *worker(void *arg)
{
    struct server *s = arg;
    wg_exec *e = wg_exec_new_with(s->plan, WG_OPTS(wg_exec_opts, .threads = 1)); /* this thread only: no OpenMP at all */
    for (int i; e && (i = atomic_fetch_add(&s->next, 1)) < REQUESTS;)
        if (serve(s, e, i)) {
            fprintf(stderr, "request %d: %s\n", i, wg_error()); /* thread-local: no lock, not another worker's */
            atomic_fetch_add(&s->failures, 1);
        }
    if (!e)
        atomic_fetch_add(&s->failures, 1);
    wg_exec_free(e);
    return NULL;
}

static void reload(struct server *s, wg_graph *g, const char *path)
{
    wg_store *fresh = wg_store_open(g, path);
    if (!fresh) {
        fprintf(stderr, "kept the old weights: %s\n", wg_error());
        atomic_fetch_add(&s->failures, 1);
        return;
    }
    pthread_mutex_lock(&s->lock);
    wg_store *old = s->now;
    s->now = fresh;
    pthread_mutex_unlock(&s->lock);
    wg_store_free(old); /* the last exec that uses it frees it */
}

static wg_status write_model(const char *path)
{
    wg_graph *g = wg_graph_new();
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, PIXELS));
    wg_node *h = wg_relu(wg_dense_apply(wg_dense_new(g, "l1", WG_F32, PIXELS, 64, wg_init_he()), x));
    wg_output(wg_softmax(wg_dense_apply(wg_dense_new(g, "l2", WG_F32, 64, CLASSES, wg_init_he()), h), -1), "p");
    wg_status st = wg_save(wg_graph_store(g), path, NULL);
    wg_graph_free(g);
    return st;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "g_server.npz";
    wg_graph *g = argc > 1 || !write_model(path) ? wg_graph_load(path, NULL) : NULL; /* graph and values */
    struct server s = { .x = wg_find(g, "x"), .p = wg_find(g, "p"), .now = wg_store_ref(wg_graph_store(g)) };
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(s.p));
    if (!plan || pthread_mutex_init(&s.lock, NULL)) {
        fprintf(stderr, "g_server: %s\n", wg_error());
        wg_store_free(s.now), wg_graph_free(g);
        return 1;
    }
    s.plan = plan;
    pthread_t thread[WORKERS];
    int n = 0;
    while (n < WORKERS && !pthread_create(&thread[n], NULL, worker, &s))
        n++;
    for (int i = 0; i < RELOADS; i++)
        reload(&s, g, path);
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
    int failures = atomic_load(&s.failures);
    printf("%d requests by %d workers, %d reloads, %d failures\n", REQUESTS, n, RELOADS, failures);
    pthread_mutex_destroy(&s.lock);
    wg_store_free(s.now), wg_plan_free(plan), wg_graph_free(g);
    return failures != 0 || n == 0;
}
