/* Texts that grow, and what pictures in SVG share. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add(struct text *t, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int more = vsnprintf(NULL, 0, format, args);
    va_end(args);
    size_t need = t->n + (more > 0 ? (size_t)more : 0) + 1;
    if (need > t->room) {
        size_t room = need > 2 * t->room ? need : 2 * t->room;
        char *bigger = tool_alloc(room, 1);
        if (t->n)
            memcpy(bigger, t->at, t->n);
        free(t->at);
        t->at = bigger;
        t->room = room;
    }
    vsnprintf(t->at + t->n, t->room - t->n, format, again);
    va_end(again);
    t->n = need - 1;
}

void text_add_escaped(struct text *t, const char *text)
{
    for (; *text; text++) {
        const char *name = *text == '<'   ? "&lt;"
                           : *text == '>' ? "&gt;"
                           : *text == '&' ? "&amp;"
                           : *text == '"' ? "&quot;"
                                          : NULL;
        if (name)
            text_add(t, "%s", name);
        else
            text_add(t, "%c", *text);
    }
}

const char svg_style[] =
    "<style>\n"
    ".ground{fill:#fff}.ink{fill:#222}.axis{stroke:#444}.grid{stroke:#ddd}.line{stroke:#1668b8;fill:none}\n"
    ".box{fill:#eef4fb;stroke:#1668b8}.leaf{fill:#f4f4f4;stroke:#777}.result{fill:#e6f4e6;stroke:#2a7a2a}\n"
    "@media (prefers-color-scheme: dark){\n"
    ".ground{fill:#16181c}.ink{fill:#ddd}.axis{stroke:#aaa}.grid{stroke:#333}.line{stroke:#6db3f2}\n"
    ".box{fill:#1d2b3a;stroke:#6db3f2}.leaf{fill:#26282c;stroke:#999}.result{fill:#1c301c;stroke:#7fc77f}}\n"
    "</style>\n";
