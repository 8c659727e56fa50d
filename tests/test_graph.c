/* lib/graph: names, scopes, types that settle, failures and their texts. */
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include <wengert.h>

static wg_graph *g;
static wg_node *x, *w;

static void set_up(void)
{
    g = wg_graph_new();
    x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 3));
    w = wg_param(g, "w", WG_F32, WG_SHAPE(3, 2), wg_init_he());
    ck_assert_ptr_nonnull(w);
}

static void tear_down(void) { wg_graph_free(g); }

START_TEST(names_are_unique_and_scoped)
{
    wg_scope_push(g, "block%d/a", 1);
    wg_node *b = wg_param(g, "w", WG_F32, WG_SHAPE(2), wg_init_zeros());
    ck_assert_str_eq(wg_node_name(b), "block1/a/w");
    wg_scope_pop(g);
    wg_node *y = wg_name(wg_relu(x), "y%d", 7);
    ck_assert_str_eq(wg_node_name(y), "y7");
    ck_assert_ptr_eq(wg_find(g, "y7"), y);
    ck_assert_ptr_eq(wg_find(g, "block1/a/w"), b);
    ck_assert_ptr_null(wg_find(g, "nowhere"));
    ck_assert_str_eq(wg_graph_error(g), "");
    ck_assert_ptr_null(wg_input(g, "w", WG_F32, WG_SHAPE(1)));
    ck_assert_str_eq(wg_graph_error(g), "the name w is taken");
}
END_TEST

START_TEST(a_made_up_name_makes_way_for_a_users_name)
{
    wg_node *r = wg_relu(x);
    char taken[64];
    strcpy(taken, wg_node_name(r));
    wg_node *e = wg_name(wg_exp(x), "%s", taken);
    ck_assert_str_eq(wg_node_name(e), taken);
    ck_assert_str_ne(wg_node_name(r), taken);
    ck_assert_ptr_eq(wg_find(g, taken), e);
    ck_assert_ptr_eq(wg_find(g, wg_node_name(r)), r);
}
END_TEST

START_TEST(bad_names_are_refused)
{
    static const char *const bad[] = { "", "a b", "../x", "a//b", "/a", "a/", "a/./b", "x\xc3\xa4" };
    ck_assert_ptr_null(wg_input(g, bad[_i], WG_F32, WG_SHAPE(1)));
    ck_assert_ptr_nonnull(strstr(wg_error(), "is no name"));
}
END_TEST

START_TEST(a_graph_that_failed_stays_failed_with_its_first_text)
{
    ck_assert_ptr_null(wg_matmul(w, w));
    ck_assert_str_eq(wg_graph_error(g), "matmul: inner sizes differ: (3,2) by (3,2), in matmul(w, w)");
    ck_assert_ptr_null(wg_relu(x));
    ck_assert_ptr_null(wg_input(g, "other", WG_F32, WG_SHAPE(1)));
    ck_assert_ptr_nonnull(strstr(wg_graph_error(g), "inner sizes"));
    ck_assert_ptr_null(wg_compile(g, WG_INFER, WG_NODES(x)));
    ck_assert_int_eq(wg_error_status(), WG_ERR_GRAPH);
    ck_assert_ptr_nonnull(strstr(wg_error(), "inner sizes"));
}
END_TEST

START_TEST(a_null_operand_out_of_nowhere_is_told)
{
    ck_assert_ptr_null(wg_add(x, NULL));
    ck_assert_str_eq(wg_graph_error(g), "add: operand 1 is NULL");
}
END_TEST

START_TEST(operands_of_two_graphs_do_not_mix)
{
    wg_graph *h = wg_graph_new();
    wg_node *z = wg_input(h, "z", WG_F32, WG_SHAPE(WG_BATCH, 3));
    ck_assert_ptr_null(wg_add(x, z));
    ck_assert_ptr_nonnull(strstr(wg_error(), "another graph"));
    wg_graph_free(h);
}
END_TEST

START_TEST(floating_types_do_not_mix_but_constants_take_what_they_meet)
{
    wg_node *d = wg_input(g, "d", WG_F64, WG_SHAPE(3));
    ck_assert_int_eq(wg_node_dtype(wg_mul(x, wg_const(g, 2))), WG_F32);
    ck_assert_int_eq(wg_node_dtype(wg_mul(wg_const(g, 2), d)), WG_F64);
    wg_node *weak = wg_scale(wg_const(g, 2), 3); /* still weak: made of constants alone */
    ck_assert_int_eq(wg_node_dtype(wg_mul(x, weak)), WG_F32);
    ck_assert_int_eq(wg_node_dtype(wg_mul(d, weak)), WG_F64);
    ck_assert_ptr_null(wg_add(x, d));
    ck_assert_int_eq(wg_error_status(), WG_ERR_DTYPE);
    ck_assert_ptr_nonnull(strstr(wg_error(), "f32 and f64"));
}
END_TEST

