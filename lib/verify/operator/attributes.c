/* Altering a sample's attributes, one at a time, any two choices together, and the numbers with each choice: what no sample
 * says is what nobody has looked at. */
#include "verify/operator/attributes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct alterer {
    const wg_op *op;
    const void *from;     /* the sample's attributes */
    unsigned char *attrs; /* (op->attrs_size): the altered ones */
    int rank;             /* of operand 0 */
    wg__attrs_visit *visit;
    void *user;
    wg_status status;
} alterer;

/* A little nearer to zero, where most numbers are still allowed; and not zero, which often stands for something else. A
 * factor of 1 hides whether anybody multiplies by it. No round number, so that kinks stay where nobody looks for them. */
static double number_beside(double was) { return was == 0 ? 0.8125 : 0.8125 * was; }

/* Numbers that say which, not how much: of a random operator, whose draws; of a mutant, which wrapper. */
static bool is_identity(const wg_attr *field)
{
    return !strcmp(field->name, "stream") || !strcmp(field->name, "mutated");
}

/* In what is altered already, all numbers too. False: there are none. */
static bool alter_numbers(const alterer *a)
{
    bool any = false;
    for (const wg_attr *field = a->op->attrs; field->kind != WG_ATTR_END; field++) {
        double was;
        if (field->kind != WG_ATTR_F64 || is_identity(field))
            continue;
        memcpy(&was, a->attrs + field->offset, sizeof was);
        was = isfinite(was) ? number_beside(was) : was;
        memcpy(a->attrs + field->offset, &was, sizeof was);
        any = true;
    }
    return any;
}

static const void *value_of(const alterer *a, const wg_attr *field)
{
    return (const unsigned char *)a->from + field->offset;
}

/* ---- fields with a few values: flags and choices ---- */

/* How many values there are; 0: it is no such field. */
static int choices_of(const wg_attr *field)
{
    if (field->kind != WG_ATTR_ENUM || !field->choices)
        return field->kind == WG_ATTR_BOOL ? 2 : 0;
    int n = 1;
    for (const char *c = field->choices; (c = strchr(c, '|')); c++)
        n++;
    return n;
}

static int chosen(const wg_attr *field, const void *attrs)
{
    const unsigned char *at = (const unsigned char *)attrs + field->offset;
    return field->kind == WG_ATTR_BOOL ? *(const bool *)at : *(const int *)at;
}

static void choose(const wg_attr *field, unsigned char *attrs, int choice)
{
    bool flag = choice;
    if (field->kind == WG_ATTR_BOOL)
        memcpy(attrs + field->offset, &flag, sizeof flag);
    else
        memcpy(attrs + field->offset, &choice, sizeof choice);
}

/* "keepdims true" */
static void name_choice(const wg_attr *field, int choice, char text[WG__ATTRS_TEXT / 2])
{
    const char *word = field->kind == WG_ATTR_BOOL ? "false|true" : field->choices;
    while (choice-- > 0)
        word = strchr(word, '|') + 1;
    snprintf(text, WG__ATTRS_TEXT / 2, "%s %.*s", field->name, (int)strcspn(word, "|"), word);
}

/* Each further field's other choices, in what is altered already. */
static void try_second_choices(alterer *a, const wg_attr *field, const char *how)
{
    for (const wg_attr *other = field + 1; other->kind != WG_ATTR_END; other++) {
        for (int choice = 0; choice < choices_of(other); choice++) {
            const int was = chosen(other, a->from);
            char text[WG__ATTRS_TEXT], second[WG__ATTRS_TEXT / 2];
            name_choice(other, choice, second);
            snprintf(text, sizeof text, "%.37s, %.37s", how, second);
            choose(other, a->attrs, choice);
            if (choice != was && !a->status)
                a->status = a->visit(a->user, a->attrs, text);
            choose(other, a->attrs, was);
        }
    }
}

/* Alone, with another choice of each other field, and with all numbers altered. */
static void try_choices(alterer *a, const wg_attr *field)
{
    for (int choice = 0; choice < choices_of(field); choice++) {
        char text[WG__ATTRS_TEXT], how[WG__ATTRS_TEXT / 2];
        if (choice == chosen(field, a->from))
            continue;
        memcpy(a->attrs, a->from, a->op->attrs_size);
        choose(field, a->attrs, choice);
        name_choice(field, choice, how);
        if (!a->status)
            a->status = a->visit(a->user, a->attrs, how);
        try_second_choices(a, field, how);
        snprintf(text, sizeof text, "%s, other numbers", how);
        if (!a->status && alter_numbers(a))
            a->status = a->visit(a->user, a->attrs, text);
    }
}

/* ---- others ---- */

