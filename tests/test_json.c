/* The graph description: what is written is read back the same, and what is wrong is told with the node and what was
 * expected. */
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wengert/op.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "graph/graph.h"
#include "suite.h"

/* ---- operators of the test's own, so that nothing here depends on the built-in ones ---- */

static wg_status no_kernel(const wg_call *c, int64_t begin, int64_t end)
{
    (void)c;
    (void)begin;
    (void)end;
    return WG_OK;
}

typedef struct probe_attrs {
    double rate, bound;
    int64_t count;
    bool keep;
    wg_axes axes;
    wg_shape shape;
    wg_dtype type;
    int how;
    char label[WG_ATTR_TEXT_MAX];
    wg_list list;
} probe_attrs;

#define FIELD(name) offsetof(probe_attrs, name)
static const wg_attr probe_table[] = {
    {"rate", WG_ATTR_F64, FIELD(rate), "1e-5", NULL},  {"bound", WG_ATTR_F64, FIELD(bound), "inf", NULL},
    {"count", WG_ATTR_I64, FIELD(count), "3", NULL},   {"keep", WG_ATTR_BOOL, FIELD(keep), "false", NULL},
    {"axes", WG_ATTR_AXES, FIELD(axes), "null", NULL}, {"shape", WG_ATTR_SHAPE, FIELD(shape), "[]", NULL},
    {"type", WG_ATTR_DTYPE, FIELD(type), "f32", NULL}, {"how", WG_ATTR_ENUM, FIELD(how), "mean", "mean|sum|none"},
    {"label", WG_ATTR_TEXT, FIELD(label), "", NULL},   {"list", WG_ATTR_LIST, FIELD(list), "null", NULL},
    {0},
};

typedef struct must_attrs {
    int64_t depth;
} must_attrs;
static const wg_attr must_table[] = {{"depth", WG_ATTR_I64, offsetof(must_attrs, depth), NULL, NULL}, {0}};

#define KERNEL .forward = {.f32 = no_kernel, .f64 = no_kernel}
static const wg_op op_join = {WG_OP, .name = "t_join", .doc = "a", .arity = 2, .flags = WG_ELEMENTWISE, KERNEL};
static const wg_op op_pair = {WG_OP, .name = "t_pair", .doc = "two results", .arity = 1, .results = 2, KERNEL};
static const wg_op op_list = {WG_OP, .name = "t_list", .doc = "any number", .arity = WG_VARIADIC, KERNEL};
static const wg_op op_probe = {WG_OP,      .name = "t_probe",    .doc = "every kind of attribute",
                               .arity = 1, .attrs = probe_table, .attrs_size = sizeof(probe_attrs),
                               KERNEL};
static const wg_op op_must = {WG_OP,      .name = "t_must",    .doc = "an attribute that must be given",
                              .arity = 1, .attrs = must_table, .attrs_size = sizeof(must_attrs),
                              KERNEL};

static wg_registry *registry;
static wg_graph_opts options;
static wg_graph *g;

static void set_up(void)
{
    const wg_op *own[] = {&op_join, &op_pair, &op_list, &op_probe, &op_must};

    registry = wg_registry_new();
    for (size_t i = 0; i < WG_COUNT(own); i++)
        ck_assert_int_eq(wg_register(registry, own[i]), WG_OK);
    options = (wg_graph_opts){.size = sizeof options, .registry = registry};
    g = wg_graph_new_with(&options);
}

static void tear_down(void)
{
    wg_graph_free(g);
    wg_registry_free(registry);
}

static wg_graph *parse(const char *text)
{
    return wg_graph_parse(text, strlen(text), &options);
}

/* Parses and writes again: the text must not change. Returns it, to be freed. */
static char *round_trip(const wg_graph *from, wg_graph **to)
{
    char *first = wg_graph_json(from, (wg_nodes){0}), *second;

    ck_assert_ptr_nonnull(first);
    *to = parse(first);
    ck_assert_msg(*to != NULL, "%s\n%s", wg_error(), first);
    second = wg_graph_json(*to, (wg_nodes){0});
    ck_assert_str_eq(first, second);
    wg_text_free(second);
    return first;
}

/* ---- round trips ---- */

