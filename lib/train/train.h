/* The loop, and what it remembers. */
#ifndef WG_TRAIN_TRAIN_H
#define WG_TRAIN_TRAIN_H

#include "base/alloc.h"
#include "base/error.h"
#include <wengert/train.h>

/* Reads batch `index`, binds its views to the inputs and runs. */
wg_status wg__run_batch(wg_exec *, wg_nodes inputs, wg_batches *, int64_t index, wg_batch *);

/* What the loop must know to go on as if it had never stopped; all f64, the value of the variable "fit/state". */
typedef struct wg__fit_state {
    double step, loss_sum, seen; /* steps done; of the epoch under way, the losses times examples, and the examples */
    double kind, best, best_epoch, waited; /* of metrics[0]; epochs without a better one */
} wg__fit_state;
enum { WG__FIT_STATE = sizeof(wg__fit_state) / sizeof(double) };

/* What a training leaves behind: the state in the store, the best values, checkpoints. */
typedef struct wg__keeper {
    wg_store *store; /* borrowed */
    wg_node *variable;
    wg__fit_state state;
    wg_store *best;   /* a copy; NULL: none yet, or none is wanted */
    const char *path; /* of the checkpoint, borrowed; NULL: none */
    char *best_path;  /* NULL: no such file is wanted */
    bool saved;       /* the checkpoint holds the values as they are */
} wg__keeper;

/* The variable that holds the state, made if need be. NULL: as wg_variable, or WG_ERR_ARG where the name is another's. */
wg_node *wg__fit_variable(wg_graph *);
/* Takes the checkpoint's values, if there is one, and the state. */
wg_status wg__keeper_open(wg__keeper *, wg_store *, wg_node *variable, const wg_fit_opts *, wg_metric_kind,
                          int64_t epoch);
void wg__keeper_close(wg__keeper *);
wg_status wg__keep_state(wg__keeper *); /* into the store */
wg_status wg__keep_best(wg__keeper *);  /* the values as they are */
wg_status wg__keep_save(wg__keeper *);
wg_status wg__keep_restore(wg__keeper *); /* the best values, into the store */

#endif
