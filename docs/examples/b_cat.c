/* The L-layer cat classifier: rows layout, u8 images in, mini-batches, accuracy each epoch, resume.
 *
 *     b_cat [EPOCHS [CHECKPOINT]]
 *
 * reads the course's data, {train,test}_catvnoncat.h5, in the folder that the environment's WENGERT_DATA names. Started again
 * with the same checkpoint, it goes on where it was, and ends with the same bits as in one go. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wengert.h>

struct model {
    wg_graph *g;
    wg_node *x, *y, *loss, *hits, *step;
};

static void build(struct model *m)
{
    static const int64_t width[] = { 12288, 20, 7, 5, 1 };
    wg_graph *g = m->g;
    m->x = wg_input(g, "x", WG_U8, WG_SHAPE(WG_BATCH, 64, 64, 3));
    m->y = wg_input(g, "y", WG_I64, WG_SHAPE(WG_BATCH));
    wg_node *t = wg_expand_dims(wg_cast(m->y, WG_F32), WG_AXES(-1));          /* (N, 1) */
    wg_node *h = wg_flatten(wg_scale(wg_cast(m->x, WG_F32), 1.0 / 255), 1);  /* (N, 12288) */
    for (int l = 0; l < 4; l++) {
        char name[16];
        snprintf(name, sizeof name, "l%d", l + 1);
        wg_dense d = wg_dense_new(g, name, WG_F32, width[l], width[l + 1], wg_init_he());
        h = wg_dense_apply(d, h);
        h = l < 3 ? wg_relu(h) : wg_sigmoid(h);
        if (l < 3)
            h = wg_dropout(h, 0.1);
    }
    h = wg_output(h, "p");
    m->loss = wg_bce(h, t, WG_MEAN);
    /* A sum of bool counts in i64, so that accuracy over a short last batch is exact. */
    m->hits = wg_sum(wg_eq(wg_gt(h, wg_const(g, 0.5)), wg_gt(t, wg_const(g, 0.5))), WG_ALL_AXES, false);
    m->step = wg_sgd(wg_grads_of(m->loss, wg_trainable(m->loss)), wg_const(g, 0.0075));
}

/* Runs batch i through the exec. */
static wg_status run(wg_exec *e, const struct model *m, wg_batches *from, int64_t i, wg_batch *b)
{
    wg_status st = wg_batches_at(from, i, b);
    if (!st)
        st = wg_feed(e, m->x, b->view[0]);
    if (!st)
        st = wg_feed(e, m->y, b->view[1]);
    return st ? st : wg_run(e);
}

static wg_status accuracy(wg_exec *e, const struct model *m, wg_batches *test, double *share)
{
    int64_t hits = 0, seen = 0;
    for (int64_t i = 0; i < wg_batches_per_epoch(test); i++) {
        wg_batch b;
        wg_status st = run(e, m, test, i, &b);
        if (st)
            return st;
        hits += (int64_t)wg_scalar(e, m->hits); /* i64 through double: exact to 2^53 */
        seen += b.size;
    }
    *share = (double)hits / (double)seen;
    return WG_OK;
}

static wg_data *open_data(const char *part, const char *member)
{
    const char *dir = getenv("WENGERT_DATA");
    char spec[1024];
    snprintf(spec, sizeof spec, "%s/%s_catvnoncat.h5:%s", dir ? dir : ".", part, member);
    return wg_data_open(spec);
}

int main(int argc, char **argv)
{
    int64_t epochs = argc > 1 ? strtol(argv[1], NULL, 10) : 100;
    const char *path = argc > 2 ? argv[2] : "b_cat.npz";
    wg_data *d[4] = { open_data("train", "train_set_x"), open_data("train", "train_set_y"), open_data("test", "test_set_x"),
                      open_data("test", "test_set_y") };
    if (!d[0]) {
        printf("b_cat: skipped, no data (set WENGERT_DATA): %s\n", wg_error());
        return 77;
    }
    struct model m = { .g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .seed = 1)) };
    build(&m);
    wg_store *v = wg_graph_store(m.g);
    wg_plan *fit = wg_compile(m.g, WG_TRAIN, WG_NODES(m.loss, m.step));
    wg_plan *try = wg_compile(m.g, WG_INFER, WG_NODES(m.hits)); /* same graph, same store: shared parameters */
    wg_exec *e = wg_exec_new(fit), *t = wg_exec_new(try);
    wg_batches *train = wg_batches_new(d, 2, WG_OPTS(wg_batches_opts, .batch = 32, .seed = 1, .shuffle = true));
    wg_batches *test = wg_batches_new(d + 2, 2, WG_OPTS(wg_batches_opts, .batch = 64));
    wg_status st = WG_ERR_GRAPH;
    if (!e || !t || !train || !test)
        goto out;
    if (access(path, R_OK) == 0 && (st = wg_load(v, path)))
        goto out;

    int64_t per = wg_batches_per_epoch(train);
    double sum = 0;
    st = WG_OK;
    for (int64_t i = wg_store_step(v); i < epochs * per; i++) { /* the step says where in the data we are */
        wg_batch b;
        if ((st = run(e, &m, train, i, &b)))
            goto out;
        sum += wg_scalar(e, m.loss);
        if (b.ends_epoch) {
            double share = 0;
            if ((st = accuracy(t, &m, test, &share)))
                goto out;
            printf("epoch %3" PRId64 "  cost %.6f  test %.4f\n", b.epoch, sum / (double)per, share);
            sum = 0;
            if ((st = wg_save(v, path, NULL)))
                goto out;
        }
    }
out:
    if (st)
        fprintf(stderr, "b_cat: %s\n", wg_error());
    wg_batches_free(train), wg_batches_free(test);
    for (int i = 0; i < 4; i++)
        wg_data_free(d[i]);
    wg_exec_free(e), wg_exec_free(t), wg_plan_free(fit), wg_plan_free(try), wg_graph_free(m.g);
    return st != WG_OK;
}
