/* What the library builds of operators in one call: recurrent layers, updates, schedules. They are no operators themselves, so
 * graph files hold what they are made of. */
#ifndef TOOLS_BUILDERS_H
#define TOOLS_BUILDERS_H

#include <stddef.h>

typedef struct builder {
    const char *name, *doc, *call;
} builder;

extern const builder builders[];
extern const size_t n_builders;

/* NULL: there is none of that name. */
const builder *find_builder(const char *name);

#endif
