/* The option parser. Names are written in full, as --name value or --name=value. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option common_options[] = {
    { .name = "plugin", .argument = "FILE.so", .kind = OPTION_LIST, .offset = offsetof(struct common, plugins),
      .help = "load operators from a shared object; may be repeated" },
    { .name = "quiet", .kind = OPTION_FLAG, .offset = offsetof(struct common, quiet),
      .help = "results and errors only" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct common, json),
      .help = "one JSON object on standard output" },
    { .name = "help", .kind = OPTION_FLAG, .offset = offsetof(struct common, help), .help = "this text" },
    { .name = NULL },
};

const option *options_find(const verb *v, const char *name)
{
    for (const option *o = v->options; o->name; o++)
        if (!strcmp(o->name, name))
            return o;
    for (const option *o = common_options; o->name; o++)
        if (!strcmp(o->name, name))
            return o;
    return NULL;
}

static void *value_of(const struct command *c, const option *o)
{
    return (char *)c->values + o->offset;
}

/* The option's place in the verb's own table; -1 for those that all verbs share. */
static int own_index(const struct command *c, const option *o)
{
    for (int i = 0; c->verb->options[i].name; i++)
        if (o == &c->verb->options[i])
            return i;
    return -1;
}

bool options_given(const struct command *c, const char *name)
{
    const option *o = options_find(c->verb, name);
    int i = o ? own_index(c, o) : -1;
    return i >= 0 && c->given[i];
}

static int wrong_value(const struct command *c, const option *o, const char *text, const char *wanted)
{
    return tool_misused("%s: --%s %s: expected %s", c->verb->name, o->name, *text ? text : "\"\"", wanted);
}

static int set_count(struct command *c, const option *o, const char *text)
{
    int64_t *value = value_of(c, o);
    if (read_count(text, value) && (double)*value >= o->least)
        return 0;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a whole number from %.0f", o->least);
    return wrong_value(c, o, text, wanted);
}

static int set_number(struct command *c, const option *o, const char *text)
{
    double *value = value_of(c, o);
    if (read_number(text, value) && *value >= o->least)
        return 0;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a number from %g", o->least);
    return wrong_value(c, o, text, wanted);
}

static void add_text(texts *list, const char *text)
{
    const char **more = tool_alloc(list->n + 1, sizeof *more);
    if (list->n)
        memcpy(more, list->at, list->n * sizeof *more);
    free(list->at);
    more[list->n++] = text;
    list->at = more;
}

int options_set(struct command *c, const option *o, const char *text)
{
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)value_of(c, o) = !text || !strcmp(text, "true");
        return 0;
    case OPTION_TEXT:
        if (!*text)
            return wrong_value(c, o, text, o->argument);
        *(const char **)value_of(c, o) = text;
        return 0;
    case OPTION_LIST:
        add_text(value_of(c, o), text);
        return 0;
    case OPTION_COUNT:
        return set_count(c, o, text);
    case OPTION_NUMBER:
        return set_number(c, o, text);
    case OPTION_CHOICE:
        break;
    }
    int index = read_choice(text, o->choices);
    if (index < 0)
        return wrong_value(c, o, text, o->choices);
    *(int *)value_of(c, o) = index;
    return 0;
}

/* The shortest of two readings that gives the same double again. */
static char *number_text(double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.15g", value);
    if (strtod(text, NULL) != value)
        snprintf(text, sizeof text, "%.17g", value);
    return tool_copy(text);
}

char *options_text(const struct command *c, const option *o)
{
    const void *value = value_of(c, o);
    switch (o->kind) {
    case OPTION_FLAG:
        return *(const bool *)value ? tool_copy("true") : NULL;
    case OPTION_TEXT:
        return *(const char *const *)value ? tool_copy(*(const char *const *)value) : NULL;
    case OPTION_COUNT:
        return *(const int64_t *)value || o->otherwise ? tool_print("%lld", (long long)*(const int64_t *)value) : NULL;
    case OPTION_NUMBER:
        return *(const double *)value != 0 || o->otherwise ? number_text(*(const double *)value) : NULL;
    case OPTION_CHOICE:
        return choice_text(o->choices, *(const int *)value);
    case OPTION_LIST:
        break;
    }
    return NULL;
}

