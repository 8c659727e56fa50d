/* lib/train: metrics, and the loop of epochs. */
#include "suite.h"
#include "train_test.h"

int main(void)
{
    Suite *suite = suite_create("train");

    suite_add_tcase(suite, train_metrics_tests());
    suite_add_tcase(suite, train_fit_tests());
    return run_suite(suite);
}
