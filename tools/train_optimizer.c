/* The optimiser of a run: which options belong to it, what a checkpoint tells of it, and its update. */
#include "train.h"

#include <stdlib.h>
#include <string.h>

#define OF(optimizer) (1u << OPTIMIZER_##optimizer)
#define ADAMS (OF(ADAM) | OF(ADAMW) | OF(LAMB))

/* Numbers that optimisers have, 0 where the option was not given. */
static const struct number {
    const char *name;
    size_t offset;
    unsigned of;  /* which optimisers have it; 0: all */
    double below; /* 0: no limit */
} numbers[] = {
    { "momentum", offsetof(struct train_options, momentum), OF(MOMENTUM) | OF(NESTEROV) | OF(RMSPROP), 1 },
    { "beta1", offsetof(struct train_options, beta1), ADAMS, 1 },
    { "beta2", offsetof(struct train_options, beta2), ADAMS, 1 },
    { "alpha", offsetof(struct train_options, alpha), OF(RMSPROP), 1 },
    { "rho", offsetof(struct train_options, rho), OF(ADADELTA), 1 },
    { "eps", offsetof(struct train_options, eps), ADAMS | OF(RMSPROP) | OF(ADAGRAD) | OF(ADADELTA), 0 },
    { "weight-decay", offsetof(struct train_options, weight_decay), 0, 0 },
    { "l2", offsetof(struct train_options, l2), 0, 0 },
    { "clip-norm", offsetof(struct train_options, clip_norm), 0, 0 },
    { "clip-value", offsetof(struct train_options, clip_value), 0, 0 },
};
static const struct flag {
    const char *name;
    size_t offset;
    unsigned of;
} flags[] = {
    { "amsgrad", offsetof(struct train_options, amsgrad), OF(ADAM) | OF(ADAMW) },
    { "centered", offsetof(struct train_options, centered), OF(RMSPROP) },
};

static double number_in(const struct train_options *o, const struct number *n)
{
    return *(const double *)(const void *)((const char *)o + n->offset);
}

static bool flag_in(const struct train_options *o, const struct flag *f)
{
    return *(const bool *)((const char *)o + f->offset);
}

static int misfit(const struct train_options *o, const char *name)
{
    char *optimizer = choice_text(OPTIMIZERS, o->optimizer);
    int code = tool_misused("train: --%s: the optimizer %s has nothing like it", name, optimizer);
    free(optimizer);
    return code;
}

int optimizer_check(const struct train_options *o)
{
    unsigned own = 1u << o->optimizer;
    for (size_t i = 0; i < WG_COUNT(numbers); i++) {
        const struct number *n = &numbers[i];
        double value = number_in(o, n);
        if (value != 0 && n->of && !(n->of & own))
            return misfit(o, n->name);
        if (n->below > 0 && value >= n->below)
            return tool_misused("train: --%s %g: expected a number below %g", n->name, value, n->below);
    }
    for (size_t i = 0; i < WG_COUNT(flags); i++)
        if (flag_in(o, &flags[i]) && !(flags[i].of & own))
            return misfit(o, flags[i].name);
    return 0;
}

/* An option's name as JSON has it: "weight_decay". */
static void set_member(json_t *object, const char *name, json_t *value)
{
    char *key = tool_copy(name);
    for (char *c = key; *c; c++)
        if (*c == '-')
            *c = '_';
    json_object_set_new(object, key, value);
    free(key);
}

json_t *optimizer_object(const struct train_options *o)
{
    char *name = choice_text(OPTIMIZERS, o->optimizer);
    json_t *object = json_pack("{s:s, s:f}", "name", name, "lr", o->lr);
    free(name);
    for (size_t i = 0; i < WG_COUNT(numbers); i++)
        if (number_in(o, &numbers[i]) != 0)
            set_member(object, numbers[i].name, json_real(number_in(o, &numbers[i])));
    for (size_t i = 0; i < WG_COUNT(flags); i++)
        if (flag_in(o, &flags[i]))
            set_member(object, flags[i].name, json_true());
    if (strcmp(o->schedule, "constant") != 0)
        set_member(object, "schedule", json_string(o->schedule));
    if (o->warmup)
        set_member(object, "warmup", json_integer(o->warmup));
    return object;
}

/* The option that a member sets; NULL: none does. */
static const option *find_option(const struct command *c, const char *key)
{
    char *name = tool_copy(key);
    for (char *at = name; *at; at++)
        if (*at == '_')
            *at = '-';
    bool known = !strcmp(name, "lr") || !strcmp(name, "schedule") || !strcmp(name, "warmup");
    for (size_t i = 0; i < WG_COUNT(numbers); i++)
        known = known || !strcmp(name, numbers[i].name);
    for (size_t i = 0; i < WG_COUNT(flags); i++)
        known = known || !strcmp(name, flags[i].name);
    const option *o = known ? options_find(c->verb, name) : NULL;
    free(name);
    return o;
}

/* A member as the command line would have it. */
static int read_member(struct command *c, const char *key, const json_t *value)
{
    const option *o = find_option(c, key);
    if (!o)
        return tool_misused("entry train: an optimizer has no %s", key);
    if (options_given(c, o->name))
        return 0;
    if (json_is_true(value) && o->kind == OPTION_FLAG)
        return options_set(c, o, NULL);
    if (json_is_string(value) && o->kind == OPTION_TEXT)
        return options_set(c, o, json_string_value(value));
    if (!json_is_number(value) || (o->kind != OPTION_NUMBER && o->kind != OPTION_COUNT))
        return tool_misused("entry train: the optimizer's %s: expected %s", key,
                            o->kind == OPTION_FLAG ? "true" : o->kind == OPTION_TEXT ? "a text" : "a number");
    char *text = tool_print("%.17g", json_number_value(value));
    int code = options_set(c, o, text);
    free(text);
    return code;
}

