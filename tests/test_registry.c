/* Every registered operator, verified: every second one by each of two programs, which run side by side. */
#include <wengert.h>

#include "suite.h"

#ifndef FIRST
#define FIRST 0
#endif

START_TEST(every_registered_operator_passes)
{
    if (_i % test_stride())
        return;
    const wg_op *op = wg_registry_at(NULL, 2 * (size_t)_i + FIRST);
    wg_report *r = NULL;
    ck_assert_msg(wg_verify_op(op, &r) == WG_OK, "%s", wg_report_text(r));
    if (!(op->flags & (WG_LEAF | WG_EFFECT | WG_HOLDS_GRAPH)))
        ck_assert_msg(wg_report_passed(r) > 0, "%s: nothing was checked", op->name);
    wg_report_free(r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("registry");
    TCase *t = tcase_create("operators");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_registered_operator_passes, 0, (int)(wg_registry_count(NULL) + 1 - FIRST) / 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
