/* Pieces of the graph description: strings, numbers, shapes. */
#include "graph/json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1 << 28 }; /* a parsed text takes many times its size */

static bool is_blank(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && (text[n] == ' ' || text[n] == '\t' || text[n] == '\r' || text[n] == '\n'))
        n++;
    return n == length;
}

json_t *wg__json_load(const char *text, size_t length)
{
    json_error_t error;
    json_t *root;

    if (length > TEXT_MAX) {
        wg__fail(WG_ERR_FORMAT, "the JSON text has %zu bytes; %d are allowed", length, TEXT_MAX);
        return NULL;
    }
    if (is_blank(text, length)) { /* jansson would miss a bracket in line 1, column 0 */
        wg__fail(WG_ERR_FORMAT, "is empty; expected an object, { .. }");
        return NULL;
    }
    root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (root != NULL && json_is_object(root))
        return root;
    if (root != NULL)
        wg__fail(WG_ERR_FORMAT, "expected an object, { .. }");
    else if (json_error_code(&error) == json_error_out_of_memory)
        wg__fail(WG_ERR_NOMEM, "out of memory while reading JSON");
    else
        wg__fail(WG_ERR_FORMAT, "line %d, column %d: %s", error.line, error.column, error.text);
    json_decref(root);
    return NULL;
}

bool wg__json_is_object(const char *text)
{
    json_t *root = wg__json_load(text, strlen(text));
    bool is = root != NULL;

    json_decref(root);
    return is;
}

const char *wg__json_shown(const json_t *value, char text[WG__JSON_SHOWN])
{
    size_t n;

    if (value == NULL)
        return "nothing";
    memset(text, 0, WG__JSON_SHOWN); /* of what does not fit, jansson leaves out the whole piece */
    n = json_dumpb(value, text, WG__JSON_SHOWN - 3, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
    if (n > WG__JSON_SHOWN - 3)
        memcpy(text + strlen(text), "..", 3);
    return text;
}

/* The length of the UTF-8 character at s, 0 when there is none. Overlong forms and surrogates are not characters. */
static size_t utf8_length(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;

    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0u) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF0 && s[1] < 0x90) ||
        (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

void wg__json_quote(wg__text *t, const char *text)
{
    wg__text_add(t, "\"");
    while (*text != '\0') {
        size_t n = utf8_length((const unsigned char *)text);

        if (n == 0)
            wg__text_add(t, "\xEF\xBF\xBD");
        else if (*text == '"' || *text == '\\')
            wg__text_printf(t, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            wg__text_printf(t, "\\u%04x", (unsigned)*text);
        else
            wg__text_add_n(t, text, n);
        text += n == 0 ? 1 : n;
    }
    wg__text_add(t, "\"");
}

void wg__json_number(wg__text *t, double value, bool single)
{
    char text[WG__NUMBER_MAX];

    wg__number_text(value, single, text);
    if (value == 0 && signbit(value)) /* an integer -0 would lose its sign */
        wg__text_add(t, "-0.0");
    else
        wg__text_printf(t, isfinite(value) ? "%s" : "\"%s\"", text);
}

bool wg__json_to_number(const json_t *value, double *out)
{
    const char *text = json_string_value(value);

    if (json_is_number(value))
        *out = json_number_value(value);
    else if (text != NULL && strcmp(text, "inf") == 0)
        *out = INFINITY;
    else if (text != NULL && strcmp(text, "-inf") == 0)
        *out = -INFINITY;
    else if (text != NULL && strcmp(text, "nan") == 0)
        *out = NAN;
    else
        return false;
    return true;
}

static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

void wg__json_shape(wg__text *t, const wg_shape *s, const char *any)
{
    wg__text_add(t, "[");
    for (int i = 0; i < s->rank; i++) {
        int64_t d = s->dim[i];

        wg__text_add(t, i > 0 ? ", " : "");
        if (d == WG_ANY)
            wg__text_add(t, any);
        else if (d < 0 && d >= -CHAR_MAX && is_letter((char)-d))
            wg__text_printf(t, "\"%c\"", (char)-d);
        else
            wg__text_printf(t, "%lld", (long long)d);
    }
    wg__text_add(t, "]");
}

bool wg__json_to_shape(const json_t *list, wg_shape *s)
{
    size_t rank = json_array_size(list);

    if (!json_is_array(list) || rank > WG_MAX_RANK)
        return false;
    *s = (wg_shape){ .rank = (int)rank };
    for (size_t i = 0; i < rank; i++) {
        const json_t *d = json_array_get(list, i);

        if (json_is_integer(d))
            s->dim[i] = json_integer_value(d);
        else if (json_is_null(d))
            s->dim[i] = WG_ANY;
        else if (json_string_length(d) == 1 && is_letter(json_string_value(d)[0]))
            s->dim[i] = WG_DIM(json_string_value(d)[0]);
        else
            return false;
    }
    return true;
}

const char *wg__suggest_op(const wg_registry *registry, const char *name, char text[96])
{
    int best = INT_MAX;

    text[0] = '\0';
    for (size_t i = 0, n = wg_registry_count(registry); i < n; i++) {
        const char *candidate = wg_registry_at(registry, i)->name;

        if (wg__nearer(name, candidate, &best))
            snprintf(text, 96, ", did you mean %s?", candidate);
    }
    return text;
}
