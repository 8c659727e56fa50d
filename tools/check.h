/* The parts of `wengert check`. Results travel as the JSON objects that --json prints: runs in other processes, the
 * table and the page read the same. */
#ifndef TOOLS_CHECK_H
#define TOOLS_CHECK_H

#include "model.h"
#include "text.h"

struct check_options {
    struct common common;
    int64_t order, seed, draws, points, examples_axis;
    bool thorough, calibrate, slots, verbose, mutate, textbook;
    const char *model, *data, *x, *y, *html;
    texts feed;
};

/* Operators to check, and how. */
struct check_work {
    const wg_op **op;
    size_t n;
    const wg_registry *registry;
    int order, draws;
    uint64_t seed;
};

/* Checks the operators, on all cores. An object with their number, the checks' numbers, "list" and "failures"; `each` (may
 * be NULL) sees every operator's entry of the list, with its failures, in their order. */
json_t *check_operators(const struct check_work *,
                        void (*each)(void *user, const json_t *entry, const json_t *failures), void *user);
/* The same in three draws on every instruction set of this processor, with work split as finely as it can be, each in a
 * process of its own; the entries are summed up over those. NULL, and the message printed: a run ended early. */
json_t *check_thoroughly(const struct check_work *);
/* Did every operator pass, and every check? */
bool check_sound(const json_t *result);
/* What failed, as in "failures". */
json_t *failure_object(const wg_check *);

/* Prints an operator's line, and what failed, with `slots` a line for each operand and order. */
void table_entry(const json_t *entry, const json_t *failures, int name_width, bool slots);
void table_head(int name_width, bool slots);
void table_totals(const json_t *result);

/* Measures how much the verifier finds. An object; NULL, and the message printed. */
json_t *calibration_measure(int64_t points, uint64_t seed);
/* Prints the table, and what of the promise is not kept. */
void calibration_tell(const json_t *calibration, bool verbose);
bool calibration_kept(const json_t *calibration);

/* Mutation testing of the operators, and of the verifier itself: a line each, and the object. DONE, or FAILED when a mutant
 * survives that isn't on the reviewed list. */
int check_mutants(const struct check_work *, bool itself);
/* The verifier's permanent sentinels. DONE, or FAILED, and the message printed: nothing it says is to be trusted. */
int check_sentinels(uint64_t seed);

/* Writes everything as one page. `model`: the graph whose nodes "residuals" judges, drawn; may be NULL. False, and the
 * message printed. */
bool page_save(const char *path, const json_t *result, const wg_graph *model, const wg_node *cost);
/* The share found against the planted error, as an <svg>. */
void page_curve(struct text *, const json_t *calibration);
/* The model's graph, coloured by how much of its tolerance each node's residual takes up, as an <svg>. */
void page_graph(struct text *, const wg_graph *, const wg_node *cost, const json_t *residuals);

#endif
