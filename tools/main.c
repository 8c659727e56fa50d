/* wengert VERB: the verbs, and which of them is meant. */
#include "options.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const verb *const verbs[] = {
    &verb_train, &verb_predict, &verb_check, &verb_eval, &verb_inspect, &verb_ops, &verb_bench,
};

static void usage(FILE *to)
{
    fprintf(to, "Usage: wengert VERB ..\nComputation graphs, their derivatives, and whether those are right.\n\n");
    for (size_t i = 0; i < WG_COUNT(verbs); i++)
        fprintf(to, "  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
    fprintf(to, "\nwengert VERB --help explains one; wengert --version tells the version.\n"
                "Exit codes: 0 done, 1 it failed or a check failed, 2 the command line is wrong.\n");
}

static const verb *find_verb(const char *name)
{
    for (size_t i = 0; i < WG_COUNT(verbs); i++)
        if (!strcmp(verbs[i]->name, name))
            return verbs[i];
    return NULL;
}

static int unknown_verb(const char *name)
{
    struct nearest near = nearest_to(name);
    for (size_t i = 0; i < WG_COUNT(verbs); i++)
        nearest_try(&near, verbs[i]->name);
    if (near.best)
        return tool_misused("%s: no such verb; did you mean %s?", name, near.best);
    return tool_misused("%s: no such verb; see wengert --help", name);
}

static int run_verb(const verb *v, int n, char **word)
{
    struct command command = { .verb = v, .values = tool_alloc(1, v->values_size) };
    int code = options_parse(&command, n, word);
    if (!code && ((struct common *)command.values)->help)
        options_help(v);
    else if (!code)
        code = v->run(&command);
    options_free(&command);
    return code;
}

/* wengert help, wengert help VERB. */
static int help(const char *name)
{
    const verb *v = name ? find_verb(name) : NULL;
    if (name && !v)
        return unknown_verb(name);
    if (v)
        options_help(v);
    else
        usage(stdout);
    return DONE;
}

int main(int n, char **word)
{
    if (n < 2) {
        usage(stderr);
        return MISUSED;
    }
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is told like a full disk, and no temporary stays behind */
#endif
    const char *name = word[1];
    const verb *v = find_verb(name);
    if (v)
        return tool_end(run_verb(v, n - 2, word + 2));
    if (!strcmp(name, "--help") || !strcmp(name, "help"))
        return tool_end(help(n > 2 ? word[2] : NULL));
    if (!strcmp(name, "--version")) {
        printf("wengert %s (%s)\n", wg_version(), wg_isa());
        return tool_end(DONE);
    }
    return tool_end(unknown_verb(name));
}
