/* How good is a wine? Its quality, 0 to 10 by the taste of experts, from eleven measurements and its colour.
 *
 *     wine [EPOCHS]
 *
 * reads winequality-red.csv and winequality-white.csv in the folder that the environment's WENGERT_DATA names. Three models are nodes of
 * one graph: the mean of the training wines, the linear model by its normal equations, and a network. What they are made of
 * (means, deviations, linear weights) are variables that one run over the training wines assigns, so a checkpoint would hold
 * all of it. A fifth of the wines is for the test, a tenth chooses the network's epoch. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { MOST = 6000, FEATURES = 12, FULL = 300 };
enum part { TRAIN, CHOOSE, TEST, PARTS };

struct wines {
    double x[MOST][FEATURES], y[MOST];
    int64_t n;
    wg_data *data[2];
};

/* More than a thousand rows stand in the files twice. Where one goes is decided by what it holds, so that none is both trained on
 * and tested: parted by its number instead, a network that remembers would seem to reach 0.65. */
static enum part part_of(wg_view row, int64_t first)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (int64_t k = 0; k < FEATURES - 1; k++)
        hash = (hash ^ (uint64_t)(wg_view_at(row, first + k) * 1e5)) * 1099511628211u;
    int of_ten = (int)((hash >> 32) % 10);
    return of_ten < 2 ? TEST : of_ten == 2 ? CHOOSE : TRAIN;
}

/* Adds the rows of a file to the parts; red is 1, white 0. */
static wg_status read_file(const char *name, double red, struct wines part[PARTS])
{
    const char *dir = getenv("WENGERT_DATA");
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
    wg_data *file = wg_data_open(path);
    wg_view row = wg_data_rows(file, 0, wg_data_shape(file).dim[0]); /* (n, 12), quality last */
    for (int64_t i = 0; row.data && i < row.shape.dim[0]; i++) {
        struct wines *to = &part[part_of(row, i * FEATURES)];
        if (to->n == MOST)
            break;
        for (int64_t k = 0; k < FEATURES - 1; k++)
            to->x[to->n][k] = wg_view_at(row, i * FEATURES + k);
        to->x[to->n][FEATURES - 1] = red;
        to->y[to->n++] = wg_view_at(row, i * FEATURES + FEATURES - 1);
    }
    wg_data_free(file);
    return row.data ? WG_OK : wg_error_status();
}

static wg_batches *batches(struct wines *w, bool train)
{
    w->data[0] = wg_data_view(wg_view_of(w->x, WG_F64, WG_SHAPE(w->n, FEATURES)));
    w->data[1] = wg_data_view(WG_VIEW(w->y, w->n, 1));
    return wg_batches_new(w->data, 2, WG_OPTS(wg_batches_opts, .batch = train ? 64 : 0, .shuffle = train, .seed = 1));
}

struct model {
    wg_graph *g;
    wg_node *x, *y;
    wg_node *mean, *linear, *network; /* predictions, (N, 1) */
    wg_node *prepare, *loss, *update;
};

/* A variable, and the assignment of what a run over all training wines makes of it. */
static wg_node *learnt(wg_graph *g, const char *name, wg_shape shape, wg_node *value, wg_node **assign)
{
    wg_node *v = wg_variable(g, name, WG_F64, shape, wg_init_zeros());
    *assign = wg_assign(v, value);
    return v;
}

