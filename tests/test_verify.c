/* lib/verify: the method, every registered operator, operators that are wrong on purpose, and models. */
#include <stdlib.h>
#include <wengert.h>

#include "verify_suite.h"
#include "suite.h"

/* WENGERT_TEST_EVERY=N: of long loops every Nth turn only, where each instruction costs fifty (valgrind). */
int verify_stride(void)
{
    const char *text = getenv("WENGERT_TEST_EVERY");
    int stride = text ? atoi(text) : 1;
    return stride > 1 ? stride : 1;
}

START_TEST(every_registered_operator_passes)
{
    if (_i % verify_stride())
        return;
    const wg_op *op = wg_registry_at(NULL, (size_t)_i);
    wg_report *r = NULL;
    ck_assert_msg(wg_verify_op(op, &r) == WG_OK, "%s", wg_report_text(r));
    if (!(op->flags & (WG_LEAF | WG_EFFECT | WG_HOLDS_GRAPH)))
        ck_assert_msg(wg_report_passed(r) > 0, "%s: nothing was checked", op->name);
    wg_report_free(r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("verify");
    TCase *registry = tcase_create("registry");
    tcase_add_loop_test(registry, every_registered_operator_passes, 0, (int)wg_registry_count(NULL));
    suite_add_tcase(s, verify_method());
    suite_add_tcase(s, registry);
    suite_add_tcase(s, verify_wrong_operators());
    suite_add_tcase(s, verify_rare_mistakes());
    suite_add_tcase(s, verify_battery());
    suite_add_tcase(s, verify_mutants());
    suite_add_tcase(s, verify_models());
    suite_add_tcase(s, verify_blame());
    suite_add_tcase(s, verify_by_hand());
    return run_suite(s);
}
