/* Attributes written as JSON. */
#include <string.h>

#include "graph/json.h"

static void put_axes(wg__text *t, const wg_axes *axes)
{
    if (axes->n < 0) {
        wg__text_add(t, "null");
        return;
    }
    wg__text_add(t, "[");
    for (int i = 0; i < axes->n && i < WG_MAX_RANK; i++)
        wg__text_printf(t, i > 0 ? ", %d" : "%d", axes->at[i]);
    wg__text_add(t, "]");
}

static void put_list(wg__text *t, const wg_list *list)
{
    if (list->n < 0) {
        wg__text_add(t, "null");
        return;
    }
    wg__text_add(t, "[");
    for (int i = 0; i < list->n && i < WG_MAX_RANK; i++) {
        wg__text_add(t, i > 0 ? ", " : "");
        if (list->at[i] == WG_ABSENT)
            wg__text_add(t, "null");
        else
            wg__text_printf(t, "%lld", (long long)list->at[i]);
    }
    wg__text_add(t, "]");
}

/* The word at a place of "mean|sum|none". */
static void put_choice(wg__text *t, const char *choices, int index)
{
    for (; index > 0 && choices != NULL; index--) {
        const char *end = strchr(choices, '|');

        choices = end == NULL ? NULL : end + 1;
    }
    if (choices == NULL)
        choices = "";
    wg__text_printf(t, "\"%.*s\"", (int)strcspn(choices, "|"), choices);
}

static void put_field(wg__text *t, const wg_attr *a, const void *attrs)
{
    const void *field = (const char *)attrs + a->offset;

    switch (a->kind) {
    case WG_ATTR_F64:
        wg__json_number(t, *(const double *)field, false);
        break;
    case WG_ATTR_I64:
        wg__text_printf(t, "%lld", (long long)*(const int64_t *)field);
        break;
    case WG_ATTR_BOOL:
        wg__text_add(t, *(const bool *)field ? "true" : "false");
        break;
    case WG_ATTR_AXES:
        put_axes(t, field);
        break;
    case WG_ATTR_SHAPE:
        wg__json_shape(t, field, "-1");
        break;
    case WG_ATTR_DTYPE:
        wg__text_printf(t, "\"%s\"", wg_dtype_name(*(const wg_dtype *)field));
        break;
    case WG_ATTR_ENUM:
        put_choice(t, a->choices, *(const int *)field);
        break;
    case WG_ATTR_TEXT:
        wg__json_quote(t, field);
        break;
    case WG_ATTR_LIST:
        put_list(t, field);
        break;
    case WG_ATTR_GRAPH:
        wg__json_body(t, *(wg_graph *const *)field);
        break;
    case WG_ATTR_END:
        break;
    }
}

/* Whether an attribute has its default: both are compared as they would be written. */
static bool is_default(const wg_op *op, const wg_attr *a, const void *attrs, void *scratch)
{
    wg__text own = { 0 }, usual = { 0 };
    bool same;

    if (a->otherwise == NULL || !wg__attr_default(op, a, scratch))
        return false;
    put_field(&own, a, attrs);
    put_field(&usual, a, scratch);
    same = own.at && usual.at && !own.failed && !usual.failed && strcmp(own.at, usual.at) == 0;
    wg__text_free(&own);
    wg__text_free(&usual);
    return same;
}

void wg__attrs_json(wg__text *t, const char *before, const wg_op *op, const void *attrs)
{
    bool first = true;
    void *scratch;

    if (attrs == NULL || op->attrs == NULL)
        return;
    scratch = wg__alloc_zero(NULL, 1, op->attrs_size);
    if (scratch == NULL) {
        t->failed = true;
        return;
    }
    for (const wg_attr *a = op->attrs; a->name != NULL; a++) {
        if (is_default(op, a, attrs, scratch))
            continue;
        wg__text_add(t, first ? before : ", ");
        wg__text_add(t, first ? "{" : "");
        wg__json_quote(t, a->name);
        wg__text_add(t, ": ");
        put_field(t, a, attrs);
        first = false;
    }
    wg__text_add(t, first ? "" : "}");
    wg__free(NULL, scratch, 1, op->attrs_size);
}
