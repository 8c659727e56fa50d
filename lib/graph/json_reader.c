/* What reading a node's description needs: its members, and failures that name the node. */
#include "graph/json_reader.h"

#include <string.h>

bool wg__reader_fail(const wg__reader *r, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    wg__fail_v(WG_ERR_FORMAT, format, arguments);
    va_end(arguments);
    wg__fail_in("node %.255s: ", r->name);
    return false;
}

bool wg__reader_fail_again(const wg__reader *r)
{
    return wg_error_status() == WG_ERR_NOMEM ? false : wg__reader_fail(r, "%s", wg_error());
}

const char *wg__reader_string(const wg__reader *r, const char *key, const char *expected)
{
    const json_t *value = json_object_get(r->node, key);
    char shown[WG__JSON_SHOWN];

    if (!json_is_string(value))
        wg__reader_fail(r, "%s: expected %s, got %s", key, expected, wg__json_shown(value, shown));
    return json_string_value(value);
}

bool wg__json_only(const json_t *object, const char *known, const char **which)
{
    json_t *o = (json_t *)object; /* jansson's iterators take no const, though they change nothing */

    for (void *at = json_object_iter(o); at != NULL; at = json_object_iter_next(o, at)) {
        const char *key = json_object_iter_key(at), *found = known;
        size_t n = strlen(key);

        while (found != NULL && !(strncmp(found, key, n) == 0 && (found[n] == ' ' || found[n] == '\0'))) {
            found = strchr(found, ' ');
            found = found == NULL ? NULL : found + 1;
        }
        if (found == NULL || n == 0) {
            *which = key;
            return false;
        }
    }
    return true;
}

bool wg__reader_keys(const wg__reader *r, const char *known)
{
    const char *which;

    return wg__json_only(r->node, known, &which) ||
           wg__reader_fail(r, "member \"%.60s\" is unknown (known: %s)", which, known);
}
