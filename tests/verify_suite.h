/* The parts of tests/test_verify.c. */
#ifndef WG_TESTS_VERIFY_SUITE_H
#define WG_TESTS_VERIFY_SUITE_H

#include "suite.h"

TCase *verify_method(void);
TCase *verify_wrong_operators(void);
TCase *verify_rare_mistakes(void);
TCase *verify_battery(void);
TCase *verify_models(void);
TCase *verify_blame(void);
TCase *verify_by_hand(void);
TCase *verify_mutants(void);

#endif
