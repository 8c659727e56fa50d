/* Parts of a list of gradients, by the names of what they are of. */
#include <string.h>

#include "base/error.h"
#include "graph/graph.h"
#include <wengert/grad.h>

static const wg_grads no_grads = { { NULL, 0 }, { NULL, 0 } };

wg_grads wg_grads_where(wg_grads grads, bool (*chosen)(const wg_node *, void *), void *user, wg_grads *rest)
{
    if (rest)
        *rest = no_grads;
    if (!grads.of.at || grads.of.n != grads.wrt.n || !chosen) {
        wg__fail_null("wg_grads_where", chosen ? "list of gradients" : "function");
        return no_grads;
    }
    if (!grads.of.n) {
        wg__fail(WG_ERR_ARG, "wg_grads_where: there are no gradients");
        return no_grads;
    }
    wg_graph *g = wg_node_graph(grads.of.at[0]);
    /* Chosen ones from the front, the others from the back, params before gradients. */
    size_t n = grads.of.n, taken = 0, left = 0;
    wg_node **list = wg__arena_alloc(&g->arena, 4 * n * sizeof *list);
    if (!list) {
        wg__graph_fail_again(g);
        return no_grads;
    }
    wg_node **wrt = list, **of = list + n, **other_wrt = list + 2 * n, **other_of = list + 3 * n;
    for (size_t i = 0; i < n; i++) {
        bool takes = chosen(grads.wrt.at[i], user);
        size_t *at = takes ? &taken : &left;
        (takes ? wrt : other_wrt)[*at] = grads.wrt.at[i];
        (takes ? of : other_of)[*at] = grads.of.at[i];
        ++*at;
    }
    if (!taken) {
        wg__graph_fail(g, WG_ERR_ARG, "wg_grads_where: none of the %zu params is chosen", n);
        return no_grads;
    }
    if (rest)
        *rest = (wg_grads){ { other_wrt, left }, { other_of, left } };
    return (wg_grads){ { wrt, taken }, { of, taken } };
}

/* Does the whole name match the pattern, which ends at a comma or at its end? After a mismatch the last star takes one more
 * character. */
static bool matches(const char *name, const char *pattern)
{
    const char *behind_star = NULL, *taken_to = NULL;
    for (;;) {
        bool ends = !*pattern || *pattern == ',';
        if (ends && !*name)
            return true;
        if (!ends && *pattern == '*') {
            behind_star = ++pattern;
            taken_to = name;
        } else if (!ends && *name && (*pattern == '?' || *pattern == *name)) {
            pattern++;
            name++;
        } else if (behind_star && *taken_to) {
            pattern = behind_star;
            name = ++taken_to;
        } else {
            return false;
        }
    }
}

static bool matches_any(const wg_node *param, void *patterns)
{
    const char *pattern = *(const char **)patterns;
    while (!matches(wg_node_name(param), pattern)) {
        pattern = strchr(pattern, ',');
        if (!pattern)
            return false;
        pattern++;
    }
    return true;
}

wg_grads wg_grads_matching(wg_grads grads, const char *patterns, wg_grads *rest)
{
    if (patterns)
        return wg_grads_where(grads, matches_any, &patterns, rest);
    wg__fail_null("wg_grads_matching", "pattern");
    if (rest)
        *rest = no_grads;
    return no_grads;
}
