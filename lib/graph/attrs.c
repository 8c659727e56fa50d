/* Attributes compared and hashed field by field: structs have padding, so bytes will not do. */
#include <string.h>

#include "graph/graph.h"

static const void *field(const void *attrs, const wg_attr *a) { return (const char *)attrs + a->offset; }

static int used(int n) { return n < 0 ? 0 : n > WG_MAX_RANK ? WG_MAX_RANK : n; }

static bool field_equal(const wg_attr *a, const void *x, const void *y)
{
    switch (a->kind) {
    case WG_ATTR_F64: return !memcmp(x, y, sizeof(double)); /* by bits: -0 is not 0, NaN equals itself */
    case WG_ATTR_I64: return !memcmp(x, y, sizeof(int64_t));
    case WG_ATTR_BOOL: return *(const bool *)x == *(const bool *)y;
    case WG_ATTR_DTYPE: return *(const wg_dtype *)x == *(const wg_dtype *)y;
    case WG_ATTR_ENUM: return *(const int *)x == *(const int *)y;
    case WG_ATTR_TEXT: return !strncmp(x, y, WG_ATTR_TEXT_MAX);
    case WG_ATTR_SHAPE: return wg_shape_equal(*(const wg_shape *)x, *(const wg_shape *)y);
    case WG_ATTR_GRAPH: return *(wg_graph *const *)x == *(wg_graph *const *)y;
    case WG_ATTR_AXES: {
        const wg_axes *p = x, *q = y;
        return p->n == q->n && !memcmp(p->at, q->at, (size_t)used(p->n) * sizeof p->at[0]);
    }
    case WG_ATTR_LIST: {
        const wg_list *p = x, *q = y;
        return p->n == q->n && !memcmp(p->at, q->at, (size_t)used(p->n) * sizeof p->at[0]);
    }
    case WG_ATTR_END: break;
    }
    return false;
}

bool wg__attrs_equal(const wg_op *op, const void *x, const void *y)
{
    for (const wg_attr *a = op->attrs; a && a->name; a++)
        if (!field_equal(a, field(x, a), field(y, a)))
            return false;
    return true;
}

static uint64_t mix(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

uint64_t wg__attrs_hash(const wg_op *op, const void *attrs)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (const wg_attr *a = op->attrs; a && a->name; a++) {
        const void *x = field(attrs, a);
        switch (a->kind) {
        case WG_ATTR_F64:
        case WG_ATTR_I64: h = mix(h, x, 8); break;
        case WG_ATTR_BOOL: h = mix(h, x, sizeof(bool)); break;
        case WG_ATTR_DTYPE: h = mix(h, x, sizeof(wg_dtype)); break;
        case WG_ATTR_GRAPH: h = mix(h, x, sizeof(wg_graph *)); break;
        case WG_ATTR_ENUM: h = mix(h, x, sizeof(int)); break;
        case WG_ATTR_TEXT: h = mix(h, x, strnlen(x, WG_ATTR_TEXT_MAX)); break;
        case WG_ATTR_SHAPE: {
            const wg_shape *s = x;
            h = mix(h, s->dim, (size_t)used(s->rank) * sizeof s->dim[0]);
            break;
        }
        case WG_ATTR_AXES: {
            const wg_axes *s = x;
            h = mix(mix(h, &s->n, sizeof s->n), s->at, (size_t)used(s->n) * sizeof s->at[0]);
            break;
        }
        case WG_ATTR_LIST: {
            const wg_list *s = x;
            h = mix(mix(h, &s->n, sizeof s->n), s->at, (size_t)used(s->n) * sizeof s->at[0]);
            break;
        }
        case WG_ATTR_END: break;
        }
    }
    return h;
}
