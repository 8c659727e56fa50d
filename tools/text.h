/* Texts that grow, and what pictures in SVG share. */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include "tool.h"

/* Begins as all zero; `at` is to be freed. */
struct text {
    char *at;
    size_t n, room;
};
void text_add(struct text *, const char *format, ...) WG_PRINTF(2, 3);
/* The same with < > & " escaped. */
void text_add_escaped(struct text *, const char *);

/* A <style> element for SVG, with colours that are readable on light and on dark pages. */
extern const char svg_style[];

#endif
