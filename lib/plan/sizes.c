/* Binding named sizes, and inferring every shape again with numbers. */
#include <string.h>

#include "plan/sizes.h"

static bool is_name(int64_t d) { return d < WG_ANY && d > -128; }

wg_status wg__sizes_bind(wg__sizes *sizes, const wg_node *leaf, const wg_shape *fed)
{
    for (int d = 0; d < leaf->shape.rank; d++) {
        if (!is_name(leaf->shape.dim[d]))
            continue;
        int letter = (int)-leaf->shape.dim[d];
        const wg_node *before = sizes->from[letter];
        if (before && sizes->value[letter] != fed->dim[d])
            return wg__fail(WG_ERR_SHAPE, "size %c is %lld in %s but %lld in %s", letter,
                            (long long)sizes->value[letter], before->name, (long long)fed->dim[d], leaf->name);
        sizes->value[letter] = fed->dim[d];
        sizes->from[letter] = leaf;
    }
    return WG_OK;
}

static void put_numbers(const wg__sizes *sizes, wg_shape *s)
{
    for (int d = 0; d < s->rank; d++)
        if (is_name(s->dim[d]) && sizes->from[-s->dim[d]])
            s->dim[d] = sizes->value[-s->dim[d]];
}

/* The attributes, copied when a shape among them holds names. False: WG_ERR_NOMEM. */
static bool settle_attrs(const wg__sizes *sizes, const wg__operation *o, wg__arena *arena, const void **attrs)
{
    *attrs = o->attrs;
    void *copy = NULL;
    for (const wg_attr *a = o->op->attrs; o->attrs && a && a->name; a++) {
        if (a->kind != WG_ATTR_SHAPE)
            continue;
        if (!copy && !(copy = wg__arena_alloc(arena, o->op->attrs_size)))
            return false;
        if (*attrs != copy)
            memcpy(copy, o->attrs, o->op->attrs_size);
        *attrs = copy;
        put_numbers(sizes, (wg_shape *)((char *)copy + a->offset));
    }
    return true;
}

/* A size of 1 that stretches must have been written as 1 (or left out) when the graph was built. */
static wg_status check_broadcasts(const wg__operation *o, const wg_shape *in, const wg_shape *out)
{
    if (!(o->op->flags & WG_ELEMENTWISE))
        return WG_OK;
    for (int s = 0; s < o->n_in; s++) {
        const wg_shape *declared = &o->in[s]->shape;
        for (int d = 0; d < in[s].rank; d++) {
            int64_t to = out->dim[out->rank - in[s].rank + d];
            if (in[s].dim[d] == 1 && to != 1 && declared->dim[d] != 1)
                return wg__fail(WG_ERR_SHAPE,
                                "%s: operand %d has size 1 at axis %d where others have %lld, "
                                "but a broadcast must show in the declared shape",
                                o->op->name, s, d, (long long)to);
        }
    }
    return WG_OK;
}

static wg_status check_results(const wg__sizes *sizes, const wg__operation *o, wg_shape *out, const wg_dtype *type)
{
    for (int r = 0; r < o->n_out; r++) {
        size_t bytes;
        put_numbers(sizes, &out[r]);
        char text[96];
        wg_shape_text(out[r], text, sizeof text);
        if (!wg__shape_known(&out[r]))
            return wg__fail(WG_ERR_SHAPE, "%s: the size of its result %s is not known: no input that was fed has it",
                            o->op->name, text);
        if (!wg__shape_bytes(&out[r], type[r], &bytes))
            return wg__fail(WG_ERR_RANGE, "%s: its result %s is larger than memory can address", o->op->name, text);
        if (type[r] != o->out[r].dtype)
            return wg__fail(WG_ERR_DTYPE, "%s: its result's type depends on shapes", o->op->name);
    }
    return WG_OK;
}

wg_status wg__signature_of(const wg__sizes *sizes, const wg__operation *o, wg_shape *shapes, wg__arena *arena,
                           wg__signature *sig)
{
    size_t n_in = (size_t)o->n_in, n_out = (size_t)o->n_out;
    wg_shape *shape = wg__arena_alloc(arena, (n_in + n_out) * sizeof *shape), *out = shape ? shape + n_in : NULL;
    wg_dtype *type = wg__arena_alloc(arena, (n_in + n_out) * sizeof *type);
    if (!shape || !type || !settle_attrs(sizes, o, arena, &sig->attrs))
        return WG_ERR_NOMEM;
    for (size_t s = 0; s < n_in; s++) {
        shape[s] = shapes[o->in[s]->index];
        type[s] = o->in[s]->dtype;
    }
    wg_status status = wg__infer(o->op, sig->attrs, o->n_in, shape, type, out, type + n_in);
    if (!status)
        status = check_results(sizes, o, out, type + n_in);
    if (!status)
        status = check_broadcasts(o, shape, out);
    if (status)
        return status;
    for (size_t r = 0; r < n_out; r++)
        shapes[o->out[r].index] = out[r];
    sig->n_in = o->n_in;
    sig->n_out = o->n_out;
    sig->in_shape = shape;
    sig->in_type = type;
    sig->out_shape = out;
    sig->out_type = type + n_in;
    return WG_OK;
}
