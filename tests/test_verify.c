/* lib/verify: the method, operators that are wrong on purpose, and models. */
#include "verify_suite.h"

int main(void)
{
    Suite *s = suite_create("verify");
    suite_add_tcase(s, verify_method());
    suite_add_tcase(s, verify_wrong_operators());
    suite_add_tcase(s, verify_rare_mistakes());
    suite_add_tcase(s, verify_battery());
    suite_add_tcase(s, verify_mutants());
    suite_add_tcase(s, verify_models());
    suite_add_tcase(s, verify_blame());
    suite_add_tcase(s, verify_by_hand());
    return run_suite(s);
}
