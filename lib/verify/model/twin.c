/* Copying a graph into f64. */
#include "verify/model/twin.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "exec/exec.h"
#include "exec/store.h"
#include "tensor/shape.h"
#include "verify/model/push.h"

static wg_dtype widened(const wg__twin *t, wg_dtype of) { return of == WG_F32 && !t->narrow ? WG_F64 : of; }

static wg_node *twin_input(wg__twin *t, const wg_node *from)
{
    if (!wg__grow(NULL, (void **)&t->leaves, &t->leaves_capacity, t->n_leaves + 1, sizeof *t->leaves))
        return NULL;
    wg_node *n = wg_input(t->graph, NULL, widened(t, from->dtype), from->shape);
    if (n)
        t->leaves[t->n_leaves++] = (wg__twin_input){ .source = from, .node = n };
    return n;
}

static wg_node *twin_constant(wg__twin *t, const wg_node *from)
{
    const void *value = from->operation->value;
    if (from->weak)
        return wg_const(t->graph, wg__load(value, from->dtype, 0));
    int64_t count = wg_shape_count(from->shape);
    wg_dtype type = widened(t, from->dtype);
    void *wide = wg__arena_alloc(&t->arena, (size_t)(count + 1) * wg_dtype_size(type));
    if (!wide)
        return NULL;
    wg__convert(wide, type, value, from->dtype, count);
    return wg_constant(t->graph, NULL, wg_view_of(wide, type, from->shape));
}

/* The attributes, with f32 replaced by f64. */
static const void *twin_attrs(wg__twin *t, const wg__operation *o)
{
    if (!o->attrs)
        return NULL;
    char *attrs = wg__arena_alloc(&t->arena, o->op->attrs_size);
    if (!attrs)
        return NULL;
    memcpy(attrs, o->attrs, o->op->attrs_size);
    for (const wg_attr *a = o->op->attrs; a && a->kind != WG_ATTR_END; a++) {
        if (a->kind != WG_ATTR_DTYPE)
            continue;
        wg_dtype type;
        memcpy(&type, attrs + a->offset, sizeof type);
        type = widened(t, type);
        memcpy(attrs + a->offset, &type, sizeof type);
    }
    return attrs;
}

static wg_node *twin_operation(wg__twin *t, const wg__operation *o)
{
    if (o->op == &wg_op_constant)
        return twin_constant(t, o->out);
    if (o->op->flags & WG_LEAF && o->n_in == 0 && (o->variable >= 0 || o->op == &wg_op_input))
        return twin_input(t, o->out);
    wg_node **in = wg__arena_alloc(&t->arena, (size_t)(o->n_in + 1) * sizeof *in);
    const void *attrs = twin_attrs(t, o);
    if (!in || (o->attrs && !attrs))
        return NULL;
    for (int s = 0; s < o->n_in; s++)
        in[s] = t->of[o->in[s]->index];
    return wg_apply_in(t->graph, o->op, (wg_nodes){ in, (size_t)o->n_in }, attrs);
}

static bool copy_needed(wg__twin *t, const unsigned char *needed)
{
    for (size_t i = 0; i < t->source->n_nodes; i++) {
        const wg__operation *o = t->source->nodes[i]->operation;
        if (!needed[i] || t->of[i])
            continue;
        wg_node *n = twin_operation(t, o);
        if (!n)
            return false;
        wg_nodes results = wg_node_results(n);
        for (int r = 0; r < o->n_out; r++)
            t->of[o->out[r].index] = results.at[r];
    }
    return true;
}

static wg_view value_of(const wg_exec *at, const wg_node *source)
{
    wg_view v = wg__exec_feed_of(at, source);
    return !v.data && source->operation->variable >= 0 ? wg_get(wg_exec_store(at), source) : v;
}

static bool can_borrow(const wg__twin *t, const wg__twin_input *leaf, wg_view v)
{
    bool same = v.dtype == leaf->node->dtype && !v.strided;
    return same && (t->narrow || (uintptr_t)v.data % WG__ALIGN == 0);
}

static size_t padded(size_t bytes) { return (bytes + WG__ALIGN - 1) / WG__ALIGN * WG__ALIGN; }

static wg_status measure_leaf(wg__twin *t, wg__twin_input *leaf, wg_view v)
{
    size_t narrow;
    if (!v.data)
        return wg__fail(WG_ERR_UNFED, "%s has no value: feed it first", wg_node_name(leaf->source));
    leaf->shape = v.shape;
    if (!wg__shape_bytes(&v.shape, v.dtype, &narrow) || !wg__shape_bytes(&v.shape, leaf->node->dtype, &leaf->bytes) ||
        !wg__add_size(t->values_bytes, leaf->bytes + WG__ALIGN, &narrow))
        return wg__fail(WG_ERR_SHAPE, "%s is too large", wg_node_name(leaf->source));
    leaf->count = (size_t)wg_shape_count(v.shape);
    leaf->borrowed = can_borrow(t, leaf, v);
    leaf->data = (void *)v.data;
    if (!leaf->borrowed)
        t->values_bytes += padded(leaf->bytes);
    return WG_OK;
}

