/* Registries: the operators that a graph file or a command may name. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "graph/graph.h"

typedef struct plugin {
    void *handle;
    struct plugin *next;
} plugin;

struct wg_registry {
    const wg_op **op; /* the user's own; the built-in ones stand before them */
    size_t n, capacity;
    plugin *plugins;
};

wg_registry *wg_registry_new(void) { return wg__alloc_zero(NULL, 1, sizeof(wg_registry)); }

void wg_registry_free(wg_registry *r)
{
    if (!r)
        return;
    for (plugin *p = r->plugins, *next; p; p = next) {
        next = p->next;
        dlclose(p->handle);
        wg__free(NULL, p, 1, sizeof *p);
    }
    wg__free(NULL, r->op, r->capacity, sizeof *r->op);
    wg__free(NULL, r, 1, sizeof *r);
}

size_t wg_registry_count(const wg_registry *r) { return wg__builtin_count() + (r ? r->n : 0); }

const wg_op *wg_registry_at(const wg_registry *r, size_t index)
{
    size_t own = wg__builtin_count();
    if (index < own)
        return wg__builtin_at(index);
    return r && index - own < r->n ? r->op[index - own] : NULL;
}

const wg_op *wg_registry_find(const wg_registry *r, const char *name)
{
    if (!name)
        return NULL;
    for (size_t i = 0, n = wg_registry_count(r); i < n; i++) {
        const wg_op *op = wg_registry_at(r, i);
        if (!strcmp(op->name, name))
            return op;
    }
    return NULL;
}

wg_status wg_register(wg_registry *r, const wg_op *op)
{
    if (!r)
        return wg__fail(WG_ERR_ARG, "wg_register: the registry is NULL");
    wg_status status = wg__check_descriptor("wg_register", op);
    if (status)
        return status;
    if (wg_registry_find(r, op->name))
        return wg__fail(WG_ERR_ARG, "wg_register: there is an operator %s already", op->name);
    if (!wg__grow(NULL, (void **)&r->op, &r->capacity, r->n + 1, sizeof *r->op))
        return WG_ERR_NOMEM;
    r->op[r->n++] = op;
    return WG_OK;
}

/* A name without a folder is of a file here, if there is one; else dlopen looks where libraries are. */
static void *open_plugin(const char *path)
{
    char here[4096];
    int length = snprintf(here, sizeof here, "./%s", path);
    bool local = !strchr(path, '/') && length < (int)sizeof here && access(here, F_OK) == 0;
    return dlopen(local ? here : path, RTLD_NOW | RTLD_LOCAL);
}

wg_status wg_registry_plugin(wg_registry *r, const char *path)
{
    if (!r || !path)
        return wg__fail(WG_ERR_ARG, "wg_registry_plugin: the registry or the path is NULL");
    plugin *p = wg__alloc_zero(NULL, 1, sizeof *p);
    if (!p)
        return WG_ERR_NOMEM;
    p->handle = open_plugin(path);
    if (!p->handle) {
        const char *why = dlerror();
        wg__free(NULL, p, 1, sizeof *p);
        const char *text = why ? why : "cannot be opened";
        return strstr(text, path) == text ? wg__fail(WG_ERR_IO, "%s", text) : wg__fail(WG_ERR_IO, "%s: %s", path, text);
    }
    p->next = r->plugins; /* stays loaded even when it fails: it may have registered something before */
    r->plugins = p;
    wg_status (*enter)(wg_registry *);
    void *symbol = dlsym(p->handle, "wg_plugin");
    if (!symbol)
        return wg__fail(WG_ERR_FORMAT, "%s: exports no function wg_plugin", path);
    memcpy(&enter, &symbol, sizeof enter); /* ISO C has no cast from object to function pointers */
    wg_status status = enter(r);
    return status ? wg__fail(status, "%s: %s", path, wg_error()) : WG_OK;
}
