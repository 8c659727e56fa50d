/* What the options of `train` mean, and which of them contradict each other. */
#include "train.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTHS_MAX = 1024 };

static int wrong(const char *name, const char *text, const char *expected)
{
    return tool_misused("train: --%s %s: expected %s", name, text, expected);
}

/* "12288,20,7,5,1" */
static int read_layers(struct settings *s, const char *text)
{
    static const char expected[] = "at least two sizes from 1, as in 12288,20,7,5,1";
    s->width = tool_alloc(WIDTHS_MAX, sizeof *s->width);
    char *copy = tool_copy(text), *at = copy;
    int code = 0;
    while (at && !code) {
        char *comma = strchr(at, ',');
        if (comma)
            *comma = '\0';
        int64_t *width = &s->width[s->n_widths];
        if (s->n_widths >= WIDTHS_MAX || !read_count(at, width) || *width < 1 || *width > INT32_MAX)
            code = wrong("layers", text, expected);
        s->n_widths++;
        at = comma ? comma + 1 : NULL;
    }
    free(copy);
    return code || s->n_widths >= 2 ? code : wrong("layers", text, expected);
}

/* "he", "xavier", "numpy:SEED", "numpy-0.01:SEED" */
static int read_init(struct settings *s, const char *text)
{
    static const char *const seeded[] = { "numpy:", "numpy-0.01:" };
    static const wg_mlp_init kinds[] = { WG_MLP_NUMPY, WG_MLP_NUMPY_SMALL };
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(seeded[i]);
        int64_t seed;
        if (strncmp(text, seeded[i], n) != 0)
            continue;
        if (!read_count(text + n, &seed) || seed < 0 || seed > UINT32_MAX)
            return wrong("init", text, "a seed from 0 to 4294967295 behind the colon");
        s->mlp.init = kinds[i];
        s->mlp.numpy_seed = (uint32_t)seed;
        return 0;
    }
    s->mlp.init = !strcmp(text, "xavier") ? WG_MLP_XAVIER : WG_MLP_HE;
    if (strcmp(text, "he") != 0 && strcmp(text, "xavier") != 0)
        return wrong("init", text, "he, xavier, numpy:SEED or numpy-0.01:SEED");
    return 0;
}

/* "constant", "step:EVERY:FACTOR", "cosine[:LAST[:STEPS]]", "linear[:LAST[:STEPS]]", "one_cycle[:RISE[:STEPS]]" */
static int read_schedule(struct schedule *s, const char *text)
{
    static const char expected[] = "constant, step:EVERY:FACTOR, cosine[:LAST[:STEPS]], linear[:LAST[:STEPS]] or "
                                   "one_cycle[:RISE[:STEPS]], RISE below 1";
    static const char names[] = "constant|step|cosine|linear|one_cycle";
    char *copy = tool_copy(text), *part[3] = { copy, NULL, NULL };
    int parts = 1;
    for (char *c = copy; *c; c++)
        if (*c == ':') {
            *c = '\0';
            if (parts < 3)
                part[parts] = c + 1;
            parts++;
        }
    int kind = read_choice(part[0], names);
    bool right = kind >= 0 && parts <= 3 && (kind != SCHEDULE_CONSTANT || parts == 1);
    if (right && kind == SCHEDULE_STEP)
        right = parts == 3 && read_count(part[1], &s->steps) && s->steps > 0 && read_number(part[2], &s->value) &&
                s->value >= 0;
    else if (right)
        right = (!part[1] || (read_number(part[1], &s->value) && s->value >= 0)) &&
                (!part[2] || (read_count(part[2], &s->steps) && s->steps > 0)) &&
                (kind != SCHEDULE_ONE_CYCLE || !part[1] || (s->value > 0 && s->value < 1));
    free(copy);
    s->kind = kind < 0 ? SCHEDULE_CONSTANT : (enum schedule_kind)kind;
    return right ? 0 : wrong("schedule", text, expected);
}

/* The last activation and the loss follow from each other where only one is given. */
static int pair_output_with_loss(struct settings *s)
{
    static const int usual_output[] = { OUTPUT_SIGMOID, OUTPUT_SIGMOID, OUTPUT_SOFTMAX, OUTPUT_LINEAR }; /* by loss */
    static const enum loss_kind usual_loss[] = { LOSS_BCE, LOSS_MSE, LOSS_BCE, LOSS_CROSS_ENTROPY };     /* by output */
    static const wg_activation activation[] = { WG_LINEAR, WG_LINEAR, WG_SIGMOID, WG_SOFTMAX };
    int output = s->o->output ? s->o->output : usual_output[s->o->loss];
    s->loss = s->o->loss ? (enum loss_kind)s->o->loss : usual_loss[output];
    if (s->loss == LOSS_BCE && output != OUTPUT_SIGMOID)
        return tool_misused("train: --loss bce needs --output sigmoid");
    if (s->loss == LOSS_CROSS_ENTROPY && output == OUTPUT_SIGMOID)
        return tool_misused("train: --loss cross_entropy needs --output softmax");
    if (s->loss == LOSS_CROSS_ENTROPY)
        output = OUTPUT_SOFTMAX; /* the loss takes the logits before it */
    s->mlp.output = activation[output];
    return 0;
}

static int find_contradictions(const struct train_options *o)
{
    if (o->steps && o->epochs)
        return tool_misused("train: --steps counts updates and --epochs passes over the data; give one of them");
    if (o->scale == 0)
        return tool_misused("train: --scale 0: x cannot be divided by that");
    if (o->scale != 1 && o->standardize)
        return tool_misused("train: --scale and --standardize both scale x; give one of them");
    if (o->split >= 1)
        return tool_misused("train: --split %g: expected a part of the rows below 1", o->split);
    if (o->split > 0 && (o->test_x || o->test_data))
        return tool_misused("train: --split holds rows out for testing; leave away --test-x or --test-data");
    if (o->warmup && !strncmp(o->schedule, "one_cycle", 9))
        return tool_misused("train: --warmup: the schedule one_cycle has a warm-up of its own");
    if (o->save_every && !o->save && !o->resume)
        return tool_misused("train: --save-every needs --save FILE");
    if ((!o->test_x) != (!o->test_y))
        return tool_misused("train: --test-x and --test-y need each other");
    return 0;
}

int settings_read(struct settings *s, const struct train_options *o)
{
    static const wg_activation hidden[] = { WG_RELU, WG_TANH, WG_SIGMOID };
    *s = (struct settings){ .o = o, .dtype = o->dtype ? WG_F64 : WG_F32 };
    if (!o->layers && !o->model)
        return tool_misused("train: --layers is missing, as in --layers 2,16,1; or --model GRAPH.json");
    s->mlp =
        (wg_mlp_opts){ .size = sizeof s->mlp, .layout = o->layout ? WG_ROWS : WG_COLUMNS, .hidden = hidden[o->hidden] };
    int code = o->model ? 0 : read_layers(s, o->layers);
    if (!code)
        code = read_init(s, o->init);
    if (!code)
        code = read_schedule(&s->schedule, o->schedule);
    if (!code)
        code = pair_output_with_loss(s);
    if (!code)
        code = find_contradictions(o);
    if (!code)
        code = optimizer_check(o);
    if (code)
        settings_free(s);
    return code;
}

void settings_free(struct settings *s)
{
    free(s->width);
    s->width = NULL;
}