typedef struct conversion {
    const char *from;
    char *to;
    wg_dtype type, type_to;
} conversion;

static void convert(void *arg, size_t begin, size_t end)
{
    const conversion *c = arg;
    wg__convert(c->to + begin * wg_dtype_size(c->type_to), c->type_to, c->from + begin * wg_dtype_size(c->type),
                c->type, (int64_t)(end - begin));
}

static wg_status fill_leaf(const wg__twin *t, wg__twin_input *leaf, wg_view v)
{
    conversion c = { v.data, leaf->data, v.dtype, leaf->node->dtype };
    size_t bytes = leaf->count * wg_dtype_size(v.dtype);
    void *copy = v.strided ? wg__alloc(NULL, bytes, 1) : NULL;
    if (v.strided && !copy)
        return WG_ERR_NOMEM;
    if (copy) {
        wg__view_copy(copy, v);
        c.from = copy;
    }
    wg__each_range(t->graph->threads, leaf->count, convert, &c);
    wg__free(NULL, copy, bytes, 1);
    return WG_OK;
}

/* One block for all, which the system can make of large pages. */
static wg_status take_values(wg__twin *t, const wg_exec *at)
{
    wg_status st = WG_OK;
    for (size_t i = 0; i < t->n_leaves && !st; i++)
        st = measure_leaf(t, &t->leaves[i], value_of(at, t->leaves[i].source));
    if (!st && !(t->values = wg__alloc_aligned(&t->allocator, t->values_bytes)))
        st = WG_ERR_NOMEM;
    char *next = t->values;
    for (size_t i = 0; i < t->n_leaves && !st; i++) {
        wg__twin_input *leaf = &t->leaves[i];
        if (leaf->borrowed)
            continue;
        leaf->data = next;
        next += padded(leaf->bytes);
        st = fill_leaf(t, leaf, value_of(at, leaf->source));
    }
    return st;
}

wg_status wg__twin_own(wg__twin *t)
{
    for (size_t i = 0; i < t->n_leaves; i++) {
        wg__twin_input *leaf = &t->leaves[i];
        void *copy = leaf->borrowed ? wg__arena_alloc(&t->arena, leaf->bytes + WG__ALIGN) : leaf->data;
        if (!copy)
            return WG_ERR_NOMEM;
        if (leaf->borrowed)
            leaf->data = memcpy(copy, leaf->data, leaf->bytes);
        leaf->borrowed = false;
    }
    return WG_OK;
}

wg_status wg__twin_make(wg__twin *t, wg_nodes wanted, const wg_exec *at)
{
    const wg_graph *source = t->source = wg_node_graph(wanted.at[0]);
    t->arena.allocator = &wg__default_allocator;
    t->allocator = wg__reuse_allocator(t->reuse);
    t->graph = wg_graph_new_with(WG_OPTS(wg_graph_opts, .registry = source->registry, .seed = wg_exec_store(at)->seed,
                                         .threads = at->threads, .user = t->allocator.user, .alloc = t->allocator.alloc,
                                         .dealloc = t->allocator.dealloc));
    t->of = wg__alloc_zero(NULL, source->n_nodes, sizeof *t->of);
    unsigned char *needed = wg__alloc_zero(NULL, source->n_nodes, 1);
    bool copied = false;
    if (t->graph && t->of && needed) {
        wg__mark_needed(source, wanted, needed);
        copied = copy_needed(t, needed);
    }
    wg__free(NULL, needed, source->n_nodes, 1);
    return copied ? take_values(t, at) : wg_error_status();
}

void wg__twin_free(wg__twin *t)
{
    wg__free(&t->allocator, t->values, t->values_bytes, 1);
    wg__free(NULL, t->leaves, t->leaves_capacity, sizeof *t->leaves);
    wg__free(NULL, t->of, t->source ? t->source->n_nodes : 0, sizeof *t->of);
    wg_graph_free(t->graph);
    wg__arena_free(&t->arena);
}

wg__twin_input *wg__twin_find(const wg__twin *t, const wg_node *source)
{
    for (size_t i = 0; i < t->n_leaves; i++)
        if (t->leaves[i].source == source)
            return &t->leaves[i];
    return NULL;
}

wg_exec *wg__twin_exec(const wg__twin *t, wg_mode mode, wg_nodes wanted)
{
    return wg__twin_exec_on(t, mode, wanted, t->graph->threads);
}

wg_exec *wg__twin_exec_on(const wg__twin *t, wg_mode mode, wg_nodes wanted, int threads)
{
    wg_plan *plan = wg_compile(t->graph, mode, wanted);
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = threads));
    wg_plan_free(plan); /* the exec keeps it */
    wg_status st = e ? WG_OK : wg_error_status();
    for (size_t i = 0; i < t->n_leaves && !st; i++) {
        const wg__twin_input *leaf = &t->leaves[i];
        st = wg_bind(e, leaf->node, wg_view_of(leaf->data, leaf->node->dtype, leaf->shape));
    }
    if (!st && !wg_prepare(e)) /* so that runs cannot fail for want of memory */
        return e;
    wg_exec_free(e);
    return NULL;
}
