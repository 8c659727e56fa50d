/* Curves as pictures. */
#ifndef TOOLS_PLOT_H
#define TOOLS_PLOT_H

#include "text.h"

/* A line plot of n points. False, and the message printed, when it cannot be written. */
bool plot_save(const char *path, const char *title, const char *x_label, const char *y_label, const int64_t *x,
               const double *y, size_t n);

/* Whether there is such a plot at a path. */
bool plot_is(const char *path);

#endif
