/* Names: scopes, uniqueness, made-up ones, and the table that finds a node. */
#include <stdio.h>
#include <string.h>

#include "graph/names.h"

enum { NAME_MAX_LENGTH = 255 };

struct wg__scope {
    const struct wg__scope *outer;
    const char *prefix; /* "a/b" */
};

/* Open addressing by FNV-1a. A renamed node leaves its old slot behind, which no longer matches: look-ups compare names. */
struct wg__names {
    wg_node **slot;
    size_t capacity, used; /* capacity is a power of two */
};

static uint64_t hash_of(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h;
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '-';
}

/* A part between slashes: not empty, not "." or "..", for names become members of archives. */
static bool part_valid(const char *part, size_t n)
{
    return n > 0 && !(n == 1 && part[0] == '.') && !(n == 2 && part[0] == '.' && part[1] == '.');
}

bool wg__name_valid(const char *name)
{
    size_t length = strlen(name), start = 0;
    if (length == 0 || length > NAME_MAX_LENGTH)
        return false;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && !name_char(name[i]))
            return false;
        if (i == length || name[i] == '/') {
            if (!part_valid(name + start, i - start))
                return false;
            start = i + 1;
        }
    }
    return true;
}

static void put(struct wg__names *t, wg_node *n)
{
    size_t i = hash_of(n->name) & (t->capacity - 1);
    while (t->slot[i])
        i = (i + 1) & (t->capacity - 1);
    t->slot[i] = n;
    t->used++;
}

static bool grow(wg_graph *g)
{
    struct wg__names *t = g->names, bigger = { NULL, t->capacity ? 2 * t->capacity : 64, 0 };
    bigger.slot = wg__alloc_zero(&g->allocator, bigger.capacity, sizeof(wg_node *));
    if (!bigger.slot)
        return false;
    for (size_t i = 0; i < t->capacity; i++)
        if (t->slot[i])
            put(&bigger, t->slot[i]);
    wg__free(&g->allocator, t->slot, t->capacity, sizeof(wg_node *));
    *t = bigger;
    return true;
}

bool wg__names_add(wg_graph *g, wg_node *n)
{
    if (!g->names) {
        g->names = wg__alloc_zero(&g->allocator, 1, sizeof *g->names);
        if (!g->names)
            return false;
    }
    if (2 * (g->names->used + 1) > g->names->capacity && !grow(g))
        return false;
    put(g->names, n);
    return true;
}

wg_node *wg__names_find(const wg_graph *g, const char *name)
{
    const struct wg__names *t = g->names;
    if (!t || !t->capacity)
        return NULL;
    for (size_t i = hash_of(name) & (t->capacity - 1); t->slot[i]; i = (i + 1) & (t->capacity - 1))
        if (!strcmp(t->slot[i]->name, name))
            return t->slot[i];
    return NULL;
}

void wg__names_free(wg_graph *g)
{
    if (!g->names)
        return;
    wg__free(&g->allocator, g->names->slot, g->names->capacity, sizeof(wg_node *));
    wg__free(&g->allocator, g->names, 1, sizeof *g->names);
    g->names = NULL;
}

/* The name of result r: NAME, NAME.1, NAME.2, .. in the arena. */
static const char *result_name(wg_graph *g, const char *base, int r)
{
    char text[NAME_MAX_LENGTH + 16];
    if (r == 0)
        return wg__arena_text(&g->arena, base);
    snprintf(text, sizeof text, "%s.%d", base, r);
    return wg__arena_text(&g->arena, text);
}

/* Whether base, base.1, .. are free. False, too, where memory ran out: *failed tells. */
static bool all_free(wg_graph *g, const char *base, int n_out, bool *failed)
{
    for (int r = 0; r < n_out; r++) {
        const char *name = r == 0 ? base : result_name(g, base, r);
        *failed = !name;
        if (!name || wg__names_find(g, name))
            return false;
    }
    return true;
}

bool wg__name_made_up(wg__operation *o)
{
    char base[NAME_MAX_LENGTH + 1];
    bool failed = false;
    size_t n = (size_t)snprintf(base, sizeof base, "%.200s_%zu", o->op->name, o->index);
    while (!all_free(o->graph, base, o->n_out, &failed) && !failed && n + 1 < sizeof base)
        memcpy(base + n++, "_", 2);
    for (int r = 0; r < o->n_out && !failed; r++) {
        o->out[r].name = result_name(o->graph, base, r);
        failed = !o->out[r].name || !wg__names_add(o->graph, &o->out[r]);
    }
    return !failed;
}

