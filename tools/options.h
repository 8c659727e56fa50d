/* Verbs and their options, as tables: one description serves the parser, --help, and what a checkpoint keeps. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include "tool.h"

typedef enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char *; NULL when not given */
    OPTION_LIST,   /* struct texts; may be given several times */
    OPTION_COUNT,  /* int64_t, at least `least` */
    OPTION_NUMBER, /* double, at least `least` */
    OPTION_CHOICE  /* int: which of `choices` */
} option_kind;

/* Only for verbs that save their options in a checkpoint and find them there again. */
enum {
    OPTION_KEPT = 1,  /* saved */
    OPTION_FROZEN = 2 /* saved, and not to be changed when a run is resumed */
};

typedef struct option {
    const char *name;     /* without the dashes */
    const char *argument; /* what --help calls it; NULL for flags */
    const char *help;
    option_kind kind;
    size_t offset;         /* in the verb's struct of values */
    const char *otherwise; /* the default, as written on a command line; NULL: zero */
    const char *choices;   /* "a|b|c", in the order of the values */
    double least;
    unsigned flags;
} option;

/* The first member of every verb's struct of values. */
struct common {
    bool help, quiet, json;
    texts plugins;
};

enum { OPTIONS_MAX = 64 };

/* Choices of --precision, in the order of wg_matmul_precision, and what it does. */
#define PRECISIONS "highest|high|medium"
#define PRECISION_HELP "of matrix products in f32; medium: elements are rounded to bf16, in half the time where the processor has that"

struct verb;

/* A parsed command line. */
struct command {
    const struct verb *verb;
    void *values;            /* the verb's struct */
    bool given[OPTIONS_MAX]; /* by index in the verb's table */
    const char **operand;
    int n_operands;
};

typedef struct verb {
    const char *name, *summary;
    const char *synopsis; /* what follows "wengert NAME" */
    const char *text;     /* paragraphs for --help, below the options; may be NULL */
    const option *options;
    size_t values_size;
    int least_operands, most_operands; /* most -1: any number */
    int (*run)(struct command *);
} verb;

/* Parses the words after the verb. Returns 0, or MISUSED with the message printed. */
int options_parse(struct command *, int n, char **word);
/* Gives every option that has a default its value. */
void options_default(struct command *);
/* Sets one option from its text, as the command line does. */
int options_set(struct command *, const option *, const char *text);
/* The value as text that options_set takes; to be freed. NULL: nothing to tell. */
char *options_text(const struct command *, const option *);
/* Was the option on the command line? */
bool options_given(const struct command *, const char *name);
const option *options_find(const verb *, const char *name);
void options_help(const verb *);
void options_free(struct command *);

/* Strict readings of a whole text; false when it is anything else. Never by the locale. */
bool read_count(const char *text, int64_t *value);
bool read_number(const char *text, double *value);
/* Which of "a|b|c" the text is; -1 when none. */
int read_choice(const char *text, const char *choices);
/* Choice `index` of "a|b|c"; to be freed. */
char *choice_text(const char *choices, int index);

/* The nearest of several words to one that was mistyped. */
struct nearest {
    const char *word, *best; /* best: NULL when none is near */
    size_t distance;
};
struct nearest nearest_to(const char *word);
void nearest_try(struct nearest *, const char *candidate);

extern const verb verb_train, verb_predict, verb_check, verb_eval, verb_inspect, verb_ops, verb_bench;

#endif
