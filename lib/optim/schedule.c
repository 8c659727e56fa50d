/* Learning rates as graphs of the step counter: f64 scalars that take the type of what they meet. */
#include "optim/optim.h"

/* A rate is as weak as the constant it stands in for. */
static wg_node *weak(wg_node *rate)
{
    if (rate)
        rate->weak = true;
    return rate;
}

static bool counts(wg_node *step, int64_t n, const char *schedule, const char *what)
{
    if (!step)
        wg__fail_null("schedule", "step");
    else if (n < 1)
        wg__graph_fail(wg_node_graph(step), WG_ERR_ARG, "schedule %s: %s must be at least 1", schedule, what);
    return step && n >= 1;
}

/* How far the run is: step / steps, and 1 beyond the end. */
static wg_node *progress(wg_node *step, int64_t steps)
{
    wg_graph *g = wg_node_graph(step);
    return wg_minimum(wg_div(wg_cast(step, WG_F64), wg_const(g, (double)steps)), wg_const(g, 1));
}

wg_node *wg_schedule_step(wg_node *step, double rate, double factor, int64_t every)
{
    if (!counts(step, every, "step", "`every`"))
        return NULL;
    wg_graph *g = wg_node_graph(step);
    /* The whole number of drops so far: the cast to an integer truncates. */
    wg_node *drops = wg_cast(wg_cast(wg_div(wg_cast(step, WG_F64), wg_const(g, (double)every)), WG_I64), WG_F64);
    return weak(wg_scale(wg_pow(wg_const(g, factor), drops), rate));
}

wg_node *wg_schedule_cosine(wg_node *step, double peak, double floor, int64_t steps)
{
    const double pi = 3.14159265358979323846;
    if (!counts(step, steps, "cosine", "`steps`"))
        return NULL;
    wg_node *wave = wg_shift(wg_cos(wg_scale(progress(step, steps), pi)), 1); /* 2 .. 0 */
    return weak(wg_shift(wg_scale(wave, (peak - floor) / 2), floor));
}

wg_node *wg_schedule_linear(wg_node *step, double from, double to, int64_t steps)
{
    if (!counts(step, steps, "linear", "`steps`"))
        return NULL;
    return weak(wg_shift(wg_scale(progress(step, steps), to - from), from));
}
