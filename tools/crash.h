/* What a user's operator may do to the whole process, told with its name. */
#ifndef TOOLS_CRASH_H
#define TOOLS_CRASH_H

#include <stddef.h>

#include <wengert/verify.h>

/* From here to crash_unwatch a crash in any thread is first told on stderr as one of this operator, or of another that is watched
 * at the time; then the signal does what it would have done. The name is borrowed. Returns what crash_unwatch asks for. */
size_t crash_watch(const char *name);
/* What is done with it from now on. */
void crash_note(size_t, const wg_check *coming);
void crash_unwatch(size_t);

#endif