START_TEST(test_leaves_survive_with_every_digit)
{
    static const double numbers[2][4] = {{0.1, -0.0, 1e300, 0x1p-1074}, {INFINITY, -INFINITY, NAN, 1.0 / 3}};
    static const int64_t wide[] = {INT64_MAX, INT64_MIN, 0};
    static const float single[] = {0.1f, 3e38f, 1e-45f};
    static const bool bits[] = {true, false};
    wg_graph *back;
    char *text;

    wg_constant(g, "numbers", WG_VIEW(&numbers[0][0], 2, 4));
    wg_constant(g, "wide", WG_VIEW(wide, 3));
    wg_constant(g, "single", WG_VIEW(single, 3));
    wg_constant(g, "bits", WG_VIEW(bits, 2));
    wg_constant(g, "empty", WG_VIEW(wide, 0, 3));
    wg_name(wg_const(g, 2.5), "weak");
    wg_input(g, "x", WG_U8, WG_SHAPE(WG_ANY, WG_BATCH, 3));
    wg_input(g, "scalar", WG_BOOL, WG_SCALAR);
    wg_param(g, "a/w1", WG_F32, WG_SHAPE(3, 4), wg_init_he());
    wg_param(g, "a/w2", WG_F32, WG_SHAPE(3, 4), wg_init_he_fan(7));
    wg_param(g, "a/w3", WG_F64, WG_SHAPE(3, 4), wg_init_xavier_fan(7, 8));
    wg_param(g, "a/w4", WG_F64, WG_SHAPE(3, 4), wg_init_normal(0, 0.0075));
    wg_param(g, "a/w5", WG_F64, WG_SHAPE(3, 4), wg_init_uniform(-1, 1));
    wg_param(g, "a/b", WG_F64, WG_SHAPE(4), wg_init_zeros());
    wg_variable(g, "steps", WG_I64, WG_SCALAR, wg_init_constant(5));
    ck_assert_str_eq(wg_graph_error(g), "");

    text = round_trip(g, &back);
    const double *read = wg_find(back, "numbers")->operation->value;
    ck_assert_mem_eq(read, numbers, 6 * sizeof(double));
    ck_assert(isnan(read[6]) && read[7] == 1.0 / 3);
    ck_assert_mem_eq(wg_find(back, "wide")->operation->value, wide, sizeof wide);
    ck_assert_mem_eq(wg_find(back, "single")->operation->value, single, sizeof single);
    ck_assert_mem_eq(wg_find(back, "bits")->operation->value, bits, sizeof bits);
    ck_assert(wg_shape_equal(wg_node_shape(wg_find(back, "empty")), WG_SHAPE(0, 3)));
    ck_assert(wg_shape_equal(wg_node_shape(wg_find(back, "x")), WG_SHAPE(WG_ANY, WG_BATCH, 3)));
    ck_assert_int_eq(wg_node_dtype(wg_find(back, "weak")), WG_F64);
    ck_assert_int_eq(wg_find(back, "a/w3")->operation->init.kind, WG_INIT_XAVIER);
    ck_assert_double_eq(wg_find(back, "a/w4")->operation->init.b, 0.0075);
    ck_assert_double_eq(wg_find(back, "steps")->operation->init.a, 5);
    ck_assert_ptr_nonnull(strstr(text, "\"deviation\": 0.0075}"));
    wg_text_free(text);
    wg_graph_free(back);
}
END_TEST

START_TEST(test_operations_keep_names_operands_and_results)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH));
    wg_node *pair = wg_apply(&op_pair, WG_NODES(x), NULL);
    wg_node *second = wg_node_results(pair).at[1];
    wg_graph *back;
    char *text;

    wg_name(pair, "halves");
    wg_output(wg_apply(&op_join, WG_NODES(x, second), NULL), "y");
    wg_output(wg_apply(&op_list, WG_NODES(x, pair, second), NULL), "z");
    wg_input(g, "unused", WG_F64, WG_SCALAR);
    text = round_trip(g, &back);
    ck_assert_ptr_nonnull(strstr(text, "\"inputs\": [\"x\", \"halves.1\"]"));
    ck_assert_ptr_null(strstr(text, "unused"));
    ck_assert_ptr_nonnull(strstr(text, "\"outputs\": [\"y\", \"z\"]"));
    ck_assert_uint_eq(wg_graph_outputs(back).n, 2);
    ck_assert_ptr_eq(wg_node_inputs(wg_find(back, "y")).at[1], wg_find(back, "halves.1"));
    wg_text_free(text);
    wg_graph_free(back);
}
END_TEST

