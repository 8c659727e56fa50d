/* The descriptions of leaves: inputs, parameters, variables and constants. */
#include <stdio.h>
#include <string.h>

#include "graph/json_reader.h"

static bool read_dtype(const wg__reader *r, wg_dtype *type)
{
    const char *name = wg__reader_string(r, "dtype", "an element type");

    if (name == NULL)
        return false;
    *type = wg_dtype_named(name);
    return *type != WG_DTYPE_NONE ||
           wg__reader_fail(r, "dtype: expected f32, f64, i32, i64, u8 or bool, got \"%.40s\"", name);
}

static bool read_shape(const wg__reader *r, wg_shape *shape)
{
    const json_t *value = json_object_get(r->node, "shape");
    char shown[WG__JSON_SHOWN];

    return (wg__json_to_shape(value, shape) && wg__shape_valid(shape)) ||
           wg__reader_fail(r, "shape: expected a list of at most 8 sizes (numbers >= 0, letters, null for any), got %s",
                           wg__json_shown(value, shown));
}

const wg__init_name wg__init_names[WG__INIT_NAMES] = {
    { WG_INIT_NORMAL, "normal", "mean", "deviation" },
    { WG_INIT_TRUNCATED_NORMAL, "truncated_normal", "mean", "deviation" },
    { WG_INIT_UNIFORM, "uniform", "low", "high" },
    { WG_INIT_HE, "he", "fan_in", NULL },
    { WG_INIT_XAVIER, "xavier", "fan_in", "fan_out" },
    { WG_INIT_LECUN, "lecun", "fan_in", NULL },
    { WG_INIT_ORTHOGONAL, "orthogonal", "gain", NULL },
};

/* A drawn initial value: {"name": "normal", "mean": 0, "deviation": 1}, .. */
static bool read_drawn(const wg__reader *r, const json_t *value, wg_init *init)
{
    const char *name = json_string_value(json_object_get(value, "name")), *which;
    char shown[WG__JSON_SHOWN], keys[64];

    for (size_t i = 0; name != NULL && i < WG__INIT_NAMES; i++) {
        const wg__init_name *kind = &wg__init_names[i];
        const json_t *a = json_object_get(value, kind->a);
        const json_t *b = kind->b == NULL ? NULL : json_object_get(value, kind->b);

        if (strcmp(kind->name, name) != 0)
            continue;
        *init = (wg_init){ .kind = kind->kind };
        snprintf(keys, sizeof keys, "name %s%s%s", kind->a, kind->b == NULL ? "" : " ", kind->b == NULL ? "" : kind->b);
        if (!wg__json_only(value, keys, &which))
            return wg__reader_fail(r, "init %s: member \"%.60s\" is unknown (known: %s)", name, which, keys);
        if ((a != NULL && !wg__json_to_number(a, &init->a)) || (b != NULL && !wg__json_to_number(b, &init->b)))
            return wg__reader_fail(r, "init %s: expected numbers, got %s", name, wg__json_shown(value, shown));
        return true;
    }
    return wg__reader_fail(r,
                           "init: expected the name normal, truncated_normal, uniform, he, xavier, lecun or orthogonal, a "
                           "number, or nested lists, got %s",
                           wg__json_shown(value, shown));
}

/* Elements in the graph's memory, of the shape that the value itself has; NULL, failed. */
static void *read_elements(const wg__reader *r, const char *key, const json_t *value, wg_dtype type, wg_shape *shape)
{
    void *elements;
    size_t bytes;

    if (!wg__json_tensor_shape(value, shape)) {
        wg__reader_fail(r, "%s: %s", key, wg_error());
        return NULL;
    }
    if (!wg__shape_bytes(shape, type, &bytes)) {
        wg__reader_fail(r, "%s: is larger than memory can address", key);
        return NULL;
    }
    elements = wg__arena_alloc(&r->graph->arena, bytes);
    if (elements != NULL && !wg__json_to_tensor(value, shape, type, elements)) {
        wg__reader_fail(r, "%s: %s", key, wg_error());
        return NULL;
    }
    return elements;
}

/* Nested lists of numbers must have the shape that the node declares; without elements only the number of them is seen.
 * */
static bool same_shape(const wg__reader *r, const char *key, const wg_shape *found, const wg_shape *declared)
{
    char a[96], b[96];

    return wg_shape_equal(*found, *declared) || (wg_shape_count(*found) == 0 && wg_shape_count(*declared) == 0) ||
           wg__reader_fail(r, "%s: has shape %s, but the node's shape is %s", key, wg_shape_text(*found, a, sizeof a),
                           wg_shape_text(*declared, b, sizeof b));
}

static wg_node *read_input(const wg__reader *r)
{
    wg_dtype type;
    wg_shape shape;

    if (!wg__reader_keys(r, "name op dtype shape") || !read_dtype(r, &type) || !read_shape(r, &shape))
        return NULL;
    return wg_input(r->graph, r->name, type, shape);
}

/* Parameters and variables, which differ only in the call that makes them. */
static wg_node *read_variable(const wg__reader *r,
                              wg_node *(*make)(wg_graph *, const char *, wg_dtype, wg_shape, wg_init))
{
    const json_t *value = json_object_get(r->node, "init");
    wg_init init = wg_init_zeros();
    void *elements = NULL;
    wg_shape shape, found;
    wg_dtype type;
    wg_node *n;

    if (!wg__reader_keys(r, "name op dtype shape init") || !read_dtype(r, &type) || !read_shape(r, &shape))
        return NULL;
    if (json_is_array(value)) {
        elements = read_elements(r, "init", value, type, &found);
        if (elements == NULL || !same_shape(r, "init", &found, &shape))
            return NULL;
    } else if (value != NULL && !wg__json_to_number(value, &init.a) && !read_drawn(r, value, &init)) {
        return NULL;
    }
    n = make(r->graph, r->name, type, shape, init);
    if (n != NULL)
        n->operation->value = elements;
    return n;
}

static wg_node *read_param(const wg__reader *r) { return read_variable(r, wg_param); }

static wg_node *read_state(const wg__reader *r) { return read_variable(r, wg_variable); }

static wg_node *read_constant(const wg__reader *r)
{
    const json_t *value = json_object_get(r->node, "value");
    wg_shape shape, found;
    wg_dtype type;
    void *elements;

    if (!wg__reader_keys(r, "name op dtype shape value") || !read_dtype(r, &type))
        return NULL;
    if (value == NULL) {
        wg__reader_fail(r, "value: expected a number or nested lists, got nothing");
        return NULL;
    }
    elements = read_elements(r, "value", value, type, &found);
    if (elements == NULL)
        return NULL;
    shape = found;
    if (json_object_get(r->node, "shape") != NULL &&
        (!read_shape(r, &shape) || !same_shape(r, "value", &found, &shape)))
        return NULL;
    return wg_constant(r->graph, r->name, wg_view_of(elements, type, shape));
}

static const struct {
    const char *op;
    wg_node *(*read)(const wg__reader *);
} leaves[] = {
    { "input", read_input }, { "param", read_param }, { "variable", read_state }, { "constant", read_constant }
};

bool wg__is_leaf(const char *op)
{
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        if (strcmp(leaves[i].op, op) == 0)
            return true;
    return false;
}

bool wg__read_leaf(const wg__reader *r, const char *op)
{
    size_t i = 0;

    while (strcmp(leaves[i].op, op) != 0)
        i++;
    if (leaves[i].read(r) != NULL)
        return true;
    return r->graph->status == WG_OK ? false : wg__reader_fail_again(r); /* the graph's failures do not name the node */
}
