/* An exec's life, and finding the program for what is fed. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/options.h"
#include "exec/exec.h"

wg_status wg__exec_failed(wg_exec *e, wg_status status)
{
    if (status) {
        snprintf(e->error, sizeof e->error, "%s", wg_error());
        wg__graph_say(e->plan->source, WG_ERROR, e->error);
    }
    return status;
}

wg_exec *wg_exec_new(const wg_plan *p) { return wg_exec_new_with(p, NULL); }

wg_exec *wg_exec_new_with(const wg_plan *p, const wg_exec_opts *given)
{
    wg_exec_opts o;
    if (!p) {
        wg__fail_null("wg_exec_new", "plan");
        return NULL;
    }
    if (!wg__options(&o, sizeof o, given, "wg_exec_opts"))
        return NULL;
    wg_exec *e = wg__alloc_zero(&p->allocator, 1, sizeof *e);
    if (!e)
        return NULL;
    e->allocator = p->allocator;
    e->plan = wg__plan_hold(p);
    e->threads = wg__team_size(o.threads > 0 ? o.threads : p->source->threads);
    e->check_finite = o.check_finite;
    e->memory_limit = o.memory_limit;
    e->interpreted.allocator = &e->allocator;
    e->leaf_feed = wg__alloc_zero(&e->allocator, p->n_leaves, sizeof *e->leaf_feed);
    if (!e->leaf_feed || wg_exec_use(e, o.store ? o.store : p->store)) {
        wg_exec_free(e);
        return NULL;
    }
    return e;
}

void wg_exec_free(wg_exec *e)
{
    if (!e)
        return;
    wg__allocator a = e->allocator;
    wg__timeline_close(e->trace);
    for (int i = 0; i < WG__FRAMES; i++)
        wg__frame_free(e, e->frame[i]);
    wg__feeds_free(e);
    wg__free(&a, e->leaf_feed, e->plan->n_leaves, sizeof *e->leaf_feed);
    wg__free(&a, e->workspace, e->workspace_bytes, 1);
    wg__arena_free(&e->interpreted);
    wg_store_free(e->store);
    wg_plan_free((wg_plan *)e->plan);
    wg__free(&a, e, 1, sizeof *e);
}

wg_status wg_exec_use(wg_exec *e, wg_store *store)
{
    if (!e || !store)
        return wg__fail_null("wg_exec_use", e ? "store" : "exec");
    if (store->graph != e->plan->source)
        return wg__exec_failed(e, wg__fail(WG_ERR_MISMATCH, "wg_exec_use: the store is of another graph"));
    if (wg__store_complete(store))
        return wg__exec_failed(e, WG_ERR_NOMEM);
    wg_store *before = e->store;
    e->store = wg_store_ref(store);
    e->ran = NULL; /* a result may be a variable's own memory, which goes with its store */
    wg_store_free(before);
    return WG_OK;
}

wg_store *wg_exec_store(const wg_exec *e) { return e ? e->store : NULL; }

const char *wg_exec_error(const wg_exec *e) { return e ? e->error : wg_error(); }

void wg__exec_fenced(wg_exec *e) { e->fence = WG__FENCE; }

void wg__exec_harshly(wg_exec *e, int parts)
{
    wg__exec_fenced(e);
    e->harsh = true;
    e->in_turn = parts > 0;
    if (e->in_turn)
        e->threads = parts;
}

wg_status wg_exec_trace(wg_exec *e, const char *path)
{
    if (!e)
        return wg__fail_null("wg_exec_trace", "exec");
    wg_status status = wg__timeline_close(e->trace);
    e->trace = !status && path ? wg__timeline_open(&e->allocator, path) : NULL;
    return wg__exec_failed(e, !status && path && !e->trace ? wg_error_status() : status);
}

wg_mode wg__exec_mode(const wg_exec *e) { return e->plan->mode; }

/* ---- preparing ---- */

static wg_status failure_of_feeds(wg_exec *e)
{
    wg_status status = e->pending;
    e->pending = WG_OK; /* told once; what it was meant for is not known */
    if (status)
        return wg__fail(status, "%s", e->error);
    for (size_t i = 0; i < e->n_feeds; i++)
        if (e->feed[i]->failure)
            return wg__fail(e->feed[i]->failure, "%s", e->feed[i]->failure_text);
    return WG_OK;
}