START_TEST(test_outputs_given_choose_a_part)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SCALAR), *y = wg_output(wg_apply(&op_list, WG_NODES(x), NULL), "y");
    wg_node *z = wg_output(wg_apply(&op_list, WG_NODES(y), NULL), "z");
    char *text = wg_graph_json(g, WG_NODES(y));
    wg_graph *other = wg_graph_new();

    ck_assert_ptr_null(strstr(text, "\"z\""));
    wg_text_free(text);
    ck_assert_ptr_null(wg_graph_json(other, WG_NODES(z)));
    ck_assert_int_eq(wg_error_status(), WG_ERR_GRAPH);
    ck_assert_ptr_null(wg_graph_json(NULL, (wg_nodes){0}));
    wg_graph_free(other);
}
END_TEST

START_TEST(test_entries_and_meta_travel_and_what_entries_name_is_kept)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SCALAR);
    wg_graph *back;
    char *text;

    wg_output(wg_apply(&op_list, WG_NODES(x), NULL), "y");
    wg_name(wg_apply(&op_list, WG_NODES(x), NULL), "cost");
    ck_assert_int_eq(wg_graph_set_entry(g, "train", "{\"loss\":\"cost\",\"optimizer\":{\"lr\":0.5}}"), WG_OK);
    ck_assert_int_eq(wg_graph_set_meta(g, "why \"quoted\"", "line\nbreak \xC3\xA9 \xFF"), WG_OK);
    text = round_trip(g, &back);
    ck_assert_ptr_nonnull(wg_find(back, "cost"));
    ck_assert_str_eq(wg_graph_entry(back, "train"), "{\"loss\":\"cost\",\"optimizer\":{\"lr\":0.5}}");
    ck_assert_str_eq(wg_graph_meta(back, "why \"quoted\""), "line\nbreak \xC3\xA9 \xEF\xBF\xBD");
    wg_text_free(text);
    wg_graph_free(back);
}
END_TEST

START_TEST(test_a_graph_that_was_read_can_be_continued)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SCALAR), *last;
    wg_graph *back, *again;

    wg_apply(&op_list, WG_NODES(x), NULL);
    wg_output(wg_apply(&op_pair, WG_NODES(wg_apply(&op_pair, WG_NODES(x), NULL)), NULL), "y");
    wg_text_free(round_trip(g, &back)); /* without t_list_1, so that numbers shift */
    last = wg_find(back, "y");
    for (int i = 0; i < 5; i++)
        last = wg_apply(&op_pair, WG_NODES(last), NULL);
    wg_output(last, "z");
    wg_text_free(round_trip(back, &again));
    wg_graph_free(again);
    wg_graph_free(back);
}
END_TEST

START_TEST(test_attributes_survive_and_defaults_are_left_out)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SCALAR);
    const probe_attrs given = {.rate = 0.1,
                               .bound = -INFINITY,
                               .count = -7,
                               .keep = true,
                               .axes = WG_AXES(0, -1),
                               .shape = WG_SHAPE(-1, 0, WG_BATCH, 5),
                               .type = WG_I64,
                               .how = 2,
                               .label = "a \"b\"",
                               .list = WG_LIST(3, WG_ABSENT, INT64_MAX)};
    wg_graph *back;
    char *text;

    wg_name(wg_apply(&op_probe, WG_NODES(x), &given), "given");
    wg_name(wg_apply(&op_probe, WG_NODES(x), NULL), "usual");
    wg_name(wg_apply(&op_must, WG_NODES(x), &(must_attrs){4}), "must");
    text = round_trip(g, &back);
    ck_assert_ptr_nonnull(strstr(text, "{\"name\": \"usual\", \"op\": \"t_probe\", \"inputs\": [\"x\"]}"));
    ck_assert_ptr_nonnull(strstr(text, "\"attrs\": {\"rate\": 0.1, \"bound\": \"-inf\", \"count\": -7, \"keep\": true, "
                                       "\"axes\": [0, -1], \"shape\": [-1, 0, \"N\", 5], \"type\": \"i64\", "
                                       "\"how\": \"none\", \"label\": \"a \\\"b\\\"\", "
                                       "\"list\": [3, null, 9223372036854775807]}"));
    ck_assert(wg__attrs_equal(&op_probe, wg_node_attrs(wg_find(back, "given")), &given));
    const probe_attrs *usual = wg_node_attrs(wg_find(back, "usual"));
    ck_assert(usual->rate == 1e-5 && isinf(usual->bound) && usual->count == 3 && usual->axes.n == -1);
    ck_assert(usual->type == WG_F32 && usual->how == 0 && usual->label[0] == '\0' && usual->shape.rank == 0);
    ck_assert(usual->list.n == -1);
    wg_text_free(text);
    wg_graph_free(back);
}
END_TEST

