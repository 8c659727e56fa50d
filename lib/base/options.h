/* Structs of options: every public one begins with its size. */
#ifndef WG_BASE_OPTIONS_H
#define WG_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a caller's options into `own`, a struct of the same type of `size` bytes. A caller that was compiled for an older
 * version gives fewer fields: those that are missing are zero, as all are where `given` is NULL. False, WG_ERR_ARG: the size is 0
 * (it was forgotten), or the struct has fields that this version does not know. */
bool wg__options(void *own, size_t size, const void *given, const char *type);

#endif
