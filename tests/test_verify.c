/* lib/verify: the method, operators that are wrong on purpose, and models. */
#include <string.h>

#include "verify_suite.h"

static void expect(const wg_op *op, const char *says, const char *(*told)(const wg_report *))
{
    wg_report *r = NULL;
    wg_status st = wg_verify_op(op, &r);
    ck_assert_msg(st == (*says ? WG_ERR_VERIFY : WG_OK), "%s: status %d, %s", op->name, st, wg_report_line(r));
    ck_assert_msg(strstr(told(r), says) != NULL, "%s: no \"%s\" in: %s", op->name, says, wg_report_line(r));
    ck_assert_msg((wg_report_failed(r) > 0) == (*says != 0), "%s", op->name);
    wg_report_free(r);
}

void verify_expect(const wg_op *op, const char *says) { expect(op, says, wg_report_text); }
void verify_expect_first(const wg_op *op, const char *says) { expect(op, says, wg_report_line); }

int main(void)
{
    Suite *s = suite_create("verify");
    suite_add_tcase(s, verify_method());
    suite_add_tcase(s, verify_wrong_operators());
    suite_add_tcase(s, verify_rare_mistakes());
    suite_add_tcase(s, verify_battery());
    suite_add_tcase(s, verify_bounds());
    suite_add_tcase(s, verify_variants());
    suite_add_tcase(s, verify_mutants());
    suite_add_tcase(s, verify_models());
    suite_add_tcase(s, verify_blame());
    suite_add_tcase(s, verify_by_hand());
    return run_suite(s);
}