START_TEST(test_numbers_keep_their_point_in_every_locale)
{
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    const double x = 1234.5;
    wg_graph *back;
    char *text;

    for (size_t i = 0; i < WG_COUNT(locales) && setlocale(LC_ALL, locales[i]) == NULL; i++)
        continue;
    wg_constant(g, "c", WG_VIEW(&x, 1));
    text = round_trip(g, &back);
    ck_assert_ptr_nonnull(strstr(text, "\"value\": [1234.5]"));
    ck_assert_double_eq(*(const double *)wg_find(back, "c")->operation->value, x);
    setlocale(LC_ALL, "C");
    wg_text_free(text);
    wg_graph_free(back);
}
END_TEST

/* ---- what is read ---- */

#define HEAD "{\"format\": \"wengert-graph\", \"version\": 1, \"nodes\": ["
#define X "{\"name\": \"x\", \"op\": \"input\", \"dtype\": \"f64\", \"shape\": [3, \"N\"]}"

START_TEST(test_a_description_written_by_hand)
{
    wg_graph *h = parse(
        HEAD X
        ",\n"
        "{\"name\": \"W\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [3, 1], \"init\": [[1], [2.5], [3]]},\n"
        "{\"name\": \"v\", \"op\": \"variable\", \"dtype\": \"i32\", \"shape\": []},\n"
        "{\"name\": \"z\", \"op\": \"t_join\", \"inputs\": [\"W\", \"x\"]},\n"
        "{\"name\": \"p\", \"op\": \"t_probe\", \"inputs\": [\"z\"], \"attrs\": {\"axes\": 1, \"rate\": 2}}],\n"
        "\"outputs\": [\"p\", \"z\", \"p\"],\n"
        "\"entries\": {\"predict\": {\"feeds\": [\"x\"], \"outputs\": [\"p\"]}}}");

    ck_assert_msg(h != NULL, "%s", wg_error());
    ck_assert_double_eq(((const double *)wg_find(h, "W")->operation->value)[1], 2.5);
    ck_assert(wg_shape_equal(wg_node_shape(wg_find(h, "z")), WG_SHAPE(3, WG_BATCH)));
    const probe_attrs *p = wg_node_attrs(wg_find(h, "p"));
    ck_assert(p->axes.n == 1 && p->axes.at[0] == 1 && p->rate == 2);
    ck_assert_uint_eq(wg_graph_outputs(h).n, 2);
    ck_assert_str_eq(wg_graph_entry(h, "predict"), "{\"feeds\":[\"x\"],\"outputs\":[\"p\"]}");
    wg_graph_free(h);
}
END_TEST

