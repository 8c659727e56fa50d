/* The parts of the suite of lib/train. */
#ifndef TRAIN_TEST_H
#define TRAIN_TEST_H

#include <check.h>

TCase *train_metrics_tests(void);
TCase *train_fit_tests(void);

#endif