/* The shapes of all leaves, by leaf. */
static wg_status fed_shapes(const wg_exec *e, wg_shape *fed)
{
    for (size_t i = 0; i < e->plan->n_leaves; i++) {
        const wg__leaf *leaf = &e->plan->leaf[i];
        bool variable = leaf->node->operation->variable >= 0;
        if (!variable && !e->leaf_feed[i])
            return wg__fail(WG_ERR_UNFED, "input %s was not fed", leaf->node->name);
        fed[i] = variable ? leaf->node->shape : e->leaf_feed[i]->view.shape;
    }
    return WG_OK;
}

static bool same_shapes(const wg_exec *e, const wg_shape *a, const wg_shape *b)
{
    for (size_t i = 0; i < e->plan->n_leaves; i++)
        if (!wg_shape_equal(a[i], b[i]))
            return false;
    return true;
}

static void tell_program(const wg_exec *e, const wg__program *p, int workers)
{
    char text[160];
    snprintf(text, sizeof text,
             "program for new shapes: %d instructions, %d of them fused, arena %zu bytes, %d threads",
             p->n_instructions, p->n_fused, p->arena, workers);
    wg__graph_say(e->plan->source, WG_DEBUG, text);
}

/* Puts a frame in front; the one that falls off the end is freed. */
static void remember(wg_exec *e, wg__frame *f, int from)
{
    wg__frame *last = e->frame[from];
    for (int i = from; i > 0; i--)
        e->frame[i] = e->frame[i - 1];
    e->frame[0] = f;
    if (last == f)
        return;
    if (e->ran == last)
        e->ran = NULL;
    wg__frame_free(e, last);
}

static wg_status find_frame(wg_exec *e, const wg_shape *fed, wg__frame **found)
{
    for (int i = 0; i < WG__FRAMES && e->frame[i]; i++)
        if (same_shapes(e, e->frame[i]->fed, fed)) {
            *found = e->frame[i];
            remember(e, *found, i);
            return WG_OK;
        }
    wg__program *p = wg__program_new(e->plan, fed, (wg__program_opts){ e->check_finite, e->threads, e->harsh, e->fence, NULL });
    wg__frame *f = p ? wg__frame_new(e, p, fed) : NULL;
    if (!f)
        return wg_error_status();
    tell_program(e, p, f->workers);
    remember(e, f, WG__FRAMES - 1);
    *found = f;
    return WG_OK;
}

/* One workspace serves all programs, for they run one at a time. The old one is given back first: its values are lost. */
static wg_status provide_workspace(wg_exec *e, const wg__frame *f)
{
    size_t bytes;
    if (!wg__frame_bytes(f, &bytes))
        return wg__fail(WG_ERR_NOMEM, "the workspace would be larger than memory can address");
    if (e->memory_limit && bytes > e->memory_limit)
        return wg__fail(WG_ERR_NOMEM, "the workspace needs %zu bytes, and its limit is %zu", bytes, e->memory_limit);
    if (e->workspace && bytes <= e->workspace_bytes)
        return WG_OK;
    wg__free(&e->allocator, e->workspace, e->workspace_bytes, 1);
    e->ran = NULL;
    e->workspace = wg__alloc_aligned(&e->allocator, bytes);
    e->workspace_bytes = e->workspace ? bytes : 0;
    return e->workspace ? WG_OK : WG_ERR_NOMEM;
}

wg_status wg__exec_prepare(wg_exec *e)
{
    if (e->now)
        return WG_OK;
    size_t n = e->plan->n_leaves;
    wg__frame *f = NULL;
    wg_status status = failure_of_feeds(e);
    wg_shape *fed = status ? NULL : wg__alloc(&e->allocator, n, sizeof *fed);
    if (!fed)
        return status ? status : WG_ERR_NOMEM;
    status = fed_shapes(e, fed);
    if (!status)
        status = find_frame(e, fed, &f);
    if (!status)
        status = provide_workspace(e, f);
    if (!status)
        e->now = f;
    wg__free(&e->allocator, fed, n, sizeof *fed);
    return status;
}

wg_status wg_prepare(wg_exec *e)
{
    if (!e)
        return wg__fail_null("wg_prepare", "exec");
    return wg__exec_failed(e, wg__exec_prepare(e));
}
