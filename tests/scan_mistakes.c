/* What is refused when a scan is built, or run. */
#include "scan_test.h"

#define FAILS(part)                                                                                                    \
    do {                                                                                                               \
        ck_assert_msg(strstr(wg_graph_error(g), (part)) != NULL, "\"%s\" lacks \"%s\"", wg_graph_error(g), (part));    \
        tear_down();                                                                                                   \
        set_up();                                                                                                      \
    } while (0)

START_TEST(mistakes_are_told)
{
    wg_scan *s = wg_scan_begin(g, 1);
    wg_node *h = wg_scan_carry(s, h0);
    wg_scan_next(s, h, wg_scan_slice(s, x));
    FAILS("has shape (N,4), but its next (N,3)");

    s = wg_scan_begin(g, 1);
    h = wg_scan_carry(s, h0);
    wg_scan_next(s, h, wg_cast(h, WG_F32));
    FAILS("is f64, but its next f32");

    s = wg_scan_begin(g, 1);
    wg_scan_slice(s, x);
    wg_scan_slice(s, wg_input(g, "z", WG_F64, WG_SHAPE(2, 5)));
    wg_scan_slice(s, wg_input(g, "zz", WG_F64, WG_SHAPE(2, 6)));
    FAILS("lengths differ");

    s = wg_scan_begin(g, 1);
    h = wg_scan_carry(s, h0);
    wg_scan_slice(s, x);
    wg_scan_last(s, h);
    wg_scan_end(s);
    FAILS("has no next");

    s = wg_scan_begin(g, 1);
    h = wg_scan_carry(s, h0);
    wg_scan_next(s, h, h);
    wg_scan_last(s, h);
    wg_scan_end(s);
    FAILS("has no slice");

    s = wg_scan_begin(g, 1);
    wg_scan_slice(s, x);
    wg_scan_end(s);
    FAILS("nothing is stacked");

    s = wg_scan_begin(g, 1);
    wg_node *xt = wg_name(wg_neg(wg_scan_slice(s, x)), "inner");
    wg_node *y = wg_scan_stack(s, xt);
    wg_scan_end(s);
    wg_add(y, y);
    wg_exp(xt);
    FAILS("exp: inner is inside a scan that has ended; wg_scan_stack or wg_scan_last bring values out");

    s = wg_scan_begin(g, 1);
    xt = wg_scan_slice(s, x);
    wg_exp(wg_scan_stack(s, xt));
    FAILS("is there after wg_scan_end");

    s = wg_scan_begin(g, 1);
    ck_assert_ptr_null(wg_compile(g, WG_INFER, WG_NODES(wg_scan_slice(s, x))));
    FAILS("is inside a scan that has not ended");

    s = wg_scan_begin(g, 1);
    wg_scan_stack(s, wg_scan_slice(s, x));
    wg_scan_begin(g, 1);
    wg_scan_end(s);
    FAILS("a scan inside it has not ended");

    s = wg_scan_begin(g, 7);
    wg_scan_slice(s, x);
    FAILS("(N,T,3) has no axis 7");

    s = wg_scan_begin(g, 1);
    h = wg_scan_carry(s, h0);
    wg_scan_next(s, h, h);
    wg_scan_next(s, h, h);
    FAILS("has its next already");

    s = wg_scan_begin(g, 1);
    wg_scan_remat(s, -1);
    FAILS("a stretch of -1 iterations");

    s = wg_scan_begin(g, 1);
    wg_scan_next(s, x, x);
    FAILS("x is no carry of this scan");
}
END_TEST

START_TEST(lengths_that_differ_in_a_run_are_told)
{
    wg_node *z = wg_input(g, "z", WG_F64, WG_SHAPE(2, WG_ANY));
    wg_scan *s = wg_scan_begin(g, 1);
    wg_node *y = wg_scan_stack(s, wg_mul(wg_scan_slice(s, x), wg_expand_dims(wg_scan_slice(s, z), WG_AXES(1))));
    wg_scan_end(s);
    wg_exec *e = exec_of(WG_NODES(y), 1);
    feed(e, 5);
    OK(wg_feed(e, z, WG_VIEW(xs, 2, 4)));
    ck_assert_int_eq(wg_run(e), WG_ERR_SHAPE);
    ck_assert_msg(strstr(wg_error(), "is not as long as others") != NULL, "%s", wg_error());
    wg_exec_free(e);
}
END_TEST

TCase *scan_mistake_tests(void)
{
    TCase *t = tcase_create("mistakes");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, mistakes_are_told);
    tcase_add_test(t, lengths_that_differ_in_a_run_are_told);
    return t;
}