static const struct {
    const char *text, *error; /* the error: a part of the message */
} wrong[] = {
    {"", "is empty; expected an object"},
    {" \t\r\n", "is empty; expected an object"},
    {"[1]", "expected an object"},
    {"{\"format\": \"x\"}", "\"format\": \"wengert-graph\""},
    {"{\"format\": \"wengert-graph\", \"version\": 2, \"nodes\": []}", "\"version\": 1"},
    {"{\"format\": \"wengert-graph\", \"version\": 1}", "nodes: expected a list"},
    {HEAD "], \"node\": 1}", "member \"node\" is unknown"},
    {HEAD "]} x", "line 1"},
    {HEAD "], \"nodes\": []}", "duplicate"},
    {HEAD "3]}", "node 1 of the list: expected an object with a name"},
    {HEAD X ", {\"op\": \"input\"}]}", "node 2 of the list"},
    {HEAD "{\"name\": \"a b\", \"op\": \"input\"}]}", "node a b: is no name"},
    {HEAD "{\"name\": \"../x\", \"op\": \"input\"}]}", "is no name"},
    {HEAD X "," X "]}", "node x: the name is taken"},
    {HEAD "{\"name\": \"y\"}]}", "node y: op: expected an operator's name, got nothing"},
    {HEAD "{\"name\": \"y\", \"op\": 3}]}", "got 3"},
    {HEAD X ", {\"name\": \"y\", \"op\": \"t_joyn\", \"inputs\": [\"x\", \"x\"]}]}", "did you mean t_join?"},
    {HEAD X ", {\"name\": \"y\", \"op\": \"unheard_of_thing\"}]}", "there is no operator \"unheard_of_thing\""},
    {HEAD X ", {\"name\": \"y\", \"op\": \"t_join\", \"inputs\": [\"x\"]}]}",
     "node y: t_join: takes 2 operands, got 1"},
    {HEAD X ", {\"name\": \"y\", \"op\": \"t_join\", \"input\": [\"x\"]}]}", "node y: member \"input\" is unknown"},
    {HEAD X ", {\"name\": \"y\", \"op\": \"t_list\", \"inputs\": \"x\"}]}",
     "inputs: expected a list of names, got \"x\""},
    {HEAD X ", {\"name\": \"y\", \"op\": \"t_list\", \"inputs\": [1]}]}", "inputs: expected names, got 1"},
    {HEAD X ", {\"name\": \"y\", \"op\": \"t_list\", \"inputs\": [\"q\"]}]}", "node y: input \"q\" does not exist"},
    {HEAD "{\"name\": \"y\", \"op\": \"t_list\", \"inputs\": [\"x\"]}," X "]}",
     "node y: input \"x\" does not stand before"},
    {HEAD "{\"name\": \"y\", \"op\": \"t_list\", \"inputs\": [\"y\"]}]}", "node y: input \"y\" does not stand before"},
    {HEAD X ", {\"name\": \"y\", \"op\": \"t_must\", \"inputs\": [\"x\"]}]}",
     "attribute depth must be given: an integer"},
    {HEAD "{\"name\": \"x\", \"op\": \"input\", \"dtype\": \"f16\", \"shape\": []}]}", "expected f32, f64"},
    {HEAD "{\"name\": \"x\", \"op\": \"input\", \"shape\": []}]}",
     "node x: dtype: expected an element type, got nothing"},
    {HEAD "{\"name\": \"x\", \"op\": \"input\", \"dtype\": \"f64\"}]}", "node x: shape: expected a list"},
    {HEAD "{\"name\": \"x\", \"op\": \"input\", \"dtype\": \"f64\", \"shape\": [\"NN\"]}]}", "got [\"NN\"]"},
    {HEAD "{\"name\": \"x\", \"op\": \"input\", \"dtype\": \"f64\", \"shape\": [-2]}]}", "numbers >= 0"},
    {HEAD "{\"name\": \"x\", \"op\": \"input\", \"dtype\": \"f64\", \"shape\": [1,1,1,1,1,1,1,1,1]}]}", "at most 8"},
    {HEAD "{\"name\": \"x\", \"op\": \"input\", \"dtype\": \"f64\", \"shape\": [], \"init\": 0}]}",
     "\"init\" is unknown"},
    {HEAD "{\"name\": \"w\", \"op\": \"param\", \"dtype\": \"i64\", \"shape\": []}]}", "node w: "},
    {HEAD "{\"name\": \"w\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [\"N\"]}]}", "must be known in full"},
    {HEAD "{\"name\": \"w\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [4611686018427387904, 4]}]}",
     "node w: "},
    {HEAD "{\"name\": \"w\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [2], \"init\": [1]}]}",
     "init: has shape (1), but the node's shape is (2)"},
    {HEAD "{\"name\": \"w\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [2], \"init\": {\"name\": \"hee\"}}]}",
     "expected the name normal, truncated_normal, uniform, he, xavier, lecun or orthogonal"},
    {HEAD "{\"name\": \"w\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [2], \"init\": {\"name\": \"he\", "
          "\"a\": 1}}]}",
     "init he: member \"a\" is unknown"},
    {HEAD "{\"name\": \"w\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [2], \"init\": true}]}", "got true"},
    {HEAD "{\"name\": \"c\", \"op\": \"constant\", \"dtype\": \"f64\"}]}", "value: expected a number or nested lists"},
    {HEAD "{\"name\": \"c\", \"op\": \"constant\", \"dtype\": \"f64\", \"value\": [[1], [1, 2]]}]}", "equal lengths"},
    {HEAD "{\"name\": \"c\", \"op\": \"constant\", \"dtype\": \"f64\", \"value\": [1, [2]]}]}", "equal lengths"},
    {HEAD "{\"name\": \"c\", \"op\": \"constant\", \"dtype\": \"f64\", \"value\": [\"a\"]}]}",
     "number of type f64, got \"a\""},
    {HEAD "{\"name\": \"c\", \"op\": \"constant\", \"dtype\": \"u8\", \"value\": 256}]}", "number of type u8, got 256"},
    {HEAD "{\"name\": \"c\", \"op\": \"constant\", \"dtype\": \"i32\", \"value\": 1.5}]}", "number of type i32"},
    {HEAD "{\"name\": \"c\", \"op\": \"constant\", \"dtype\": \"f64\", \"value\": [[[[[[[[[1]]]]]]]]]}]}",
     "deeper than 8"},
    {HEAD "{\"name\": \"c\", \"op\": \"constant\", \"dtype\": \"f64\", \"shape\": [2], \"value\": 1}]}",
     "value: has shape ()"},
    {HEAD "], \"outputs\": [\"x\"]}", "outputs: \"x\" is not a node"},
    {HEAD "], \"outputs\": {}}", "outputs: expected a list"},
    {HEAD "], \"entries\": []}", "entries: expected an object"},
    {HEAD "], \"entries\": {\"train\": 1}}", "entry train: expected an object"},
    {HEAD "], \"meta\": {\"a\": 1}}", "meta a: expected a text"},
};