/* Takes the name for one result. A node for which it was made up gets another. */
static bool take(wg_node *n, const char *name)
{
    wg_graph *g = n->operation->graph;
    wg_node *other = wg__names_find(g, name);
    if (other && other->operation != n->operation && other->operation->named) {
        wg__graph_fail(g, WG_ERR_ARG, "the name %s is taken", name);
        return false;
    }
    n->name = name;
    bool done =
        wg__names_add(g, n) && (!other || other->operation == n->operation || wg__name_made_up(other->operation));
    if (!done)
        wg__graph_fail_again(g);
    return done;
}

bool wg__name_operation(wg__operation *o, const char *full_name)
{
    wg_graph *g = o->graph;
    if (!wg__name_valid(full_name)) {
        wg__graph_fail(g, WG_ERR_ARG,
                       "\"%.80s\" is no name: letters, digits, _ . - and single / between parts are allowed",
                       full_name);
        return false;
    }
    for (int r = 0; r < o->n_out; r++) {
        const char *name = result_name(g, full_name, r);
        if (!name) {
            wg__graph_fail_again(g);
            return false;
        }
        if (!take(&o->out[r], name))
            return false;
    }
    o->named = true;
    return true;
}

char *wg__name_in_scope(wg_graph *g, const char *name)
{
    if (!g->scope)
        return wg__arena_text(&g->arena, name);
    size_t scope = strlen(g->scope->prefix), n = strlen(name);
    char *full = wg__arena_alloc(&g->arena, scope + 1 + n + 1);
    if (full) {
        memcpy(full, g->scope->prefix, scope);
        full[scope] = '/';
        memcpy(full + scope + 1, name, n + 1);
    }
    return full;
}

wg_node *wg_name(wg_node *n, const char *format, ...)
{
    if (!n) {
        wg__fail_null("wg_name", "node");
        return NULL;
    }
    wg_graph *g = n->operation->graph;
    if (g->status)
        return NULL;
    char text[NAME_MAX_LENGTH + 2]; /* one more than is valid, so that cutting off cannot make a name valid */
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    char *full = wg__name_in_scope(g, text);
    if (!full)
        return wg__graph_fail_again(g);
    return wg__name_operation(n->operation, full) ? n : NULL;
}

wg_node *wg__mark_output(wg_node *n)
{
    wg_graph *g = n->operation->graph;
    if (n->is_output)
        return n;
    if (!wg__grow(&g->allocator, (void **)&g->outputs, &g->outputs_capacity, g->n_outputs + 1, sizeof(wg_node *)))
        return wg__graph_fail_again(g);
    g->outputs[g->n_outputs++] = n;
    n->is_output = true;
    return n;
}

wg_node *wg_output(wg_node *n, const char *name)
{
    if (!n) {
        wg__fail_null("wg_output", "node");
        return NULL;
    }
    wg_graph *g = n->operation->graph;
    if (!name)
        return wg__graph_fail(g, WG_ERR_ARG, "wg_output: the name is NULL");
    return wg_name(n, "%s", name) ? wg__mark_output(n) : NULL;
}

wg_node *wg_find(const wg_graph *g, const char *name)
{
    if (!g || !name)
        return NULL;
    return wg__names_find(g, name);
}

void wg_scope_push(wg_graph *g, const char *format, ...)
{
    if (!g || g->status)
        return;
    char text[NAME_MAX_LENGTH + 2];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (!wg__name_valid(text)) {
        wg__graph_fail(g, WG_ERR_ARG, "\"%.80s\" is no name for a scope", text);
        return;
    }
    struct wg__scope *inner = wg__arena_alloc(&g->arena, sizeof *inner);
    if (!inner || !(inner->prefix = wg__name_in_scope(g, text))) {
        wg__graph_fail_again(g);
        return;
    }
    inner->outer = g->scope;
    g->scope = inner;
}

void wg_scope_pop(wg_graph *g)
{
    if (!g || g->status)
        return;
    if (!g->scope)
        wg__graph_fail(g, WG_ERR_ARG, "wg_scope_pop: no scope is open");
    else
        g->scope = g->scope->outer;
}
