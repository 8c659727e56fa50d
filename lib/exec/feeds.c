/* What is fed and bound: checked against the declared shape, copied or borrowed. */
#include <stdio.h>
#include <string.h>

#include "exec/exec.h"

/* Where a leaf's feed is, or would be inserted. */
static size_t position(const wg_exec *e, const wg_node *leaf)
{
    size_t low = 0, high = e->n_feeds;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (e->feed[middle]->leaf->index < leaf->index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

wg__feed *wg__feed_find(const wg_exec *e, const wg_node *leaf)
{
    size_t at = position(e, leaf);
    return at < e->n_feeds && e->feed[at]->leaf == leaf ? e->feed[at] : NULL;
}

wg_view wg__exec_feed_of(const wg_exec *e, const wg_node *leaf)
{
    const wg__feed *f = e && leaf ? wg__feed_find(e, leaf) : NULL;
    return f && f->data && !f->failure ? f->view : (wg_view){ 0 };
}

static wg__feed *add_feed(wg_exec *e, const wg_node *leaf)
{
    if (!wg__grow(&e->allocator, (void **)&e->feed, &e->feeds_capacity, e->n_feeds + 1, sizeof(wg__feed *)))
        return NULL;
    wg__feed *f = wg__alloc_zero(&e->allocator, 1, sizeof *f);
    if (!f)
        return NULL;
    size_t at = position(e, leaf);
    memmove(e->feed + at + 1, e->feed + at, (e->n_feeds - at) * sizeof *e->feed);
    e->feed[at] = f;
    e->n_feeds++;
    f->leaf = leaf;
    return f;
}

void wg__feeds_free(wg_exec *e)
{
    for (size_t i = 0; i < e->n_feeds; i++) {
        wg__free(&e->allocator, e->feed[i]->copy, e->feed[i]->copy_bytes, 1);
        wg__free(&e->allocator, e->feed[i], 1, sizeof(wg__feed));
    }
    wg__free(&e->allocator, e->feed, e->feeds_capacity, sizeof *e->feed);
}

/* The leaf of the plan, if the plan needs it. */
static void connect(wg_exec *e, wg__feed *f)
{
    const wg_plan *p = e->plan;
    for (size_t i = 0; i < p->n_leaves; i++)
        if (p->leaf[i].asked == f->leaf && e->leaf_feed[i] != f) {
            e->leaf_feed[i] = f;
            e->now = NULL;
        }
}

static bool is_leaf(const wg_exec *e, const wg_node *n)
{
    return n && n->operation->graph == e->plan->source && (wg__op_of(n) == &wg_op_input || n->operation->variable >= 0);
}

static wg_status check(const wg_node *leaf, const wg_view *v)
{
    char a[96], b[96];
    if (v->dtype != leaf->dtype)
        return wg__fail(WG_ERR_DTYPE, "%s is %s, but was fed %s", leaf->name, wg_dtype_name(leaf->dtype),
                        wg_dtype_name(v->dtype));
    bool fits = v->shape.rank == leaf->shape.rank && wg__shape_known(&v->shape);
    for (int d = 0; fits && d < v->shape.rank; d++)
        fits = leaf->shape.dim[d] < 0 || leaf->shape.dim[d] == v->shape.dim[d];
    if (!fits)
        return wg__fail(WG_ERR_SHAPE, "%s has shape %s, but was fed %s", leaf->name,
                        wg_shape_text(leaf->shape, a, sizeof a), wg_shape_text(v->shape, b, sizeof b));
    if (!v->data && wg_shape_count(v->shape) > 0)
        return wg__fail(WG_ERR_ARG, "%s was fed a view without data", leaf->name);
    return WG_OK;
}

/* Makes room for a copy of the view. */
static wg_status reserve(const wg_exec *e, wg__feed *f, const wg_view *v)
{
    size_t bytes;
    if (!wg__shape_bytes(&v->shape, v->dtype, &bytes))
        return wg__fail(WG_ERR_RANGE, "%s was fed more than memory can address", f->leaf->name);
    if (f->copy && bytes <= f->copy_bytes)
        return WG_OK;
    void *copy = wg__alloc_aligned(&e->allocator, bytes);
    if (!copy)
        return WG_ERR_NOMEM;
    wg__free(&e->allocator, f->copy, f->copy_bytes, 1);
    f->copy = copy;
    f->copy_bytes = bytes;
    return WG_OK;
}

static bool readable_in_place(const wg_view *v)
{
    return v->data && !v->strided && (uintptr_t)v->data % wg_dtype_size(v->dtype) == 0;
}

static wg_status take(wg_exec *e, wg__feed *f, wg_view v, bool borrow)
{
    bool copy = !borrow || !readable_in_place(&v);
    wg_status status = check(f->leaf, &v);
    if (!status && copy)
        status = reserve(e, f, &v);
    if (status)
        return status;
    if (!f->data || !wg_shape_equal(v.shape, f->view.shape))
        e->now = NULL;
    f->view = v;
    f->data = copy ? f->copy : v.data;
    f->gather = copy && borrow;
    if (!borrow) {
        wg__view_copy(f->copy, v);
        f->view = wg_view_of(f->copy, v.dtype, v.shape);
    }
    connect(e, f);
    return WG_OK;
}

static wg_status feed(wg_exec *e, const wg_node *leaf, wg_view v, bool borrow, const char *caller)
{
    if (!e)
        return wg__fail_null(caller, "exec");
    wg__feed *f = NULL;
    wg_status status = WG_OK;
    if (!is_leaf(e, leaf))
        status = wg__fail(WG_ERR_ARG, "%s: %s is no input, param or variable of the plan's graph", caller,
                          leaf ? leaf->name : "NULL");
    else if (!(f = wg__feed_find(e, leaf)) && !(f = add_feed(e, leaf)))
        status = WG_ERR_NOMEM;
    if (!f) {
        e->pending = status;
        e->now = NULL;
        return wg__exec_failed(e, status);
    }
    status = take(e, f, v, borrow);
    if (status) {
        e->now = NULL;
        snprintf(f->failure_text, sizeof f->failure_text, "%s", wg_error());
    }
    f->failure = status;
    return wg__exec_failed(e, status);
}

wg_status wg_feed(wg_exec *e, const wg_node *leaf, wg_view v) { return feed(e, leaf, v, false, "wg_feed"); }

wg_status wg_bind(wg_exec *e, const wg_node *leaf, wg_view v) { return feed(e, leaf, v, true, "wg_bind"); }

void wg__feeds_gather(wg_exec *e)
{
    for (size_t i = 0; i < e->n_feeds; i++)
        if (e->feed[i]->gather)
            wg__view_copy(e->feed[i]->copy, e->feed[i]->view);
}

void *wg__leaf_data(const wg_exec *e, int leaf)
{
    const wg__feed *f = e->leaf_feed[leaf];
    if (f && f->data)
        return (void *)f->data; /* programs only read it */
    return e->store->value[e->plan->leaf[leaf].node->operation->variable];
}