START_TEST(test_a_mistake_names_the_node_and_what_was_expected)
{
    ck_assert_ptr_null(parse(wrong[_i].text));
    ck_assert_int_eq(wg_error_status(), WG_ERR_FORMAT);
    ck_assert_msg(strstr(wg_error(), wrong[_i].error) != NULL, "%s\n%s", wrong[_i].text, wg_error());
}
END_TEST

static const struct {
    const char *attrs, *error;
} wrong_attrs[] = {
    {"{\"rat\": 1}", "t_probe: attribute rat is unknown (known: rate, bound, count"},
    {"{\"rate\": \"x\"}", "t_probe: attribute rate: expected a number, got \"x\""},
    {"{\"count\": 1.5}", "attribute count: expected an integer, got 1.5"},
    {"{\"keep\": 1}", "attribute keep: expected true or false, got 1"},
    {"{\"axes\": [0.5]}", "attribute axes: expected an integer, a list"},
    {"{\"axes\": [1,2,3,4,5,6,7,8,9]}", "attribute axes"},
    {"{\"axes\": 99999999999}", "attribute axes"},
    {"{\"axes\": \"01234567890123456789012345678901234567890123456789\"}", "null for all axes, got "},
    {"{\"shape\": [-2]}", "attribute shape is out of range"},
    {"{\"shape\": [-9223372036854775808]}", "attribute shape is out of range"},
    {"{\"shape\": 3}", "attribute shape: expected a list"},
    {"{\"type\": \"f16\"}", "attribute type: expected an element type"},
    {"{\"how\": \"max\"}", "attribute how: expected mean|sum|none, got \"max\""},
    {"{\"label\": \"0123456789012345678901234567890123456789012345678901234567890123\"}", "at most 63 bytes"},
    {"{\"list\": [1.5]}", "attribute list: expected an integer, or a list of at most 8 integers and nulls"},
    {"{\"list\": [1,2,3,4,5,6,7,8,9]}", "attribute list: expected an integer, or a list"},
    {"[]", "expected an object"},
    {"{", "t_probe: attributes: line 1"},
};

START_TEST(test_a_wrong_attribute_tells_what_was_expected)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SCALAR);

    ck_assert_ptr_null(wg_apply_named(g, "t_probe", WG_NODES(x), wrong_attrs[_i].attrs));
    ck_assert_msg(strstr(wg_error(), wrong_attrs[_i].error) != NULL, "%s", wg_error());
    ck_assert_str_eq(wg_error(), wg_graph_error(g));
}
END_TEST

