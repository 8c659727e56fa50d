/* A line plot: axes with round ticks, one line, a title. */
#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One direction of the picture: values low .. high lie at pixels from .. to, with a tick each `step`. */
struct axis {
    double low, high, step, from, to;
};

/* The smallest of 1, 2, 5 times a power of ten that cuts the span into at most `parts`. */
static double round_step(double span, int parts)
{
    double power = pow(10, floor(log10(span / parts))), factor = span / parts / power;
    return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

static struct axis axis_of(double low, double high, int parts, double from, double to)
{
    if (!(high > low)) { /* a single value gets some room around it */
        double room = low != 0 ? fabs(low) * 0.1 : 1;
        low -= room;
        high += room;
    }
    double step = round_step(high - low, parts);
    return (struct axis){ floor(low / step) * step, ceil(high / step) * step, step, from, to };
}

static double place(const struct axis *a, double value)
{
    return a->from + (value - a->low) / (a->high - a->low) * (a->to - a->from);
}

static void add_ticks(struct text *t, const struct axis *x, const struct axis *y)
{
    int n = (int)((x->high - x->low) / x->step + 0.5), m = (int)((y->high - y->low) / y->step + 0.5);
    for (int i = 0; i <= n; i++) {
        double at = place(x, x->low + i * x->step);
        text_add(t, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", at, y->from, at, y->to);
        text_add(t, "<text class=\"ink\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.10g</text>\n", at, y->from + 18,
                 x->low + i * x->step);
    }
    for (int i = 0; i <= m; i++) {
        double at = place(y, y->low + i * y->step), value = y->low + i * y->step;
        text_add(t, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x->from, at, x->to, at);
        /* A multiple of the step that should be zero comes out as a rounding error. */
        text_add(t, "<text class=\"ink\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.6g</text>\n", x->from - 8, at + 4,
                 fabs(value) < y->step / 1e6 ? 0 : value);
    }
    text_add(t, "<path class=\"axis\" fill=\"none\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", x->from, y->to, y->from, x->to);
}

static void add_line(struct text *t, const struct axis *x, const struct axis *y, const int64_t *at, const double *value,
                     size_t n)
{
    text_add(t, "<polyline class=\"line\" fill=\"none\" stroke-width=\"2\" stroke-linejoin=\"round\" points=\"");
    for (size_t i = 0; i < n; i++)
        text_add(t, "%s%.2f,%.2f", i ? " " : "", place(x, (double)at[i]), place(y, value[i]));
    text_add(t, "\"/>\n");
    if (n == 1)
        text_add(t, "<circle class=\"line\" cx=\"%.2f\" cy=\"%.2f\" r=\"3\"/>\n", place(x, (double)at[0]),
                 place(y, value[0]));
}

#define WIDTH 720
#define HEIGHT 440
#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number
static const char beginning[] = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " TEXT(WIDTH) " " TEXT(HEIGHT) "\" "
                                "width=\"" TEXT(WIDTH) "\" height=\"" TEXT(HEIGHT) "\" "
                                "font-family=\"sans-serif\" font-size=\"12\">\n<title>";

bool plot_is(const char *path)
{
    char start[sizeof beginning] = "";
    FILE *file = tool_open_file(path);
    bool is = file && fread(start, 1, sizeof start - 1, file) == sizeof start - 1 && !strcmp(start, beginning);
    if (file)
        fclose(file);
    return is;
}

bool plot_save(const char *path, const char *title, const char *x_label, const char *y_label, const int64_t *x,
               const double *y, size_t n)
{
    double low = y[0], high = y[0];
    for (size_t i = 1; i < n; i++) {
        low = fmin(low, y[i]);
        high = fmax(high, y[i]);
    }
    struct axis across = axis_of((double)x[0], (double)x[n - 1], 8, 80, WIDTH - 30);
    struct axis up = axis_of(low > 0 && low < high / 2 ? 0 : low, high, 7, HEIGHT - 60, 50);
    struct text t = { NULL, 0, 0 };
    text_add(&t, "%s", beginning);
    text_add_escaped(&t, title);
    text_add(&t, "</title>\n%s<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n", svg_style);
    text_add(&t, "<text class=\"ink\" x=\"%d\" y=\"28\" text-anchor=\"middle\" font-size=\"15\">", WIDTH / 2);
    text_add_escaped(&t, title);
    text_add(&t, "</text>\n");
    add_ticks(&t, &across, &up);
    add_line(&t, &across, &up, x, y, n);
    text_add(&t, "<text class=\"ink\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
             (across.from + across.to) / 2, HEIGHT - 18, x_label);
    text_add(
        &t,
        "<text class=\"ink\" transform=\"translate(20 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n</svg>\n",
        (up.from + up.to) / 2, y_label);
    bool written = tool_replace_file(path, t.at, t.n);
    free(t.at);
    return written;
}
