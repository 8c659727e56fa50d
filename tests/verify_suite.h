/* The parts of tests/test_verify.c. */
#ifndef WG_TESTS_VERIFY_SUITE_H
#define WG_TESTS_VERIFY_SUITE_H

#include <wengert.h>

#include "suite.h"

/* Verified, the operator fails and its report says so; or it passes, where that is "". */
void verify_expect(const wg_op *, const char *says);
/* And that stands in the first failure. */
void verify_expect_first(const wg_op *, const char *says);

TCase *verify_method(void);
TCase *verify_wrong_operators(void);
TCase *verify_rare_mistakes(void);
TCase *verify_battery(void);
TCase *verify_bounds(void);
TCase *verify_variants(void);
TCase *verify_models(void);
TCase *verify_blame(void);
TCase *verify_by_hand(void);
TCase *verify_mutants(void);

#endif
