/* What the verifier finds, drawn: the share of planted errors against their size. */
#include "check.h"

#include <math.h>

enum { WIDTH = 720, HEIGHT = 340, LEFT = 64, RIGHT = 690, TOP = 20, BOTTOM = 280, LARGEST = -2, SMALLEST = -12 };

static double across(double exponent) { return LEFT + (LARGEST - exponent) / (LARGEST - SMALLEST) * (RIGHT - LEFT); }

static double up(double share) { return BOTTOM + share * (TOP - BOTTOM); }

static void add_axes(struct text *t)
{
    for (int i = LARGEST; i >= SMALLEST; i--) {
        text_add(t, "<line class=\"grid\" stroke=\"#ccc\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", across(i), TOP,
                 across(i), BOTTOM);
        text_add(t, "<text class=\"ink\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">1e%d</text>\n", across(i), BOTTOM + 18,
                 i);
    }
    for (int percent = 0; percent <= 100; percent += 25) {
        text_add(t, "<line class=\"grid\" stroke=\"#ccc\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n", LEFT,
                 up(percent / 100.0), RIGHT, up(percent / 100.0));
        text_add(t, "<text class=\"ink\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n", LEFT - 8,
                 up(percent / 100.0) + 4, percent);
    }
    text_add(t, "<path class=\"axis\" fill=\"none\" stroke=\"#444\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, BOTTOM, RIGHT);
    text_add(t, "<text class=\"ink\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">relative error that was planted</text>\n",
             (LEFT + RIGHT) / 2, HEIGHT - 20);
}

/* The row of totals for one planted power of ten. */
static const json_t *row_at(const json_t *totals, int exponent, bool kinked)
{
    size_t i;
    json_t *row;
    json_array_foreach(totals, i, row)
    {
        double planted = json_number_value(json_object_get(row, "planted"));
        if (planted > 0 && (int)lrint(log10(planted)) == exponent &&
            json_is_true(json_object_get(row, "kinked")) == kinked)
            return row;
    }
    return NULL;
}

static double share_found(const json_t *row)
{
    double points = json_number_value(json_object_get(row, "points"));
    return points > 0 ? json_number_value(json_object_get(row, "found")) / points : 0;
}

/* The two lines differ in dashes and marks too, not in colour alone. */
static void add_curve(struct text *t, const json_t *totals, bool kinked)
{
    text_add(t, "<polyline class=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"",
             kinked ? "kinked" : "line", kinked ? "#b35900" : "#1668b8", kinked ? " stroke-dasharray=\"7 4\"" : "");
    for (int i = LARGEST; i >= SMALLEST; i--)
        if (row_at(totals, i, kinked))
            text_add(t, "%.1f,%.1f ", across(i), up(share_found(row_at(totals, i, kinked))));
    text_add(t, "\"/>\n");
    for (int i = LARGEST; i >= SMALLEST; i--) {
        const json_t *row = row_at(totals, i, kinked);
        if (!row)
            continue;
        double x = across(i), y = up(share_found(row));
        text_add(t, "<g><title>1e%d: %.4f %% found</title>", i, 100 * share_found(row));
        if (kinked)
            text_add(t, "<rect class=\"kinked mark\" fill=\"#b35900\" x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\"/></g>\n", x - 3.5,
                     y - 3.5);
        else
            text_add(t, "<circle class=\"line mark\" fill=\"#1668b8\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"/></g>\n", x, y);
    }
}

static void add_legend(struct text *t)
{
    int y = BOTTOM - 60;
    text_add(t, "<line class=\"line\" stroke=\"#1668b8\" stroke-width=\"2\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
             LEFT + 20, y, LEFT + 60, y);
    text_add(t, "<circle class=\"line mark\" fill=\"#1668b8\" cx=\"%d\" cy=\"%d\" r=\"4.5\"/>\n", LEFT + 40, y);
    text_add(t, "<text class=\"ink\" x=\"%d\" y=\"%d\">22 smooth functions</text>\n", LEFT + 70, y + 4);
    text_add(t,
             "<line class=\"kinked\" stroke=\"#b35900\" stroke-width=\"2\" stroke-dasharray=\"7 4\" x1=\"%d\" y1=\"%d\" "
             "x2=\"%d\" y2=\"%d\"/>\n",
             LEFT + 20, y + 24, LEFT + 60, y + 24);
    text_add(t, "<rect class=\"kinked mark\" fill=\"#b35900\" x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\"/>\n", LEFT + 36.5,
             y + 20.5);
    text_add(t, "<text class=\"ink\" x=\"%d\" y=\"%d\">6 functions with kinks</text>\n", LEFT + 70, y + 28);
}

void page_curve(struct text *t, const json_t *calibration)
{
    const json_t *totals = json_object_get(calibration, "totals");
    text_add(t,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
             "font-family=\"sans-serif\" font-size=\"12\">\n<title>Share of planted errors that were found</title>\n",
             WIDTH, HEIGHT, WIDTH, HEIGHT);
    add_axes(t);
    add_curve(t, totals, true);
    add_curve(t, totals, false);
    add_legend(t);
    text_add(t, "</svg>\n");
}
