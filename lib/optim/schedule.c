/* Learning rates as graphs of the step counter: f64 scalars that take the type of what they meet. Between two rates they
 * are a * from + (1 - a) * to, which is exact at both ends. */
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

/* How far the run is between two times: 0 before the first, 1 behind the second. */
static wg_node *progress(wg_node *step, double first, double last)
{
    wg_graph *g = wg_node_graph(step);
    wg_node *part = wg_div(wg_shift(wg_cast(step, WG_F64), -first), wg_const(g, last - first));
    return wg_clip(part, 0, 1);
}

/* The line from one rate, where part is 0, to another, where it is 1. */
static wg_node *line(wg_node *part, double from, double to)
{
    return wg_add(wg_scale(wg_shift(wg_neg(part), 1), from), wg_scale(part, to));
}

/* The same along half a wave of the cosine. */
static wg_node *wave(wg_node *part, double from, double to)
{
    const double pi = 3.14159265358979323846;
    return line(wg_scale(wg_shift(wg_neg(wg_cos(wg_scale(part, pi))), 1), 0.5), from, to);
}

wg_node *wg_schedule_constant(wg_node *step, double rate)
{
    return counts(step, 1, "constant", "") ? wg_const(wg_node_graph(step), rate) : NULL;
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
    if (!counts(step, steps, "cosine", "`steps`"))
        return NULL;
    return weak(wave(progress(step, 0, (double)steps), peak, floor));
}

wg_node *wg_schedule_linear(wg_node *step, double from, double to, int64_t steps)
{
    if (!counts(step, steps, "linear", "`steps`"))
        return NULL;
    return weak(line(progress(step, 0, (double)steps), from, to));
}

wg_node *wg_schedule_after(wg_node *step, int64_t steps)
{
    if (!counts(step, steps, "after", "`steps`"))
        return NULL;
    wg_graph *g = wg_node_graph(step);
    return wg_maximum(wg_sub(step, wg_const(g, (double)steps)), wg_const(g, 0));
}

wg_node *wg_schedule_warmup(wg_node *step, int64_t steps, wg_node *rate)
{
    if (!counts(step, steps, "warmup", "`steps`"))
        return NULL;
    return weak(wg_mul(rate, progress(step, -1, (double)(steps - 1))));
}

wg_node *wg_schedule_one_cycle(wg_node *step, double peak, int64_t steps, const wg_one_cycle_opts *opts)
{
    wg_one_cycle_opts o;
    wg_graph *g = wg_node_graph(step);
    if (!wg__options(&o, sizeof o, opts, "wg_one_cycle_opts"))
        return wg__graph_fail_again(g);
    if (!counts(step, steps, "one_cycle", "`steps`") ||
        !wg__optim_option(g, "schedule one_cycle", "rise", &o.rise, 0.3, 1) ||
        !wg__optim_option(g, "schedule one_cycle", "start", &o.start, 25, HUGE_VAL) ||
        !wg__optim_option(g, "schedule one_cycle", "end", &o.end, 1e4, HUGE_VAL))
        return NULL;
    /* The last step is the last but one of the count, and so is the peak's. A rise that is shorter than a step is none. */
    double first = peak / o.start, last = (double)steps - 1, top = fmax(o.rise * (double)steps - 1, 0);
    wg_node *time = wg_cast(step, WG_F64);
    wg_node *rise = top > 0 ? wave(progress(step, 0, top), first, peak) : NULL;
    wg_node *fall = last > top ? wave(progress(step, top, last), peak, first / o.end) : wg_const(g, first / o.end);
    return weak(rise ? wg_where(wg_le(time, wg_const(g, top)), rise, fall) : fall);
}
