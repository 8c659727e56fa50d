/* The roofline picture: FLOP/s against FLOPs a byte, both on logarithmic scales. Below the slanted lines memory is the limit,
 * below the level one arithmetic. */
#include "text.h"
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 960, HEIGHT = 620, LEFT = 70, RIGHT = 30, TOP = 70, BOTTOM = 60, LABEL_HEIGHT = 12, LABELS_MAX = 256 };

/* Powers of two across, powers of ten up; in GFLOP/s. */
struct frame {
    double x_low, x_high, y_low, y_high; /* logarithms */
};

struct label {
    double x, y, width;
};

struct picture {
    struct text t;
    struct frame f;
    const limits *limits;
    struct label taken[LABELS_MAX];
    size_t n_taken;
    wg_dtype dtype;
};

static double across(const struct frame *f, double intensity)
{
    return LEFT + (log2(intensity) - f->x_low) / (f->x_high - f->x_low) * (WIDTH - LEFT - RIGHT);
}

static double up(const struct frame *f, double gflops)
{
    return HEIGHT - BOTTOM - (log10(gflops) - f->y_low) / (f->y_high - f->y_low) * (HEIGHT - TOP - BOTTOM);
}

static double intensity_of(const dot *d) { return d->flops / d->bytes; }
static double gflops_of(const dot *d) { return d->flops / d->seconds * 1e-9; }

/* What is drawn: one type, the threads of the limits, and what has been measured. */
static bool is_drawn(const struct picture *p, const dot *d)
{
    return d->dtype == p->dtype && d->threads == p->limits->threads && d->flops > 0 && d->bytes > 0 && d->seconds > 0;
}

static void choose_frame(struct picture *p, const dot *d, size_t n)
{
    double peak = p->limits->peak[p->dtype == WG_F64] * 1e-9, least = peak;
    p->f.x_low = -4;
    p->f.x_high = 6;
    for (size_t i = 0; i < n; i++) {
        if (!is_drawn(p, &d[i]))
            continue;
        p->f.x_low = fmin(p->f.x_low, floor(log2(intensity_of(&d[i]))));
        p->f.x_high = fmax(p->f.x_high, ceil(log2(intensity_of(&d[i])) + 1));
        least = fmin(least, gflops_of(&d[i]));
    }
    p->f.y_low = floor(log10(least));
    p->f.y_high = log10(peak) + 0.15;
}

/* ---- the ground ---- */

