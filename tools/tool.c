/* Messages, JSON and memory. */
#include "tool.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bool quiet, json, object_printed;
    char error[1200]; /* the first failure */
} tool;

void tool_set(bool quiet, bool json)
{
    tool.quiet = quiet;
    tool.json = json;
}

bool tool_quiet(void)
{
    return tool.quiet;
}

bool tool_json(void)
{
    return tool.json;
}

/* One line, whatever bytes a name has. */
static void complain(const char *kind, const char *format, va_list args)
{
    char text[1200];
    vsnprintf(text, sizeof text, format, args);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    if (!*kind && !*tool.error)
        snprintf(tool.error, sizeof tool.error, "%s", text);
    fflush(stdout); /* so that the two streams keep their order on a terminal */
    fprintf(stderr, "wengert: %s%s\n", kind, text);
}

int tool_failed(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain("", format, args);
    va_end(args);
    return FAILED;
}

static const char *blamed;

void tool_blame(const char *file)
{
    blamed = file;
}

int tool_misused(const char *format, ...)
{
    va_list args;
    char text[1000];
    va_start(args, format);
    if (blamed)
        vsnprintf(text, sizeof text, format, args);
    else
        complain("", format, args);
    va_end(args);
    return blamed ? tool_failed("%s: keeps a wrong option: %s", blamed, text) : MISUSED;
}

void tool_warn(const char *format, ...)
{
    if (tool.quiet)
        return;
    va_list args;
    va_start(args, format);
    complain("warning: ", format, args);
    va_end(args);
}

void tool_say(const char *format, ...)
{
    if (tool.json && tool.quiet)
        return;
    va_list args;
    va_start(args, format);
    vfprintf(tool.json ? stderr : stdout, format, args);
    va_end(args);
}

void tool_note(const char *format, ...)
{
    if (tool.quiet)
        return;
    fflush(stdout);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
}

void tool_object(json_t *object)
{
    if (tool.json && !tool.object_printed) {
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
        tool.object_printed = true;
    }
    json_decref(object);
}

int tool_end(int code)
{
    if (tool.json && !tool.object_printed && *tool.error)
        tool_object(json_pack("{s:o, s:i}", "error", tool_text(tool.error), "exit", code));
    if (fflush(stdout) || ferror(stdout))
        return tool_failed("standard output: %s", errno ? strerror(errno) : "cannot be written");
    return code;
}

json_t *tool_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *tool_text(const char *text)
{
    json_t *value = json_string(text);
    if (value || !text)
        return value ? value : json_null();
    char *plain = tool_copy(text);
    for (char *c = plain; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    value = json_string(plain);
    free(plain);
    return value;
}

json_t *tool_shape(wg_shape shape)
{
    json_t *list = json_array();
    for (int i = 0; i < shape.rank; i++) {
        int64_t d = shape.dim[i];
        char letter[2] = { (char)-d, '\0' };
        json_array_append_new(list, d >= 0 ? json_integer(d) : d == WG_ANY ? json_null() : json_string(letter));
    }
    return list;
}

void *tool_alloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        exit(tool_end(tool_failed("out of memory")));
    return p;
}

char *tool_copy(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(tool_alloc(n, 1), text, n);
}

char *tool_print(const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *text = tool_alloc(n < 0 ? 1 : (size_t)n + 1, 1);
    vsnprintf(text, n < 0 ? 1 : (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

const char *tool_grouped(int64_t value)
{
    static char ring[4][40];
    static unsigned turn;
    char *text = ring[turn++ % 4], digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)value), at = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && digits[i - 1] != '-' && (n - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}