static void try(alterer *a, const wg_attr *field, const void *value, size_t size, const char *how)
{
    char text[WG__ATTRS_TEXT];
    memcpy(a->attrs, a->from, a->op->attrs_size);
    memcpy(a->attrs + field->offset, value, size);
    snprintf(text, sizeof text, "%s %s", field->name, how);
    if (!a->status)
        a->status = a->visit(a->user, a->attrs, text);
}

/* An axis counted from the other end, and the next one; any other number with its sign turned, and one more. */
static void try_integer(alterer *a, const wg_attr *field)
{
    int64_t was = *(const int64_t *)value_of(a, field);
    int64_t now[] = { was == INT64_MIN ? INT64_MAX : -was, was == INT64_MAX ? was : was + 1 };
    if (!strcmp(field->name, "axis"))
        now[0] = was < 0 ? was + a->rank : was - a->rank;
    for (size_t k = 0; k < WG_COUNT(now); k++) {
        char how[32];
        snprintf(how, sizeof how, "%lld", (long long)now[k]);
        if (now[k] != was)
            try(a, field, &now[k], sizeof now[k], how);
    }
}

/* A little smaller, and with its sign turned. */
static void try_number(alterer *a, const wg_attr *field)
{
    double was = *(const double *)value_of(a, field);
    double now[] = { number_beside(was), -number_beside(was) };
    for (size_t k = 0; k < WG_COUNT(now) && isfinite(was); k++) {
        char how[32];
        snprintf(how, sizeof how, "%.9g", now[k]);
        try(a, field, &now[k], sizeof now[k], how);
    }
}

static void try_axes(alterer *a, const wg_attr *field)
{
    const wg_axes *was = value_of(a, field);
    wg_axes turned = *was, mirrored = turned, last = { .at = { -1 }, .n = 1 }, all = { .n = -1 };
    for (int i = 0; i < was->n; i++) {
        turned.at[i] = was->at[i] < 0 ? was->at[i] + a->rank : was->at[i] - a->rank;
        mirrored.at[i] = was->at[was->n - 1 - i];
    }
    if (was->n > 0)
        try(a, field, &turned, sizeof turned, "from the other end");
    if (was->n > 1)
        try(a, field, &mirrored, sizeof mirrored, "in reverse");
    wg_axes first_two = { .at = { 0, 1 }, .n = 2 };
    if (a->rank > 2)
        try(a, field, &first_two, sizeof first_two, "[0,1]");
    if (was->n < 0)
        try(a, field, &last, sizeof last, "[-1]");
    else
        try(a, field, &all, sizeof all, "null");
}

/* In reverse, each one place further, one more, and of the other sign. */
static void try_list(alterer *a, const wg_attr *field)
{
    const wg_list *was = value_of(a, field);
    wg_list mirrored = *was, rotated = *was, more = *was, turned = *was;
    for (int i = 0; i < was->n; i++) {
        mirrored.at[i] = was->at[was->n - 1 - i];
        rotated.at[i] = was->at[(i + 1) % was->n];
        more.at[i] += more.at[i] < INT32_MAX;
        turned.at[i] = turned.at[i] > INT32_MIN ? -turned.at[i] : turned.at[i];
    }
    if (was->n > 0) {
        try(a, field, &more, sizeof more, "one more");
        try(a, field, &turned, sizeof turned, "of the other sign");
    }
    if (was->n > 1)
        try(a, field, &mirrored, sizeof mirrored, "in reverse");
    if (was->n > 2)
        try(a, field, &rotated, sizeof rotated, "rotated");
}

static void try_shape(alterer *a, const wg_attr *field)
{
    const wg_shape *was = value_of(a, field);
    wg_shape mirrored = *was;
    for (int i = 0; i < was->rank; i++)
        mirrored.dim[i] = was->dim[was->rank - 1 - i];
    if (was->rank > 1)
        try(a, field, &mirrored, sizeof mirrored, "in reverse");
}

wg_status wg__each_attrs(const wg_op *op, const wg_sample *sample, const void *from, unsigned char *room,
                         wg__attrs_visit *visit, void *user)
{
    static void (*const alter[])(alterer *, const wg_attr *) = {
        [WG_ATTR_F64] = try_number,  [WG_ATTR_I64] = try_integer,  [WG_ATTR_BOOL] = try_choices, [WG_ATTR_AXES] = try_axes,
        [WG_ATTR_SHAPE] = try_shape, [WG_ATTR_ENUM] = try_choices, [WG_ATTR_LIST] = try_list,
    };
    alterer a = { op, from, room, sample->in[0].shape.rank, visit, user, WG_OK };
    for (const wg_attr *field = op->attrs; field && field->kind != WG_ATTR_END; field++)
        if ((size_t)field->kind < WG_COUNT(alter) && alter[field->kind] && !is_identity(field))
            alter[field->kind](&a, field);
    return a.status;
}