START_TEST(named_sizes_never_broadcast_by_chance)
{
    wg_node *n = wg_input(g, "n", WG_F32, WG_SHAPE(WG_DIM('N'), 1)), *m = wg_input(g, "m", WG_F32, WG_SHAPE(WG_DIM('M'), 1));
    wg_node *row = wg_input(g, "row", WG_F32, WG_SHAPE(3));
    char text[64];
    ck_assert_str_eq(wg_shape_text(wg_node_shape(wg_add(x, row)), text, sizeof text), "(N,3)");
    ck_assert_str_eq(wg_shape_text(wg_node_shape(wg_add(x, n)), text, sizeof text), "(N,3)");
    ck_assert_ptr_null(wg_add(n, m));
    ck_assert_int_eq(wg_error_status(), WG_ERR_SHAPE);
}
END_TEST

START_TEST(losses_never_broadcast)
{
    wg_node *p = wg_input(g, "p", WG_F32, WG_SHAPE(WG_BATCH, 1)), *y = wg_input(g, "y", WG_F32, WG_SHAPE(WG_BATCH));
    ck_assert_ptr_null(wg_mse(p, y, WG_MEAN));
    ck_assert_int_eq(wg_error_status(), WG_ERR_SHAPE);
}
END_TEST

START_TEST(leaves_check_their_arguments)
{
    ck_assert_ptr_null(wg_param(g, "p", WG_I64, WG_SHAPE(2), wg_init_zeros()));
    ck_assert_int_eq(wg_error_status(), WG_ERR_DTYPE);
    wg_graph *h = wg_graph_new();
    ck_assert_ptr_null(wg_param(h, "p", WG_F32, WG_SHAPE(WG_BATCH), wg_init_zeros()));
    ck_assert_int_eq(wg_error_status(), WG_ERR_SHAPE);
    wg_graph_free(h);
    h = wg_graph_new();
    ck_assert_ptr_null(wg_param(h, "p", WG_F32, WG_SHAPE(INT64_MAX / 2, 16), wg_init_zeros()));
    ck_assert_int_eq(wg_error_status(), WG_ERR_SHAPE);
    wg_graph_free(h);
    h = wg_graph_new();
    wg_shape deep = { { 1, 1, 1, 1, 1, 1, 1, 1 }, 9 };
    ck_assert_ptr_null(wg_input(h, "p", WG_F32, deep));
    wg_graph_free(h);
}
END_TEST

START_TEST(nodes_can_be_looked_at)
{
    wg_node *y = wg_matmul(x, w);
    ck_assert_str_eq(wg_node_op(y)->name, "matmul");
    ck_assert_uint_eq(wg_node_inputs(y).n, 2);
    ck_assert_ptr_eq(wg_node_inputs(y).at[1], w);
    ck_assert_uint_eq(wg_node_results(y).n, 1);
    ck_assert_ptr_eq(wg_node_results(y).at[0], y);
    ck_assert_ptr_eq(wg_graph_node(g, wg_graph_count(g) - 1), y);
    ck_assert_str_eq(wg_node_name(NULL), "");
    ck_assert_uint_eq(wg_output(y, "out") == y, 1);
    ck_assert_uint_eq(wg_graph_outputs(g).n, 1);
}
END_TEST

START_TEST(meta_and_entries_are_kept_replaced_removed)
{
    ck_assert_int_eq(wg_graph_set_meta(g, "k", "1"), WG_OK);
    ck_assert_int_eq(wg_graph_set_meta(g, "k", "2"), WG_OK);
    ck_assert_str_eq(wg_graph_meta(g, "k"), "2");
    ck_assert_int_eq(wg_graph_set_meta(g, "k", NULL), WG_OK);
    ck_assert_ptr_null(wg_graph_meta(g, "k"));
    ck_assert_int_eq(wg_graph_set_entry(g, "predict", "{\"feeds\": [\"x\"]}"), WG_OK);
    ck_assert_ptr_nonnull(strstr(wg_graph_entry(g, "predict"), "feeds"));
    ck_assert_int_eq(wg_graph_set_entry(g, "predict", "[1]"), WG_ERR_FORMAT);
}
END_TEST

static wg_status twice(const wg_call *c, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        ((float *)c->out)[i] = 2 * ((const float *)c->in[0])[i];
    return WG_OK;
}

START_TEST(registries_refuse_incomplete_descriptors_and_taken_names)
{
    static const wg_op good = { WG_OP, .name = "twice", .arity = 1, .flags = WG_ELEMENTWISE, .forward = { .f32 = twice } };
    static const wg_op no_kernel = { WG_OP, .name = "nothing", .arity = 1 };
    static const wg_op taken = { WG_OP, .name = "relu", .arity = 1, .forward = { .f32 = twice } };
    static const wg_op bad_name = { WG_OP, .name = "Twice!", .arity = 1, .forward = { .f32 = twice } };
    static const wg_op no_size = { .name = "twice_too", .arity = 1, .forward = { .f32 = twice } };
    wg_registry *r = wg_registry_new();
    size_t n = wg_registry_count(r);
    ck_assert_int_eq(wg_register(r, &good), WG_OK);
    ck_assert_int_eq(wg_register(r, &good), WG_ERR_ARG);
    ck_assert_int_eq(wg_register(r, &no_kernel), WG_ERR_ARG);
    ck_assert_int_eq(wg_register(r, &taken), WG_ERR_ARG);
    ck_assert_int_eq(wg_register(r, &bad_name), WG_ERR_ARG);
    ck_assert_int_eq(wg_register(r, &no_size), WG_ERR_ARG);
    ck_assert_uint_eq(wg_registry_count(r), n + 1);
    ck_assert_ptr_eq(wg_registry_find(r, "twice"), &good);
    ck_assert_ptr_null(wg_registry_find(NULL, "twice"));
    ck_assert_int_eq(wg_registry_plugin(r, "./no-such-plugin.so"), WG_ERR_IO);
    wg_registry_free(r);
}
END_TEST