static void add_grid(struct picture *p)
{
    const struct frame *f = &p->f;
    struct text *t = &p->t;
    for (int e = (int)f->x_low; e <= f->x_high; e += 2) {
        double x = across(f, exp2(e));
        text_add(t, "<path class=\"grid\" d=\"M%.1f %dV%d\"/><text class=\"ink\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x,
                 TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 18);
        if (e < 0)
            text_add(t, "1/%.0f</text>\n", exp2(-e));
        else
            text_add(t, "%.0f</text>\n", exp2(e));
    }
    for (int e = (int)f->y_low; e <= f->y_high; e++) {
        double y = up(f, pow(10, e));
        text_add(t, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"ink\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                 LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, pow(10, e));
    }
    text_add(t, "<text class=\"ink\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">operations for each byte of operands and "
                "results</text>\n<text class=\"ink\" transform=\"translate(18 %d) rotate(-90)\" text-anchor=\"middle\">"
                "GFLOP/s</text>\n",
             (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18, (TOP + HEIGHT - BOTTOM) / 2);
}

/* A slanted line from the left edge (or from where it leaves the frame below) to the peak. */
static void add_slope(struct picture *p, double bytes, double bandwidth, double peak)
{
    const struct frame *f = &p->f;
    double gbytes = bandwidth * 1e-9, ridge = peak / gbytes, start = fmax(exp2(f->x_low), pow(10, f->y_low) / gbytes);
    double x0 = across(f, start), y0 = up(f, gbytes * start), x1 = across(f, ridge), y1 = up(f, peak);
    double angle = atan2(y1 - y0, x1 - x0) * 57.29577951;
    double share = 0.55, x = x0 + share * (x1 - x0), y = y0 + share * (y1 - y0);
    bool mega = bytes >= 1024 * 1024;
    text_add(&p->t, "<path class=\"roof\" d=\"M%.1f %.1fL%.1f %.1f\"/><text class=\"ink\" transform=\"translate(%.1f %.1f) "
                    "rotate(%.1f)\">%.0f GB/s over %.0f %s</text>\n",
             x0, y0, x1, y1, x, y - 6, angle, gbytes, bytes / (mega ? 1024 * 1024 : 1024), mega ? "MB" : "KB");
}

static void add_roofs(struct picture *p)
{
    static const int chosen[] = { 0, MEMORY_SIZES / 2, MEMORY_SIZES - 1 };
    const limits *l = p->limits;
    double peak = l->peak[p->dtype == WG_F64] * 1e-9, best = 0;
    for (size_t i = 0; i < WG_COUNT(chosen); i++) {
        add_slope(p, l->bytes[chosen[i]], l->bandwidth[chosen[i]], peak);
        best = fmax(best, l->bandwidth[chosen[i]] * 1e-9);
    }
    double x = across(&p->f, fmax(peak / best, exp2(p->f.x_low))), y = up(&p->f, peak);
    text_add(&p->t, "<path class=\"roof\" d=\"M%.1f %.1fH%d\"/><text class=\"ink\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">"
                    "%.0f GFLOP/s, fused multiply-adds</text>\n",
             x, y, WIDTH - RIGHT, WIDTH - RIGHT, y - 6, peak);
}

/* ---- the dots ---- */

static bool is_free(const struct picture *p, double x, double y, double width)
{
    if (x < LEFT || x + width > WIDTH || y < TOP + LABEL_HEIGHT || y > HEIGHT - BOTTOM)
        return false;
    for (size_t i = 0; i < p->n_taken; i++) {
        const struct label *l = &p->taken[i];
        if (x < l->x + l->width && l->x < x + width && fabs(y - l->y) < LABEL_HEIGHT)
            return false;
    }
    return true;
}

/* A label beside the dot, moved up or down until it covers no other, and tied to its dot where it had to move. */
static void add_label(struct picture *p, const char *name, double x, double y)
{
    double width = 5.8 * (double)strlen(name) + 4;
    for (int k = 0; k < 60; k++) {
        int rows = (k / 4 + 1) / 2 * (k / 4 % 2 ? -1 : 1);
        double dy = LABEL_HEIGHT * rows, side = k % 2 ? -9 - width : 9;
        double away = k % 4 < 2 ? 0 : side > 0 ? 24 : -24, at = x + side + away, line = y + 4 + dy;
        if (p->n_taken >= LABELS_MAX || !is_free(p, at, line, width))
            continue;
        p->taken[p->n_taken++] = (struct label){ at, line, width };
        if (dy != 0 || away != 0)
            text_add(&p->t, "<path class=\"tie\" d=\"M%.1f %.1fL%.1f %.1f\"/>", x, y, side > 0 ? at - 2 : at + width, line - 4);
        text_add(&p->t, "<text class=\"ink\" x=\"%.1f\" y=\"%.1f\">", at, line);
        text_add_escaped(&p->t, name);
        text_add(&p->t, "</text>\n");
        return;
    }
}

static void add_dots(struct picture *p, const dot *d, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_drawn(p, &d[i]) && p->n_taken < LABELS_MAX) {
            double x = across(&p->f, intensity_of(&d[i])), y = up(&p->f, gflops_of(&d[i]));
            p->taken[p->n_taken++] = (struct label){ x - 5, y + 4, 10 }; /* no label covers a dot */
        }
    for (size_t i = 0; i < n; i++) {
        if (!is_drawn(p, &d[i]))
            continue;
        double x = across(&p->f, intensity_of(&d[i])), y = up(&p->f, gflops_of(&d[i]));
        text_add(&p->t, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"><title>", d[i].product ? "product" : "operator", x, y);
        text_add_escaped(&p->t, d[i].name);
        text_add(&p->t, ": %.1f GFLOP/s, %.1f GB/s, %.0f%% of the limit</title></circle>", gflops_of(&d[i]),
                 d[i].bytes / d[i].seconds * 1e-9,
                 100 * limits_time(p->limits, d[i].dtype, d[i].flops, d[i].bytes) / d[i].seconds);
        add_label(p, d[i].name, x, y);
    }
}

static const char own_style[] =
    "<style>.roof{stroke:#555;stroke-width:1.5;fill:none}.tie{stroke:#999;stroke-width:.6;fill:none}"
    ".product{fill:#c4521a}.operator{fill:#1668b8}\n"
    "@media (prefers-color-scheme: dark){.roof{stroke:#bbb}.tie{stroke:#777}.product{fill:#f2a06d}.operator{fill:#6db3f2}}"
    "</style>\n";

char *roofline_svg(const limits *l, const dot *d, size_t n)
{
    struct picture p = { .limits = l, .dtype = WG_F64 };
    for (size_t i = 0; i < n; i++)
        if (d[i].dtype == WG_F32)
            p.dtype = WG_F32;
    choose_frame(&p, d, n);
    text_add(&p.t, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                   "font-family=\"sans-serif\" font-size=\"11\">\n<title>Operators and products under this machine's limits</title>\n"
                   "%s%s<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n",
             WIDTH, HEIGHT, WIDTH, HEIGHT, svg_style, own_style);
    text_add(&p.t, "<text class=\"ink\" x=\"%d\" y=\"28\" font-size=\"16\" font-weight=\"bold\">Operators and products under this "
                   "machine's limits</text>\n<text class=\"ink\" x=\"%d\" y=\"48\">%s, %d thread%s, instruction set %s. "
                   "<tspan class=\"product\">&#9679;</tspan> products  <tspan class=\"operator\">&#9679;</tspan> operators on 8 "
                   "million elements</text>\n",
             LEFT, LEFT, wg_dtype_name(p.dtype), l->threads, l->threads == 1 ? "" : "s", wg_isa());
    add_grid(&p);
    add_roofs(&p);
    add_dots(&p, d, n);
    text_add(&p.t, "</svg>\n");
    return p.t.at;
}
