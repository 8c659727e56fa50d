/* How a suite is run: what the main of each ends with. */
#ifndef WG_TESTS_SUITE_H
#define WG_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

#include "base/error.h"

/* As if nothing had failed before in this thread: tests may share a process. */
static inline void forget_failures(void)
{
    wg__fail(WG_OK, "%s", "");
}

/* WENGERT_TEST_EVERY=N: of long loops every Nth turn only, where each instruction costs fifty (valgrind). */
static inline int test_stride(void)
{
    const char *text = getenv("WENGERT_TEST_EVERY");
    int stride = text ? atoi(text) : 1;
    return stride > 1 ? stride : 1;
}

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