static void build(struct model *m)
{
    wg_graph *g = m->g = wg_graph_new();
    wg_node *x = m->x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, FEATURES));
    wg_node *y = m->y = wg_input(g, "y", WG_F64, WG_SHAPE(WG_BATCH, 1)), *set[4];
    wg_node *mean = wg_mean(x, WG_AXES(0), false), *spread = wg_std(x, WG_AXES(0), false, 1),
            *centre = wg_mean(y, WG_AXES(0), false);
    /* (A^T A) w = A^T (y - centre); the columns of A have mean 0, so there is no intercept. */
    wg_node *a = wg_div(wg_sub(x, mean), spread);
    wg_node *w = wg_solve(wg_matmul_t(a, true, a, false), wg_matmul_t(a, true, wg_sub(y, centre), false));
    mean = learnt(g, "mean", WG_SHAPE(FEATURES), mean, &set[0]),
    spread = learnt(g, "spread", WG_SHAPE(FEATURES), spread, &set[1]);
    centre = learnt(g, "centre", WG_SHAPE(1), centre, &set[2]),
    w = learnt(g, "weights", WG_SHAPE(FEATURES, 1), w, &set[3]);
    m->prepare = wg_group((wg_nodes){ set, 4 });

    a = wg_div(wg_sub(x, mean), spread);
    m->linear = wg_add(wg_matmul(a, w), centre);
    m->mean = wg_add(wg_zeros_like(m->linear), centre);
    wg_mlp net = wg_mlp_new(g, a, (int64_t[]){ FEATURES, 128, 64, 1 }, 4,
                            WG_OPTS(wg_mlp_opts, .layout = WG_ROWS, .dropout = 0.2));
    m->network = wg_add(net.z, centre);
    m->loss = wg_mse(m->network, y, WG_MEAN);
    m->update =
        wg_adam(wg_grads_of(m->loss, net.params), wg_const(g, 1e-3), WG_OPTS(wg_adam_opts, .weight_decay = 1e-2));
}

static wg_status prepare(const struct model *m, const struct wines *w)
{
    wg_plan *plan = wg_compile(m->g, WG_TRAIN, WG_NODES(m->prepare));
    wg_exec *e = wg_exec_new(plan);
    wg_bind(e, m->x, wg_view_of(w->x, WG_F64, WG_SHAPE(w->n, FEATURES))); /* the run tells, should it fail */
    wg_bind(e, m->y, WG_VIEW(w->y, w->n, 1));
    wg_status st = wg_run(e);
    wg_exec_free(e), wg_plan_free(plan);
    return st;
}

int main(int argc, char **argv)
{
    static struct wines part[PARTS];
    int64_t epochs = argc > 1 ? strtol(argv[1], NULL, 10) : FULL;
    if (read_file("winequality-red.csv", 1, part) || read_file("winequality-white.csv", 0, part)) {
        printf("wine: skipped, no data (set WENGERT_DATA): %s\n", wg_error());
        return 77;
    }
    wg_batches *b[PARTS] = { batches(&part[TRAIN], true), batches(&part[CHOOSE], false), batches(&part[TEST], false) };
    struct model m;
    build(&m);
    wg_progress last;
    wg_status st = prepare(&m, &part[TRAIN]);
    if (!st)
        st = wg_fit(WG_OPTS(wg_fit_opts, .loss = m.loss, .update = m.update, .inputs = WG_NODES(m.x, m.y),
                            .train = b[TRAIN], .test = b[CHOOSE], .metrics = WG_METRICS({ WG_RMSE, m.network, m.y }),
                            .epochs = epochs, .patience = 40),
                    &last);
    wg_metrics metrics = WG_METRICS({ WG_RMSE, m.mean, m.y }, { WG_RMSE, m.linear, m.y }, { WG_RMSE, m.network, m.y },
                                    { WG_R2, m.linear, m.y }, { WG_R2, m.network, m.y });
    wg_evaluator *v = wg_evaluator_new(metrics, WG_NODES(m.x, m.y), NULL);
    if (!st)
        st = wg_evaluate(v, b[TEST]);
    double value[5] = { 0 };
    for (size_t i = 0; i < 5 && !st; i++)
        value[i] = wg_tally_value(wg_evaluator_tally(v, i));
    if (st)
        fprintf(stderr, "wine: %s\n", wg_error());
    else
        printf("rmse on %" PRId64 " wines: mean %.4f, linear %.4f (r2 %.3f), network %.4f (r2 %.3f) of epoch %" PRId64
               "\n",
               part[TEST].n, value[0], value[1], value[3], value[2], value[4], last.best_epoch);
    wg_evaluator_free(v), wg_graph_free(m.g);
    for (int i = 0; i < PARTS; i++)
        wg_batches_free(b[i]), wg_data_free(part[i].data[0]), wg_data_free(part[i].data[1]);
    return st || !(value[2] < value[1] && value[1] < value[0]);
}