START_TEST(test_applying_by_name)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SCALAR);
    wg_node *p = wg_apply_named(g, "t_probe", WG_NODES(x), "{\"how\": \"sum\", \"axes\": null, \"list\": -4}");

    const probe_attrs *at = wg_node_attrs(p);
    ck_assert(at->how == 1 && at->list.n == 1 && at->list.at[0] == -4);
    ck_assert_ptr_nonnull(wg_apply_named(g, "t_join", WG_NODES(x, x), NULL));
    ck_assert_ptr_nonnull(wg_apply_named(g, "t_join", WG_NODES(x, x), "{}"));
    ck_assert_ptr_null(wg_apply_named(NULL, "t_join", WG_NODES(x, x), NULL));
    ck_assert_str_eq(wg_graph_error(g), "");
    ck_assert_ptr_null(wg_apply_named(g, "t_jion", WG_NODES(x, x), NULL));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
    ck_assert_ptr_nonnull(strstr(wg_error(), "did you mean t_join?"));
}
END_TEST

/* ---- what nobody meant ---- */

static const char whole[] = HEAD X
    ",{\"name\":\"c\",\"op\":\"constant\",\"dtype\":\"i64\",\"value\":[[1,2],[3,4]]},"
    "{\"name\":\"w\",\"op\":\"param\",\"dtype\":\"f32\",\"shape\":[1],\"init\":{\"name\":\"normal\",\"mean\":0,"
    "\"deviation\":1}},{\"name\":\"w2\",\"op\":\"param\",\"dtype\":\"f32\",\"shape\":[1],\"init\":[1]},"
    "{\"name\":\"y\",\"op\":\"t_probe\",\"inputs\":[\"x\"],\"attrs\":{\"how\":\"sum\",\"shape\":[1,\"N\",null]}},"
    "{\"name\":\"z\",\"op\":\"t_join\",\"inputs\":[\"y\",\"x\"]}],\"outputs\":[\"z\"],"
    "\"entries\":{\"e\":{\"loss\":\"z\"}},\"meta\":{\"k\":\"v\"}}";

START_TEST(test_no_cut_or_changed_byte_does_harm)
{
    static const char bytes[] = "\"{}[],:0-e\\\xFF\x01N ";
    char text[sizeof whole];
    wg_graph *h;

    for (size_t n = 0; n < sizeof whole - 1; n++) {
        ck_assert_ptr_null(wg_graph_parse(whole, n, &options));
        ck_assert_int_eq(wg_error_status(), WG_ERR_FORMAT);
    }
    for (size_t at = 0; at < sizeof whole - 1; at++)
        for (size_t b = 0; b < sizeof bytes; b++) {
            memcpy(text, whole, sizeof text);
            text[at] = bytes[b];
            h = wg_graph_parse(text, sizeof whole - 1, &options);
            ck_assert(h != NULL || wg_error_status() == WG_ERR_FORMAT);
            wg_graph_free(h);
        }
}
END_TEST

START_TEST(test_deep_nesting_is_refused)
{
    enum { DEPTH = 100000 };
    char *text = malloc(DEPTH + 1);

    memset(text, '[', DEPTH);
    ck_assert_ptr_null(wg_graph_parse(text, DEPTH, &options));
    ck_assert_int_eq(wg_error_status(), WG_ERR_FORMAT);
    free(text);
    ck_assert_ptr_null(wg_graph_parse(NULL, 0, &options));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
}
END_TEST

START_TEST(test_memory_that_runs_out_anywhere_is_told_and_loses_nothing)
{
    size_t parsing, writing;
    wg_graph *h;
    char *text;

    wg__alloc_fail_at(0, 0);
    h = parse(whole);
    parsing = wg__alloc_fail_at(0, 0);
    text = wg_graph_json(h, (wg_nodes){0});
    writing = wg__alloc_fail_at(0, 0);
    wg_text_free(text);
    for (size_t n = 1; n <= writing; n++) {
        wg__alloc_fail_at(n, 1);
        ck_assert_ptr_null(wg_graph_json(h, (wg_nodes){0}));
        ck_assert_int_eq(wg_error_status(), WG_ERR_NOMEM);
    }
    wg__alloc_fail_at(0, 0);
    wg_graph_free(h);
    for (size_t n = 1; n <= parsing; n++) {
        wg__alloc_fail_at(n, 1);
        ck_assert_ptr_null(parse(whole));
        ck_assert_int_eq(wg_error_status(), WG_ERR_NOMEM);
    }
    wg__alloc_fail_at(0, 0);
}
END_TEST

