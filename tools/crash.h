/* What a user's operator may do to the whole process, told with its name. */
#ifndef TOOLS_CRASH_H
#define TOOLS_CRASH_H

#include <stddef.h>

/* From here to crash_unwatch a crash in any thread is first told on stderr as one of this operator, or of another that is watched
 * at the time; then the signal does what it would have done. The name is borrowed. Returns what crash_unwatch asks for. */
size_t crash_watch(const char *name);
void crash_unwatch(size_t);

#endif