static wg_node *operand(const wg_adjoint *a)
{
    return a->in[0];
}

START_TEST(malformed_descriptors_are_refused_where_they_are_applied)
{
    typedef struct attrs {
        double a;
    } attrs;
    static const wg_attr beyond[] = { { .name = "a", .kind = WG_ATTR_F64, .offset = sizeof(attrs) - 4 }, { 0 } };
    static const wg_attr no_kind[] = { { .name = "a", .offset = 0 }, { 0 } };
    static const struct {
        wg_op op;
        const char *told;
    } wrong[] = {
        { { .name = "t", .arity = 1, .forward = { .f32 = twice } }, ": t: its descriptor does not begin with WG_OP" },
        { { WG_OP, .arity = 1, .forward = { .f32 = twice } }, "is no operator's name" },
        { { WG_OP, .name = "a b", .arity = 1, .forward = { .f32 = twice } }, "\"a b\" is no operator's name" },
        { { WG_OP, .name = "t", .arity = 1 }, "t: has no kernel" },
        { { WG_OP, .name = "t", .arity = 1, .decompose = operand }, "t: has no kernel, nor rewrite and decompose" },
        { { WG_OP, .name = "t", .arity = 1, .optional = 2, .forward = { .f32 = twice } }, "optional 2" },
        { { WG_OP, .name = "t", .arity = -2, .forward = { .f32 = twice } }, "arity -2" },
        { { WG_OP, .name = "t", .arity = 1, .results = 65, .forward = { .f32 = twice } }, "results 65" },
        { { WG_OP, .name = "t", .arity = 1, .results = -1, .forward = { .f32 = twice } }, "results -1" },
        { { WG_OP, .name = "t", .arity = 1, .attrs_size = 8, .forward = { .f32 = twice } }, "together" },
        { { WG_OP, .name = "t", .arity = 1, .attrs = beyond, .attrs_size = sizeof(attrs), .forward = { .f32 = twice } },
          "attribute a" },
        { { WG_OP, .name = "t", .arity = 1, .attrs = no_kind, .attrs_size = sizeof(attrs), .forward = { .f32 = twice } },
          "attribute a" },
    };
    wg_registry *r = wg_registry_new();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_ptr_null(wg_apply(&wrong[i].op, WG_NODES(x), NULL));
        ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
        ck_assert_msg(strstr(wg_error(), wrong[i].told) != NULL, "%s", wg_error());
        ck_assert_int_eq(wg_register(r, &wrong[i].op), WG_ERR_ARG);
    }
    wg_registry_free(r);
}
END_TEST

START_TEST(wrong_numbers_of_operands_and_wrong_types_are_told)
{
    ck_assert_ptr_null(wg_apply(wg_registry_find(NULL, "relu"), WG_NODES(x, x), NULL));
    ck_assert_str_eq(wg_error(), "relu: takes 1 operand, got 2");
    wg_graph *h = wg_graph_new();
    wg_node *i = wg_input(h, "i", WG_I64, WG_SHAPE(3));
    ck_assert_ptr_null(wg_exp(i));
    ck_assert_int_eq(wg_error_status(), WG_ERR_DTYPE);
    wg_graph_free(h);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("graph");
    TCase *t = tcase_create("graph");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, names_are_unique_and_scoped);
    tcase_add_test(t, a_made_up_name_makes_way_for_a_users_name);
    tcase_add_loop_test(t, bad_names_are_refused, 0, 8);
    tcase_add_test(t, a_graph_that_failed_stays_failed_with_its_first_text);
    tcase_add_test(t, a_null_operand_out_of_nowhere_is_told);
    tcase_add_test(t, operands_of_two_graphs_do_not_mix);
    tcase_add_test(t, floating_types_do_not_mix_but_constants_take_what_they_meet);
    tcase_add_test(t, named_sizes_never_broadcast_by_chance);
    tcase_add_test(t, losses_never_broadcast);
    tcase_add_test(t, leaves_check_their_arguments);
    tcase_add_test(t, nodes_can_be_looked_at);
    tcase_add_test(t, meta_and_entries_are_kept_replaced_removed);
    tcase_add_test(t, registries_refuse_incomplete_descriptors_and_taken_names);
    tcase_add_test(t, malformed_descriptors_are_refused_where_they_are_applied);
    tcase_add_test(t, wrong_numbers_of_operands_and_wrong_types_are_told);
    suite_add_tcase(s, t);
    return run_suite(s);
}
