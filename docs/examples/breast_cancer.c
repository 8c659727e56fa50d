/* Malignant or benign? Thirty measurements of cell nuclei, and a network that is judged by cross-validation.
 *
 *     breast_cancer [EPOCHS]
 *
 * reads wdbc.data in the folder that the environment's WENGERT_DATA names. The graph is built and compiled by its parts once; each fold
 * trains a store of its own, that is other values of the same variables, and scores the tenth of the patients that it has not
 * seen. All scores together make the area under the curve, so every patient counts once, by a network that did not know him or her.
 * Each fold measures mean and deviation by its own training patients. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { MOST = 600, FEATURES = 30, FOLDS = 10 };

struct patients {
    double x[MOST][FEATURES], y[MOST]; /* y: 1 is malignant */
    int64_t n;
};

static wg_data *open_data(const char *columns)
{
    const char *dir = getenv("WENGERT_DATA");
    char spec[1024];
    snprintf(spec, sizeof spec, "%s/wdbc.data:%s", dir ? dir : ".", columns);
    return wg_data_open(spec);
}

/* Every FOLDS-th row, counted from `fold`, goes to `held`, the others to `rest`. */
static void part(wg_view x, wg_view y, int64_t fold, struct patients *rest, struct patients *held)
{
    rest->n = held->n = 0;
    for (int64_t i = 0; i < y.shape.dim[0]; i++) {
        struct patients *to = i % FOLDS == fold ? held : rest;
        for (int64_t k = 0; k < FEATURES; k++)
            to->x[to->n][k] = wg_view_at(x, i * FEATURES + k);
        to->y[to->n++] = wg_view_at(y, i); /* B and M are the classes 0 and 1 */
    }
}

struct model {
    wg_graph *g;
    wg_node *x, *y, *z; /* z: the logit, (N, 1) */
    wg_node *measure, *loss, *update;
};

static void build(struct model *m)
{
    wg_graph *g = m->g = wg_graph_new();
    m->x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, FEATURES)),
    m->y = wg_input(g, "y", WG_F64, WG_SHAPE(WG_BATCH, 1));
    wg_node *mean = wg_variable(g, "mean", WG_F64, WG_SHAPE(FEATURES), wg_init_zeros());
    wg_node *spread = wg_variable(g, "spread", WG_F64, WG_SHAPE(FEATURES), wg_init_constant(1));
    m->measure = wg_group(WG_NODES(wg_assign(mean, wg_mean(m->x, WG_AXES(0), false)),
                                   wg_assign(spread, wg_std(m->x, WG_AXES(0), false, 1))));
    wg_mlp net = wg_mlp_new(g, wg_div(wg_sub(m->x, mean), spread), (int64_t[]){ FEATURES, 16, 1 }, 3,
                            WG_OPTS(wg_mlp_opts, .layout = WG_ROWS, .hidden = WG_TANH, .dropout = 0.2));
    m->z = net.z;
    m->loss = wg_bce_logits(net.z, m->y, WG_MEAN);
    m->update =
        wg_adam(wg_grads_of(m->loss, net.params), wg_const(g, 3e-3), WG_OPTS(wg_adam_opts, .weight_decay = 0.03));
}

/* Runs once over the patients, on that store; what comes out is added to the tallies. */
static wg_status run_once(const struct model *m, wg_node *wanted, wg_store *s, const struct patients *p,
                          wg_tally *const *tally, size_t n)
{
    wg_plan *plan = wg_compile(m->g, WG_INFER, WG_NODES(wanted));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .store = s));
    wg_view labels = WG_VIEW(p->y, p->n, 1);
    wg_bind(e, m->x, wg_view_of(p->x, WG_F64, WG_SHAPE(p->n, FEATURES))); /* the run tells, should it fail */
    wg_status st = wg_run(e);
    for (size_t i = 0; i < n && !st; i++)
        st = wg_tally_add(tally[i], wg_result(e, wanted), labels);
    wg_exec_free(e), wg_plan_free(plan);
    return st;
}

static wg_status train(const struct model *m, wg_store *s, const struct patients *p, int64_t epochs)
{
    wg_data *d[] = { wg_data_view(wg_view_of(p->x, WG_F64, WG_SHAPE(p->n, FEATURES))),
                     wg_data_view(WG_VIEW(p->y, p->n, 1)) };
    wg_batches *b = wg_batches_new(d, 2, WG_OPTS(wg_batches_opts, .batch = 64, .shuffle = true, .seed = 1));
    wg_status st = run_once(m, m->measure, s, p, NULL, 0);
    if (!st)
        st = wg_fit(WG_OPTS(wg_fit_opts, .loss = m->loss, .update = m->update, .inputs = WG_NODES(m->x, m->y),
                            .train = b, .epochs = epochs, .exec = WG_OPTS(wg_exec_opts, .store = s)),
                    NULL);
    wg_batches_free(b), wg_data_free(d[0]), wg_data_free(d[1]);
    return st;
}

int main(int argc, char **argv)
{
    static struct patients rest, held;
    int64_t epochs = argc > 1 ? strtol(argv[1], NULL, 10) : 60;
    wg_data *x = open_data("3-32"), *y = open_data("2");
    if (!x || !y) {
        printf("breast_cancer: skipped, no data (set WENGERT_DATA): %s\n", wg_error());
        wg_data_free(x), wg_data_free(y);
        return 77;
    }
    struct model m;
    build(&m);
    wg_node *sure = wg_gt(m.z, wg_const(m.g, 0));
    wg_tally *scores = wg_tally_new(WG_AUC), *answers = wg_tally_new(WG_CONFUSION);
    wg_status st = scores && answers && m.update ? WG_OK : wg_error_status();
    for (int64_t fold = 0; fold < FOLDS && !st; fold++) {
        wg_store *s = wg_store_new(m.g, (uint64_t)fold + 1);
        part(wg_data_rows(x, 0, wg_data_shape(x).dim[0]), wg_data_rows(y, 0, wg_data_shape(y).dim[0]), fold, &rest,
             &held);
        st = s ? train(&m, s, &rest, epochs) : wg_error_status();
        if (!st)
            st = run_once(&m, m.z, s, &held, &scores, 1);
        if (!st)
            st = run_once(&m, sure, s, &held, &answers, 1);
        wg_store_free(s);
    }
    double area = wg_tally_value(scores), right = wg_tally_value(answers);
    wg_view counts = wg_tally_confusion(answers);
    if (st)
        fprintf(stderr, "breast_cancer: %s\n", wg_error());
    else
        printf("area under the curve %.4f, accuracy %.4f; %.0f of %.0f malignant ones missed, %.0f of %.0f benign ones "
               "suspected\n",
               area, right, wg_view_at(counts, 2), wg_view_at(counts, 2) + wg_view_at(counts, 3), wg_view_at(counts, 1),
               wg_view_at(counts, 0) + wg_view_at(counts, 1));
    wg_tally_free(scores), wg_tally_free(answers), wg_graph_free(m.g), wg_data_free(x), wg_data_free(y);
    return st || !(area > 0.985);
}
