/* Attributes read from JSON, as the table in the operator's descriptor says, and their defaults. */
#include <limits.h>
#include <string.h>

#include "graph/json.h"

static bool read_axes(const json_t *value, wg_axes *axes)
{
    size_t n = json_is_array(value) ? json_array_size(value) : 1;

    *axes = (wg_axes){ .n = -1 };
    if (json_is_null(value))
        return true;
    if (n > WG_MAX_RANK)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_is_array(value) ? json_array_get(value, i) : value;
        json_int_t x = json_integer_value(item);

        if (!json_is_integer(item) || x < INT_MIN || x > INT_MAX)
            return false;
        axes->at[i] = (int)x;
    }
    axes->n = (int)n;
    return true;
}

static bool read_list(const json_t *value, wg_list *list)
{
    size_t n = json_is_array(value) ? json_array_size(value) : 1;

    *list = (wg_list){ .n = -1 };
    if (json_is_null(value))
        return true;
    if (n > WG_MAX_RANK)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_is_array(value) ? json_array_get(value, i) : value;

        if (!json_is_integer(item) && !json_is_null(item))
            return false;
        list->at[i] = json_is_null(item) ? WG_ABSENT : json_integer_value(item);
    }
    list->n = (int)n;
    return true;
}

/* The place of a word among "mean|sum|none"; -1 when it is none of them. */
static int choice_index(const char *choices, const char *word)
{
    size_t n = strlen(word);

    for (int index = 0; choices != NULL; index++) {
        const char *end = strchr(choices, '|');
        size_t length = end == NULL ? strlen(choices) : (size_t)(end - choices);

        if (length == n && memcmp(choices, word, n) == 0)
            return index;
        choices = end == NULL ? NULL : end + 1;
    }
    return -1;
}

/* Reads one attribute into its field; false when the value is of another kind. `text` is the value where it is a
 * string. */
static bool read_field(const wg_attr *a, const json_t *value, void *field)
{
    const char *text = json_string_value(value);

    switch (a->kind) {
    case WG_ATTR_F64:
        return wg__json_to_number(value, field);
    case WG_ATTR_I64:
        *(int64_t *)field = json_integer_value(value);
        return json_is_integer(value);
    case WG_ATTR_BOOL:
        *(bool *)field = json_is_true(value);
        return json_is_boolean(value);
    case WG_ATTR_AXES:
        return read_axes(value, field);
    case WG_ATTR_SHAPE:
        return wg__json_to_shape(value, field);
    case WG_ATTR_DTYPE:
        *(wg_dtype *)field = wg_dtype_named(text);
        return *(wg_dtype *)field != WG_DTYPE_NONE;
    case WG_ATTR_ENUM:
        *(int *)field = text == NULL ? -1 : choice_index(a->choices, text);
        return *(int *)field >= 0;
    case WG_ATTR_TEXT:
        if (text == NULL || json_string_length(value) >= WG_ATTR_TEXT_MAX)
            return false;
        memcpy(field, text, json_string_length(value) + 1);
        return true;
    case WG_ATTR_LIST:
        return read_list(value, field);
    case WG_ATTR_GRAPH: /* has no default, and is read by itself */
    case WG_ATTR_END:
        break;
    }
    return false;
}

static const char *what_is_expected(const wg_attr *a)
{
    switch (a->kind) {
    case WG_ATTR_F64:
        return "a number";
    case WG_ATTR_I64:
        return "an integer";
    case WG_ATTR_BOOL:
        return "true or false";
    case WG_ATTR_AXES:
        return "an integer, a list of at most 8 integers, or null for all axes";
    case WG_ATTR_SHAPE:
        return "a list of at most 8 sizes (integers, letters, or null for any)";
    case WG_ATTR_DTYPE:
        return "an element type: f32, f64, i32, i64, u8 or bool";
    case WG_ATTR_ENUM:
        return a->choices == NULL ? "a word" : a->choices;
    case WG_ATTR_TEXT:
        return "a text of at most 63 bytes";
    case WG_ATTR_LIST:
        return "an integer, or a list of at most 8 integers and nulls";
    case WG_ATTR_GRAPH:
        return "an object with nodes and outputs";
    case WG_ATTR_END:
        break;
    }
    return "nothing";
}