int optimizer_read(struct command *c, const json_t *object, const char *path)
{
    struct train_options *o = c->values;
    const char *name = json_string_value(json_object_get(object, "name")), *key;
    int kind = name ? read_choice(name, OPTIMIZERS) : -1;
    json_t *value;
    if (!object)
        return 0;
    if (kind < 0)
        return tool_failed("%s: entry train: the optimizer's name: expected one of " OPTIMIZERS, path);
    if (options_given(c, "optimizer") && o->optimizer != kind)
        return 0; /* another one, whose numbers are its own */
    o->optimizer = kind;
    int code = 0;
    tool_blame(path);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
        if (!code && strcmp(key, "name") != 0)
            code = read_member(c, key, value);
    if (!code)
        code = optimizer_check(o);
    tool_blame(NULL);
    return code;
}

/* A schedule that goes on to the end of the run begins behind the warm-up. */
static wg_node *scheduled(const struct settings *s, wg_node *step, int64_t steps)
{
    const struct schedule *c = &s->schedule;
    int64_t left = steps - s->o->warmup, length = c->steps ? c->steps : left > 0 ? left : 1;
    switch (c->kind) {
    case SCHEDULE_STEP:
        return wg_schedule_step(step, s->o->lr, c->value, c->steps);
    case SCHEDULE_COSINE:
        return wg_schedule_cosine(step, s->o->lr, c->value, length);
    case SCHEDULE_LINEAR:
        return wg_schedule_linear(step, s->o->lr, c->value, length);
    case SCHEDULE_ONE_CYCLE:
        return wg_schedule_one_cycle(step, s->o->lr, length, WG_OPTS(wg_one_cycle_opts, .rise = c->value));
    case SCHEDULE_CONSTANT:
        break;
    }
    return wg_schedule_constant(step, s->o->lr);
}

static wg_node *rate_of(const struct settings *s, wg_graph *g, int64_t steps)
{
    wg_node *step = wg_step_counter(g);
    int64_t warmup = s->o->warmup;
    if (!warmup)
        return scheduled(s, step, steps);
    return wg_schedule_warmup(step, warmup, scheduled(s, wg_schedule_after(step, warmup), steps));
}

static wg_node *optimise(const struct train_options *o, wg_grads d, wg_node *rate)
{
    double decay = o->weight_decay, usual_decay = decay != 0 ? decay : 0.01;
    switch (o->optimizer) {
    case OPTIMIZER_MOMENTUM:
        return wg_momentum(d, rate, WG_OPTS(wg_sgd_opts, .momentum = o->momentum, .weight_decay = decay));
    case OPTIMIZER_NESTEROV:
        return wg_momentum(
            d, rate,
            WG_OPTS(wg_sgd_opts, .name = "nesterov", .momentum = o->momentum, .nesterov = true, .weight_decay = decay));
    case OPTIMIZER_ADAM:
        return wg_adam(d, rate,
                       WG_OPTS(wg_adam_opts, .beta1 = o->beta1, .beta2 = o->beta2, .eps = o->eps, .weight_decay = decay,
                               .amsgrad = o->amsgrad));
    case OPTIMIZER_ADAMW:
        return wg_adam(d, rate,
                       WG_OPTS(wg_adam_opts, .name = "adamw", .beta1 = o->beta1, .beta2 = o->beta2, .eps = o->eps,
                               .weight_decay = usual_decay, .amsgrad = o->amsgrad));
    case OPTIMIZER_RMSPROP:
        return wg_rmsprop(d, rate,
                          WG_OPTS(wg_rmsprop_opts, .alpha = o->alpha, .eps = o->eps, .momentum = o->momentum,
                                  .centered = o->centered, .weight_decay = decay));
    case OPTIMIZER_ADAGRAD:
        return wg_adagrad(d, rate, WG_OPTS(wg_adagrad_opts, .eps = o->eps, .weight_decay = decay));
    case OPTIMIZER_ADADELTA:
        return wg_adadelta(d, rate, WG_OPTS(wg_adadelta_opts, .rho = o->rho, .eps = o->eps, .weight_decay = decay));
    case OPTIMIZER_LAMB:
        return wg_lamb(
            d, rate, WG_OPTS(wg_lamb_opts, .beta1 = o->beta1, .beta2 = o->beta2, .eps = o->eps, .weight_decay = decay));
    default: /* without state both forms of decay are the same */
        return wg_sgd(decay != 0 ? wg_add_l2(d, decay) : d, rate);
    }
}

wg_node *train_update(const struct settings *s, struct train_graph *t, wg_node *cost, int64_t steps)
{
    const struct train_options *o = s->o;
    wg_grads d = wg_grads_of(cost, t->params);
    if (o->clip_norm != 0)
        d = wg_clip_by_global_norm(d, o->clip_norm, NULL);
    if (o->clip_value != 0)
        d = wg_clip_by_value(d, -o->clip_value, o->clip_value);
    if (o->l2 != 0)
        d = wg_add_l2(d, o->l2);
    wg_node *update = optimise(o, d, rate_of(s, t->graph, steps));
    if (!update)
        tool_failed("train: %s", wg_error());
    return update;
}
