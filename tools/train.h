/* The parts of `wengert train`. */
#ifndef TOOLS_TRAIN_H
#define TOOLS_TRAIN_H

#include "data.h"
#include "model.h"
#include "options.h"

/* The command line, field by field. */
struct train_options {
    struct common common;
    const char *layers, *model, *data, *x, *y, *test_data, *test_x, *test_y;
    texts feed, test_feed;
    int64_t examples_axis;
    double scale, split;
    bool standardize;
    int hidden, output, loss; /* `output` and `loss`: 0 follows from the other */
    const char *init;
    int optimizer;
    double lr;
    const char *schedule;
    int64_t warmup;
    double momentum, beta1, beta2, alpha, rho, eps, weight_decay, l2, clip_norm, clip_value; /* 0: not given */
    bool amsgrad, centered;
    int64_t steps, epochs, batch;
    int dtype, precision; /* a wg_matmul_precision */
    int64_t seed, threads, trace_steps;
    int layout;
    const char *log;
    int64_t log_every;
    const char *plot, *save;
    int64_t save_every;
    const char *resume, *trace;
    bool check_gradients;
    /* No options, but what resume_options tells: which paths the checkpoint chose, and what it says of the log. */
    bool log_kept, plot_kept;
    const char *log_mark; /* NULL: nothing */
};

extern const option train_table[];

/* Indices of the choices above. */
enum { HIDDEN_RELU, HIDDEN_TANH, HIDDEN_SIGMOID };
enum { OUTPUT_AUTO, OUTPUT_LINEAR, OUTPUT_SIGMOID, OUTPUT_SOFTMAX };
enum {
    OPTIMIZER_SGD,
    OPTIMIZER_MOMENTUM,
    OPTIMIZER_NESTEROV,
    OPTIMIZER_ADAM,
    OPTIMIZER_ADAMW,
    OPTIMIZER_RMSPROP,
    OPTIMIZER_ADAGRAD,
    OPTIMIZER_ADADELTA,
    OPTIMIZER_LAMB
};
#define OPTIMIZERS "sgd|momentum|nesterov|adam|adamw|rmsprop|adagrad|adadelta|lamb"

enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_STEP, SCHEDULE_COSINE, SCHEDULE_LINEAR, SCHEDULE_ONE_CYCLE };
struct schedule {
    enum schedule_kind kind;
    int64_t steps; /* 0: the whole run */
    double value;  /* the factor, the last rate, or the part of the steps until the peak */
};

/* What the options mean. */
struct settings {
    const struct train_options *o;
    int64_t *width;
    size_t n_widths;
    enum loss_kind loss;
    wg_dtype dtype;
    wg_mlp_opts mlp;
    struct schedule schedule;
};
/* Reads them, and refuses those that contradict each other. Returns 0 or MISUSED, with the message printed. */
int settings_read(struct settings *, const struct train_options *);
void settings_free(struct settings *);

/* Takes the options over from the checkpoint that is resumed, where the command line is silent; refuses changed ones
 * that would make another model or run. *kept holds the texts and must live as long as the options. Returns 0 or an
 * exit code. */
int resume_options(struct command *, json_t **kept);
/* The data of a run. */
struct train_data {
    dataset train, test;
    bool tested;
    int64_t *held_out; /* rows that --split took away, ascending */
    int64_t n_held_out;
    double *mean, *deviation; /* of each value of x, with --standardize; else NULL */
    struct known known; /* of the training files */
};
/* `m`: of --model; otherwise NULL. `kept`: an entry with the names that columns and classes have had; may be NULL. */
int train_data_open(struct train_data *, const struct settings *, const struct model *m, const json_t *kept);
void train_data_close(struct train_data *);

/* Writes the options, and what else a later run needs, into the graph. */
bool resume_keep(const struct command *, const struct settings *, wg_graph *, const struct train_data *,
                 const struct model *m);

/* The graph of a run. One branch goes from the files' values to the cost, and is what the checkpoint holds; another
 * one, of the same parameters, begins behind the preparation of the data, which a run on the full batch then does once. */
struct train_graph {
    wg_graph *graph;
    wg_node *prepared_x, *prepared_y;
    wg_node *features, *targets; /* inputs in the place of those two */
    wg_node *quick_cost; /* from features and targets; NULL: no such branch */
    struct model model;  /* x and y as in the files, cost, and prediction: of --layers (N, units of the last layer) */
    wg_nodes params;
};
/* NULL graph: the message is printed. */
struct train_graph train_graph_new(const struct settings *, const struct train_data *, const wg_registry *);
/* Refuses options that the optimiser does not have. Returns 0 or MISUSED, with the message printed. */
int optimizer_check(const struct train_options *);
/* The optimiser as an entry of the graph tells it: its name, the rate, and what else was given. */
json_t *optimizer_object(const struct train_options *);
/* Takes over from such an object, in the file `path`, what the command line does not give. Returns 0 or an exit code, with the message printed. */
int optimizer_read(struct command *, const json_t *, const char *path);
/* The graph of --model, or of the checkpoint that is resumed; its entry "train" sets the optimiser and its rate unless the command line
 * does. Returns 0 or an exit code, with the message printed. */
int train_model_open(struct train_graph *, struct command *, const wg_registry *);
/* Adds the optimiser for a cost; `steps` is the length of the run. NULL: the message is printed. */
wg_node *train_update(const struct settings *, struct train_graph *, wg_node *cost, int64_t steps);

/* The log, a line each so many steps; and the points of the plot. */
struct train_log {
    FILE *file; /* NULL: none is wanted */
    const char *path;
    int64_t *step;
    double *cost;
    size_t n, room;
    uint64_t digest; /* of the lines so far */
};
/* Opens the log; a run that is resumed at `first` keeps the lines before. A path that a checkpoint chose is written to
 * only when the lines there are those that the checkpoint knows of. False, and the message printed. */
bool log_open(struct train_log *, const struct train_options *, int64_t first);
/* What the lines so far are, as a checkpoint keeps it: their number and digest. */
enum { LOG_MARK = 48 };
void log_mark(const struct train_log *, char text[LOG_MARK]);
bool log_add(struct train_log *, int64_t step, double cost);
bool log_close(struct train_log *); /* false, and the message printed, when it could not be written */

/* A run. */
struct train_run {
    const struct command *command;
    const struct settings *settings;
    struct train_data *data;
    struct train_graph *graph;
    struct train_log *log;
    int64_t first, total, per_epoch;
    wg_node *trained, *update; /* the cost of the branch that is trained, and the optimiser's effect */
    double cost;               /* the last one */
    bool saved;                /* the checkpoint holds the values as they are */
    int signal;                /* that stopped it; 0: none did */
};
/* Adds the optimiser, and takes the values of the checkpoint that is resumed. Returns an exit code. */
int train_prepare(struct train_run *);
/* Trains. Returns an exit code. */
int train_loop(struct train_run *);
/* Saves, if there is a place for it. False, and the message printed. */
bool train_save(struct train_run *);

#endif