static bool read_given(const wg_op *op, const wg_attr *a, const json_t *value, void *attrs)
{
    char shown[WG__JSON_SHOWN];

    if (read_field(a, value, (char *)attrs + a->offset))
        return true;
    wg__fail(WG_ERR_ARG, "%s: attribute %s: expected %s, got %s", op->name, a->name, what_is_expected(a),
             wg__json_shown(value, shown));
    return false;
}

static bool read_body(const wg_op *op, const wg_attr *a, const json_t *value, const wg_graph *like, void *attrs)
{
    wg_graph *body = wg__json_to_body(value, like);

    if (body == NULL) {
        wg__fail_in("%s: attribute %s: ", op->name, a->name);
        return false;
    }
    *(wg_graph **)((char *)attrs + a->offset) = body;
    return true;
}

void wg__attrs_release(const wg_op *op, const void *attrs)
{
    for (const wg_attr *a = op->attrs; attrs != NULL && a != NULL && a->name != NULL; a++)
        if (a->kind == WG_ATTR_GRAPH)
            wg__graph_release(*(wg_graph *const *)((const char *)attrs + a->offset));
}

bool wg__attr_default(const wg_op *op, const wg_attr *a, void *attrs)
{
    json_t *value;
    bool fits;

    if (a->otherwise == NULL) {
        wg__fail(WG_ERR_ARG, "%s: attribute %s must be given: %s", op->name, a->name, what_is_expected(a));
        return false;
    }
    value = json_loads(a->otherwise, JSON_DECODE_ANY, NULL);
    if (value == NULL)
        value = json_string(a->otherwise);
    if (value == NULL) {
        wg__fail(WG_ERR_NOMEM, "out of memory while reading JSON");
        return false;
    }
    fits = read_given(op, a, value, attrs);
    json_decref(value);
    return fits;
}

static void fail_unknown(const wg_op *op, const char *name)
{
    wg__text known = { 0 };

    for (const wg_attr *a = op->attrs; a != NULL && a->name != NULL; a++) {
        wg__text_add(&known, a == op->attrs ? "known: " : ", ");
        wg__text_add(&known, a->name);
    }
    wg__fail(WG_ERR_ARG, "%s: attribute %.60s is unknown (%s)", op->name, name,
             known.n > 0 ? known.at : "it has no attributes");
    wg__text_free(&known);
}

static bool all_known(const wg_op *op, const json_t *object)
{
    /* jansson's iterators take an object that may be changed, though they change nothing. */
    json_t *o = (json_t *)object;

    for (void *at = json_object_iter(o); at != NULL; at = json_object_iter_next(o, at)) {
        const char *name = json_object_iter_key(at);
        const wg_attr *a = op->attrs;

        while (a != NULL && a->name != NULL && strcmp(a->name, name) != 0)
            a++;
        if (a == NULL || a->name == NULL) {
            fail_unknown(op, name);
            return false;
        }
    }
    return true;
}

bool wg__attrs_parse(const wg_op *op, const json_t *object, const wg_graph *like, void *attrs)
{
    char shown[WG__JSON_SHOWN];

    if (object != NULL && !json_is_object(object)) {
        wg__fail(WG_ERR_ARG, "%s: attributes: expected an object, got %s", op->name, wg__json_shown(object, shown));
        return false;
    }
    if (object != NULL && !all_known(op, object))
        return false;
    if (op->attrs_size > 0)
        memset(attrs, 0, op->attrs_size);
    for (const wg_attr *a = op->attrs; a != NULL && a->name != NULL; a++) {
        const json_t *value = json_object_get(object, a->name);

        if (value != NULL && a->kind == WG_ATTR_GRAPH ? !read_body(op, a, value, like, attrs)
            : value != NULL                           ? !read_given(op, a, value, attrs)
                                                      : !wg__attr_default(op, a, attrs))
            return false;
    }
    return true;
}

bool wg__attrs_default(const wg_op *op, void *attrs) { return wg__attrs_parse(op, NULL, NULL, attrs); }
