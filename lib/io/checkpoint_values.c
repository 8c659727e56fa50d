/* A checkpoint's arrays against a graph's variables: all are read and verified before anybody gets one. */
#include <string.h>

#include "io/checkpoint.h"

static const wg__zip_entry *member_of(const wg__zip *zip, const char *name)
{
    for (size_t k = 0; k < zip->n; k++) {
        size_t n = wg__npz_array_name(zip->entry[k].name);
        if (n && strlen(name) == n && !memcmp(zip->entry[k].name, name, n))
            return &zip->entry[k];
    }
    return NULL;
}

/* Every variable has a member; `entry`: by variable index. */
static wg_status match_variables(const wg_graph *g, const wg__zip *zip, const wg__zip_entry **entry)
{
    for (size_t k = 0; k < g->n_variables; k++) {
        const char *name = wg_node_name(g->variables[k]->out);
        entry[k] = member_of(zip, name);
        if (!entry[k])
            return wg__fail(WG_ERR_MISMATCH, "lacks the model's %s", name);
    }
    return WG_OK;
}

/* Every member has a variable, or is listed as state, or is the description. */
static wg_status match_members(const wg_graph *g, const wg__zip *zip, const json_t *note)
{
    for (size_t k = 0; k < zip->n; k++) {
        const char *member = zip->entry[k].name;
        size_t n = wg__npz_array_name(member);
        bool known = !n && !strcmp(member, WG__CHECKPOINT_GRAPH);
        for (size_t v = 0; n && !known && v < g->n_variables; v++) {
            const char *name = wg_node_name(g->variables[v]->out);
            known = strlen(name) == n && !memcmp(name, member, n);
        }
        if (!known && !(n && wg__checkpoint_is_state(note, member, n)))
            return wg__fail(WG_ERR_MISMATCH, "holds %.*s, which the model does not have", (int)(n ? n : strlen(member)),
                            member);
    }
    return WG_OK;
}

static wg_status check_header(const wg__npy_header *h, const wg_node *n)
{
    char has[128], wants[128];

    if (h->dtype != n->dtype || !wg_shape_equal(h->shape, n->shape))
        return wg__fail(WG_ERR_MISMATCH, "is %s %s in the file, but %s %s in the model", wg_dtype_name(h->dtype),
                        wg_shape_text(h->shape, has, sizeof has), wg_dtype_name(n->dtype),
                        wg_shape_text(n->shape, wants, sizeof wants));
    if (h->swapped || h->fortran)
        return wg__fail(WG_ERR_FORMAT, "is %s; checkpoints hold little-endian arrays in C order",
                        h->swapped ? "big-endian" : "in Fortran order");
    return WG_OK;
}

static wg_status read_value(const wg__zip *zip, const wg__zip_entry *entry, const wg_node *n, void **to)
{
    wg__zip_stream s;
    wg__npy_header h;
    wg_status status = wg__npz_begin(&s, &h, zip, entry);

    if (status)
        return status;
    status = check_header(&h, n);
    if (!status) {
        *to = wg__alloc_aligned(&n->operation->graph->allocator, wg__variable_bytes(n->operation));
        status = *to ? WG_OK : WG_ERR_NOMEM;
    }
    if (!status)
        return wg__npz_finish(&s, &h, *to);
    wg__zip_end(&s);
    return status;
}

static wg_status read_all(wg__values *v, const wg__zip *zip, const wg__zip_entry **entry, const json_t *note)
{
    wg_status status = match_variables(v->graph, zip, entry);

    if (!status)
        status = match_members(v->graph, zip, note);
    for (size_t k = 0; !status && k < v->n; k++) {
        const wg_node *n = v->graph->variables[k]->out;
        status = read_value(zip, entry[k], n, &v->at[k]);
        if (status)
            wg__fail_in("%s: ", wg_node_name(n));
    }
    return status;
}

wg_status wg__values_read(wg__values *v, const wg_graph *g, const wg__zip *zip, const json_t *note)
{
    const wg__zip_entry **entry = wg__alloc_zero(&g->allocator, g->n_variables, sizeof *entry);
    wg_status status = WG_ERR_NOMEM;

    *v = (wg__values){ .graph = g, .n = g->n_variables };
    v->at = wg__alloc_zero(&g->allocator, v->n, sizeof *v->at);
    if (entry && v->at)
        status = read_all(v, zip, entry, note);
    wg__free(&g->allocator, entry, g->n_variables, sizeof *entry);
    if (status)
        wg__values_free(v);
    return status;
}

void wg__values_free(wg__values *v)
{
    const wg__allocator *a = &v->graph->allocator;

    for (size_t k = 0; v->at && k < v->n; k++)
        wg__free(a, v->at[k], wg__variable_bytes(v->graph->variables[k]), 1);
    wg__free(a, v->at, v->n, sizeof *v->at);
    v->at = NULL;
    v->n = 0;
}
