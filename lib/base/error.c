/* The thread's last failure: a status and one line of text in a buffer of fixed size, so that failing needs no memory.
 * */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct {
    wg_status status;
    char text[WG__ERROR_MAX];
} last;

const char *wg_error(void) { return last.text; }

wg_status wg_error_status(void) { return last.status; }

/* `length` is what snprintf returned for a buffer of WG__ERROR_MAX. A text that was cut ends in "..", never in a part
 * of a UTF-8 character. */
static void mark_cut(char *text, int length)
{
    size_t end = WG__ERROR_MAX - 3;

    if (length >= 0 && length < WG__ERROR_MAX)
        return;
    if (length < 0) /* snprintf could not encode an argument */
        end = strnlen(text, end);
    while (end > 0 && ((unsigned char)text[end] & 0xC0u) == 0x80u)
        end--;
    memcpy(text + end, "..", 3);
}

/* Names from a hostile file must not break the line, nor reach a terminal as commands. */
static void blot_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            *text = '?';
}

wg_status wg__fail_v(wg_status status, const char *format, va_list arguments)
{
    char text[WG__ERROR_MAX] = ""; /* apart, for an argument may be wg_error() itself */

    mark_cut(text, vsnprintf(text, sizeof text, format, arguments));
    blot_controls(text);
    memcpy(last.text, text, sizeof text);
    last.status = status;
    return status;
}

wg_status wg__fail(wg_status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    wg__fail_v(status, format, arguments);
    va_end(arguments);
    return status;
}

wg_status wg__fail_in(const char *format, ...)
{
    va_list arguments;
    char before[WG__ERROR_MAX] = "";

    va_start(arguments, format);
    mark_cut(before, vsnprintf(before, sizeof before, format, arguments));
    va_end(arguments);
    return wg__fail(last.status, "%s%s", before, last.text);
}

wg_status wg__fail_null(const char *caller, const char *what)
{
    return last.status ? last.status : wg__fail(WG_ERR_ARG, "%s: the %s is NULL", caller, what);
}

wg_status wg__fail_errno(const char *call)
{
    char text[256];
    int code = errno;

    if (strerror_r(code, text, sizeof text))
        return wg__fail(WG_ERR_IO, "%s: error %d", call, code);
    return wg__fail(WG_ERR_IO, "%s: %s", call, text);
}
