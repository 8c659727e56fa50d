/* Is my gradient right?  An operator of one's own, and the line that tells.
 *
 *     ./check_my_operator          PASS log_cosh: 1460 checks, worst 0.063 of its tolerance
 *     ./check_my_operator wrong    FAIL log_cosh: 103 of 1454 checks: sign: sample 0: the gradient of operand 0 is wrong: by
 *                                  differences 5.92322566955, by the adjoint -5.92322566955 (-1 times that), which may ..
 *
 * `wrong` takes an adjoint whose sign is the wrong way round, as happens to everybody once. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <wengert.h>

/* y = log cosh x = |x| + log(1 + exp(-2|x|)) - log 2, which does not overflow. */
WG_KERNEL(log_cosh_forward,
    const T *x = c->in[0]; T *y = c->out;
    for (int64_t i = begin; i < end; i++) {
        double size = fabs((double)x[i]);
        y[i] = (T)(size + log1p(exp(-2 * size)) - log(2));
    }
)

static wg_node *right_backward(const wg_adjoint *a, int slot) /* dy/dx = tanh x */
{
    (void)slot;
    return wg_mul(a->cotangent, wg_tanh(a->in[0]));
}

static wg_node *wrong_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, wg_tanh(wg_neg(a->in[0])));
}

static const wg_sample samples[] = { /* values that the verifier tries: both signs, small and large */
    { .in = { WG_VALUES(-3, 3, 3, 4) } },
    { .in = { WG_VALUES(-8, 8, 50) } },
};

int main(int n, char **word)
{
    wg_op log_cosh = {
        WG_OP, .name = "log_cosh", .doc = "log cosh x", .arity = 1, .flags = WG_ELEMENTWISE,
        .forward = WG_BOTH(log_cosh_forward), .backward = right_backward, WG_SAMPLES(samples),
    };
    if (n > 1 && !strcmp(word[1], "wrong"))
        log_cosh.backward = wrong_backward;

    wg_report *report;
    wg_status status = wg_verify_op(&log_cosh, &report);
    puts(wg_report_line(report));
    wg_report_free(report);
    return status != WG_OK;
}