static int unknown_option(const struct command *c, const char *name)
{
    struct nearest near = nearest_to(name);
    for (const option *o = c->verb->options; o->name; o++)
        nearest_try(&near, o->name);
    for (const option *o = common_options; o->name; o++)
        nearest_try(&near, o->name);
    if (near.best)
        return tool_misused("%s: unknown option --%s; did you mean --%s?", c->verb->name, name, near.best);
    return tool_misused("%s: unknown option --%s; see wengert %s --help", c->verb->name, name, c->verb->name);
}

/* One option at word[at]; *at moves to the last word that belongs to it. */
static int parse_option(struct command *c, int n, char **word, int *at)
{
    const char *text = word[*at] + 2, *equals = strchr(text, '=');
    char *name = tool_print("%.*s", equals ? (int)(equals - text) : (int)strlen(text), text);
    const option *o = options_find(c->verb, name);
    int code = o ? 0 : unknown_option(c, name);
    free(name);
    if (!o)
        return code;
    int own = own_index(c, o);
    if (own >= 0 && c->given[own] && o->kind != OPTION_LIST && o->kind != OPTION_FLAG)
        return tool_misused("%s: --%s is given twice", c->verb->name, o->name);
    if (own >= 0)
        c->given[own] = true;
    if (o->kind == OPTION_FLAG)
        return equals ? tool_misused("%s: --%s takes no value", c->verb->name, o->name) : options_set(c, o, NULL);
    if (equals)
        return options_set(c, o, equals + 1);
    if (*at + 1 >= n || !strncmp(word[*at + 1], "--", 2))
        return tool_misused("%s: --%s needs %s", c->verb->name, o->name,
                            o->argument ? o->argument : o->choices);
    return options_set(c, o, word[++*at]);
}

void options_default(struct command *c)
{
    for (const option *o = c->verb->options; o->name; o++)
        if (o->otherwise)
            options_set(c, o, o->otherwise);
}

static int check_operands(const struct command *c)
{
    const verb *v = c->verb;
    if (c->n_operands < v->least_operands)
        return tool_misused("%s: something is missing: wengert %s %s", v->name, v->name, v->synopsis);
    if (v->most_operands >= 0 && c->n_operands > v->most_operands)
        return tool_misused("%s: what is %s? Usage: wengert %s %s", v->name, c->operand[v->most_operands], v->name,
                            v->synopsis);
    return 0;
}

int options_parse(struct command *c, int n, char **word)
{
    const struct common *common = c->values;
    c->operand = tool_alloc((size_t)n + 1, sizeof *c->operand);
    options_default(c);
    /* Known at once, so that an error in any word is told in the right way. */
    for (int i = 0; i < n; i++)
        if (!strcmp(word[i], "--json"))
            tool_set(false, true);
    int code = 0;
    bool options_end = false;
    for (int i = 0; i < n && !code; i++) {
        if (!options_end && !strcmp(word[i], "--"))
            options_end = true;
        else if (!options_end && !strncmp(word[i], "--", 2))
            code = parse_option(c, n, word, &i);
        else if (!options_end && word[i][0] == '-' && word[i][1])
            code = tool_misused("%s: unknown option %s; options are written in full, see wengert %s --help",
                                c->verb->name, word[i], c->verb->name);
        else
            c->operand[c->n_operands++] = word[i];
    }
    tool_set(common->quiet, common->json);
    return code || common->help ? code : check_operands(c);
}

static void help_option(const option *o)
{
    char left[64];
    const char *argument = o->kind == OPTION_CHOICE ? o->choices : o->argument;
    snprintf(left, sizeof left, "--%s%s%s", o->name, argument ? " " : "", argument ? argument : "");
    if (strlen(left) > 28)
        printf("  %s\n%31s%s", left, "", o->help);
    else
        printf("  %-28s %s", left, o->help);
    if (o->otherwise)
        printf(" (%s)", o->otherwise);
    putchar('\n');
}

void options_help(const verb *v)
{
    printf("Usage: wengert %s %s\n%s.\n\n", v->name, v->synopsis, v->summary);
    for (const option *o = v->options; o->name; o++)
        help_option(o);
    for (const option *o = common_options; o->name; o++)
        help_option(o);
    if (v->text)
        printf("\n%s", v->text);
}

void options_free(struct command *c)
{
    for (const option *o = c->verb->options; o->name; o++)
        if (o->kind == OPTION_LIST)
            free(((texts *)value_of(c, o))->at);
    free(((struct common *)c->values)->plugins.at);
    free(c->operand);
    free(c->values);
}
