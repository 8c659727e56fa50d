/* The parts of `wengert predict`. */
#ifndef TOOLS_PREDICT_H
#define TOOLS_PREDICT_H

#include "model.h"

/* Does the name end as one of the formats that predictions are written in? */
bool predictions_suffix(const char *path);
/* Writes predictions (n, ..) in the format of the suffix; as CSV on stdout where path is NULL. As text, where the classes have names each line
 * begins with the name of the likeliest. False, and the message printed. */
bool predictions_write(const char *path, wg_view, const texts *classes);
/* Adds them to an object: "prediction", and "class" where classes have names. */
void predictions_add(json_t *, wg_view, const texts *classes);

#endif
