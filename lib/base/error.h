/* The thread's last failure. */
#ifndef WG_BASE_ERROR_H
#define WG_BASE_ERROR_H

#include <stdarg.h>
#include <wengert/base.h>

/* Sets the calling thread's failure and returns `status`, so that `return wg__fail(..)` reads well. */
wg_status wg__fail(wg_status status, const char *format, ...) WG_PRINTF(2, 3);
wg_status wg__fail_v(wg_status status, const char *format, va_list) WG_PRINTF(2, 0);
/* Puts text in front of the thread's failure, as wg__fail_in("%s: ", path) does a file's name. Returns its status. */
wg_status wg__fail_in(const char *format, ...) WG_PRINTF(1, 2);
/* An object that a call needs is NULL. Where something failed before on this thread, that is why there is no object: it stays
 * told, and its status is returned. Otherwise "caller: the what is NULL", WG_ERR_ARG. */
wg_status wg__fail_null(const char *caller, const char *what);
/* Sets WG_ERR_IO with the failed call's name and errno's text: "open: No such file or directory". */
wg_status wg__fail_errno(const char *call);

enum { WG__ERROR_MAX = 1024 }; /* longer texts are cut and end in ".." */

#endif
