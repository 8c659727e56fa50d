#include "ops/einsum.h"

#include <string.h>

#include "tensor/shape.h"

static int label_of(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    return letter >= 'a' && letter <= 'z' ? 26 + letter - 'a' : -1;
}

static char letter_of(int label)
{
    return label >= WG__EINSUM_ELLIPSIS ? '.' : (char)(label < 26 ? 'A' + label : 'a' + label - 26);
}

/* One comma-separated part: its letters in order, -1 for the ellipsis. */
typedef struct part {
    int n;
    signed char at[WG_ATTR_TEXT_MAX];
    bool ellipsis;
} part;

/* Reads up to a comma, "->" or the end; returns where it stopped, NULL after a failure. */
static const char *read_part(wg_infer *t, const char *text, part *p)
{
    *p = (part){ .n = 0 };
    for (; *text && *text != ',' && strncmp(text, "->", 2) != 0; text++) {
        if (*text == ' ')
            continue;
        const bool dots = strncmp(text, "...", 3) == 0 && !p->ellipsis;
        if (!dots && label_of(*text) < 0) {
            wg_infer_fail(t, WG_ERR_ARG, "what is \"%s\" in the equation? It takes letters, one \"...\" an operand, \",\""
                          " and \"->\"", text);
            return NULL;
        }
        p->at[p->n++] = (signed char)(dots ? -1 : label_of(*text));
        p->ellipsis |= dots;
        text += dots ? 2 : 0;
    }
    return text;
}

/* The labels of an operand of that rank; the ellipsis takes what the letters leave. */
static wg_status label_operand(wg_infer *t, const part *p, int slot, wg__labels *labels)
{
    const int rank = t->in[slot].rank, letters = p->n - p->ellipsis, rest = rank - letters;
    if (rest < 0 || (rest > 0 && !p->ellipsis)) {
        char text[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "the equation has %d letters for operand %d, which is %s", letters, slot,
                             wg_shape_text(t->in[slot], text, sizeof text));
    }
    labels->n = 0;
    for (int i = 0; i < p->n; i++) {
        for (int d = rest; p->at[i] < 0 && d-- > 0;)
            labels->at[labels->n++] = (signed char)(WG__EINSUM_ELLIPSIS + d);
        if (p->at[i] >= 0)
            labels->at[labels->n++] = p->at[i];
    }
    return WG_OK;
}

static wg_status unify(wg_infer *t, int label, int64_t *have, int64_t size, bool broadcast)
{
    if (broadcast && size == 1)
        return WG_OK;
    if ((broadcast && *have == 1) || wg_dim_unify(*have, size, have)) {
        *have = *have == 1 ? size : *have;
        return WG_OK;
    }
    char a[96], b[96];
    return wg_infer_fail(t, WG_ERR_SHAPE, "sizes of '%c' differ: %s and %s", letter_of(label),
                         wg_shape_text(WG_SHAPE(*have), a, sizeof a), wg_shape_text(WG_SHAPE(size), b, sizeof b));
}

/* Sizes of one letter agree within an operand; between operands one of them may be 1. */
static wg_status measure(wg_infer *t, wg__einsum *e)
{
    for (int l = 0; l < WG__EINSUM_LABELS; l++)
        e->size[l] = 1;
    for (int s = 0; s < t->n_in; s++)
        for (int i = 0; i < e->in[s].n; i++) {
            const signed char label = e->in[s].at[i];
            const int first = wg__label_in(&e->in[s], label);
            int64_t own = t->in[s].dim[first];
            wg_status status = first < i ? unify(t, label, &own, t->in[s].dim[i], false) : WG_OK;
            if (!status)
                status = unify(t, label, &e->size[label], t->in[s].dim[i], true);
            if (status)
                return status;
        }
    return WG_OK;
}

static wg_status add_output(wg_infer *t, wg__einsum *e, int label)
{
    if (e->out.n == WG_MAX_RANK)
        return wg_infer_fail(t, WG_ERR_SHAPE, "the result would have more than %d axes", WG_MAX_RANK);
    e->out.at[e->out.n++] = (signed char)label;
    return WG_OK;
}

/* How often each label stands in the operands. */
static void count(const wg__einsum *e, int n_in, int uses[WG__EINSUM_LABELS])
{
    memset(uses, 0, WG__EINSUM_LABELS * sizeof *uses);
    for (int s = 0; s < n_in; s++)
        for (int i = 0; i < e->in[s].n; i++)
            uses[(int)e->in[s].at[i]]++;
}

static wg_status add_ellipsis(wg_infer *t, wg__einsum *e, const int *uses)
{
    wg_status status = WG_OK;
    for (int l = WG__EINSUM_LABELS; l-- > WG__EINSUM_ELLIPSIS && !status;)
        if (uses[l])
            status = add_output(t, e, l);
    return status;
}

static wg_status label_output(wg_infer *t, wg__einsum *e, const part *p)
{
    int uses[WG__EINSUM_LABELS];
    wg_status status = WG_OK;
    count(e, t->n_in, uses);
    for (int i = 0; i < p->n && !status; i++) {
        const signed char label = p->at[i];
        if (label >= 0 && (!uses[label] || wg__label_in(&e->out, label) >= 0))
            return wg_infer_fail(t, WG_ERR_ARG, "'%c' of the result is %s", letter_of(label),
                                 uses[label] ? "there twice" : "in no operand");
        status = label < 0 ? add_ellipsis(t, e, uses) : add_output(t, e, label);
    }
    return status;
}

/* Without "->": the ellipsis, then the letters that stand once. */
static wg_status imply_output(wg_infer *t, wg__einsum *e)
{
    int uses[WG__EINSUM_LABELS];
    count(e, t->n_in, uses);
    wg_status status = add_ellipsis(t, e, uses);
    for (int l = 0; l < WG__EINSUM_ELLIPSIS && !status; l++)
        if (uses[l] == 1)
            status = add_output(t, e, l);
    return status;
}

wg_status wg__einsum_read(wg_infer *t, const char *equation, wg__einsum *e)
{
    part p;
    int parts = 0;
    wg_status status = WG_OK;
    const char *text = equation;
    *e = (wg__einsum){ .out.n = 0 };
    for (bool more = true; more && !status; parts++) {
        if (!(text = read_part(t, text, &p)))
            return WG_ERR_ARG;
        if (parts < t->n_in && parts < WG__EINSUM_OPERANDS)
            status = label_operand(t, &p, parts, &e->in[parts]);
        more = *text == ',';
        text += more;
    }
    if (!status && (parts != t->n_in || parts > WG__EINSUM_OPERANDS))
        status = wg_infer_fail(t, WG_ERR_ARG, "the equation is for %d operands, got %d", parts, t->n_in);
    if (!status)
        status = measure(t, e);
    if (status || !*text)
        return status ? status : imply_output(t, e);
    if (!(text = read_part(t, text + 2, &p)))
        return WG_ERR_ARG;
    return *text ? wg_infer_fail(t, WG_ERR_ARG, "the equation goes on behind its result: \"%s\"", text)
                 : label_output(t, e, &p);
}