/* ---- Graphviz ---- */

START_TEST(test_dot_shows_leaves_operations_and_edges)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, 3));
    wg_node *w = wg_param(g, "w", WG_F64, WG_SHAPE(3), wg_init_zeros());
    char *text;

    wg_output(wg_apply(&op_join, WG_NODES(x, w), NULL), "y");
    text = wg_graph_dot(g, (wg_nodes){0});
    ck_assert_ptr_eq(text, strstr(text, "digraph wengert {"));
    ck_assert_ptr_nonnull(strstr(text, "\"x\" [shape=box"));
    ck_assert_ptr_nonnull(strstr(text, "label=\"t_join\\ny\\nf64 (N,3)\"];"));
    ck_assert_ptr_nonnull(strstr(text, "\"x\" -> \"y\";"));
    ck_assert_ptr_nonnull(strstr(text, "peripheries=2"));
    wg_text_free(text);
}
END_TEST

/* ---- the pieces below ---- */

START_TEST(test_numbers_are_short_and_exact)
{
    static const struct {
        double value;
        bool single;
        const char *text;
    } cases[] = {{0.0075, false, "0.0075"}, {0.1f, true, "0.1"},           {0.1f, false, "0.10000000149011612"},
                 {-0.0, false, "-0"},       {1e22, false, "1e+22"},        {NAN, false, "nan"},
                 {-INFINITY, true, "-inf"}, {16777216.0, true, "16777216"}};
    char text[WG__NUMBER_MAX];

    for (size_t i = 0; i < WG_COUNT(cases); i++)
        ck_assert_str_eq(wg__number_text(cases[i].value, cases[i].single, text), cases[i].text);
}
END_TEST

START_TEST(test_distances_between_names)
{
    int best = INT_MAX;

    ck_assert_int_eq(wg__edit_distance("matmul", "matmul"), 0);
    ck_assert_int_eq(wg__edit_distance("matmul", "mat_mul"), 1);
    ck_assert_int_eq(wg__edit_distance("kitten", "sitting"), 3);
    ck_assert_int_eq(wg__edit_distance("", "abc"), 3);
    ck_assert(!wg__nearer("relu", "matmul", &best));
    ck_assert(wg__nearer("rleu", "relu", &best) && best == 2);
    ck_assert(!wg__nearer("rleu", "gelu", &best));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *trips = tcase_create("round trips"), *reading = tcase_create("reading");

    tcase_add_checked_fixture(trips, set_up, tear_down);
    tcase_add_checked_fixture(reading, set_up, tear_down);
    tcase_add_test(trips, test_leaves_survive_with_every_digit);
    tcase_add_test(trips, test_operations_keep_names_operands_and_results);
    tcase_add_test(trips, test_outputs_given_choose_a_part);
    tcase_add_test(trips, test_entries_and_meta_travel_and_what_entries_name_is_kept);
    tcase_add_test(trips, test_a_graph_that_was_read_can_be_continued);
    tcase_add_test(trips, test_attributes_survive_and_defaults_are_left_out);
    tcase_add_test(trips, test_numbers_keep_their_point_in_every_locale);
    tcase_add_test(trips, test_dot_shows_leaves_operations_and_edges);
    tcase_add_test(trips, test_numbers_are_short_and_exact);
    tcase_add_test(trips, test_distances_between_names);
    tcase_add_test(reading, test_a_description_written_by_hand);
    tcase_add_loop_test(reading, test_a_mistake_names_the_node_and_what_was_expected, 0, WG_COUNT(wrong));
    tcase_add_loop_test(reading, test_a_wrong_attribute_tells_what_was_expected, 0, WG_COUNT(wrong_attrs));
    tcase_add_test(reading, test_applying_by_name);
    tcase_add_test(reading, test_no_cut_or_changed_byte_does_harm);
    tcase_add_test(reading, test_deep_nesting_is_refused);
    tcase_add_test(reading, test_memory_that_runs_out_anywhere_is_told_and_loses_nothing);
    suite_add_tcase(suite, trips);
    suite_add_tcase(suite, reading);
    return run_suite(suite);
}
