/* How a suite is run: what the main of each ends with. */
#ifndef WG_TESTS_SUITE_H
#define WG_TESTS_SUITE_H

#include <check.h>

/* Runs the suite as CK_VERBOSITY says and frees it; the exit status of main. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
