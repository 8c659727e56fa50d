/* Graphs that are attributes: made piece by piece from other graphs, and asked for the shapes of their results. */
#include <string.h>

#include "graph/body.h"
#include "graph/names.h"
#include "graph/operation.h"
#include <wengert/ops.h>

size_t wg__body_inputs(const wg_graph *body, wg_node **list)
{
    size_t n = 0;
    for (size_t i = 0; i < body->n_nodes; i++)
        if (wg__op_of(body->nodes[i]) == &wg_op_input) {
            if (list)
                list[n] = body->nodes[i];
            n++;
        }
    return n;
}

/* ---- shapes ---- */

enum { LETTERS = 128 };

static bool is_name(int64_t d) { return d < WG_ANY && d > -LETTERS; }

static void learn(int64_t value[LETTERS], const wg_shape *declared, const wg_shape *actual)
{
    for (int d = 0; d < declared->rank && d < actual->rank; d++)
        if (is_name(declared->dim[d]) && actual->dim[d] >= 0)
            value[-declared->dim[d]] = actual->dim[d];
}

static void put_numbers(const int64_t value[LETTERS], wg_shape *s)
{
    for (int d = 0; d < s->rank; d++)
        if (is_name(s->dim[d]) && value[-s->dim[d]] >= 0)
            s->dim[d] = value[-s->dim[d]];
}

/* Shapes of one operation's results; `room` is as large as its attributes. */
static wg_status infer_operation(const wg__operation *o, const int64_t value[LETTERS], wg_shape *shape, wg__arena *room)
{
    size_t n = (size_t)o->n_in;
    wg_shape *in = wg__arena_alloc(room, (n + (size_t)o->n_out) * sizeof *in);
    wg_dtype *type = wg__arena_alloc(room, (n + (size_t)o->n_out) * sizeof *type);
    char *attrs = wg__arena_alloc(room, o->op->attrs_size);
    if (!in || !type || !attrs)
        return WG_ERR_NOMEM;
    if (o->op->attrs_size)
        memcpy(attrs, o->attrs, o->op->attrs_size);
    for (const wg_attr *a = o->op->attrs; a && a->name; a++)
        if (a->kind == WG_ATTR_SHAPE)
            put_numbers(value, (wg_shape *)(void *)(attrs + a->offset));
    for (size_t s = 0; s < n; s++) {
        in[s] = shape[o->in[s]->index];
        type[s] = o->in[s]->dtype;
    }
    wg_status status = wg__infer(o->op, o->op->attrs_size ? attrs : NULL, o->n_in, in, type, in + n, type + n);
    for (int r = 0; r < o->n_out && !status; r++) {
        shape[o->out[r].index] = in[n + (size_t)r];
        put_numbers(value, &shape[o->out[r].index]);
    }
    return status;
}

wg_status wg__body_shapes(const wg_graph *body, wg_shape *shape)
{
    int64_t value[LETTERS];
    wg__arena room = { .allocator = &body->allocator };
    wg_status status = WG_OK;
    for (int i = 0; i < LETTERS; i++)
        value[i] = -1;
    for (size_t i = 0; i < body->n_nodes; i++)
        if (wg__op_of(body->nodes[i]) == &wg_op_input)
            learn(value, &body->nodes[i]->shape, &shape[i]);
    for (size_t i = 0; i < body->n_nodes && !status; i++) {
        const wg__operation *o = body->nodes[i]->operation;
        if (o->op->flags & WG_LEAF) {
            if (o->op != &wg_op_input)
                shape[i] = o->out->shape;
        } else if (body->nodes[i] == o->out && (status = infer_operation(o, value, shape, &room)) != WG_OK) {
            wg__fail_in("in its iterations, %s: ", o->out->name);
        }
    }
    wg__arena_free(&room);
    return status;
}

/* ---- copies ---- */

static wg_node *copy_leaf(wg_graph *to, const wg__operation *o)
{
    if (o->op == &wg_op_constant) /* with a value of its own: bodies outlive what they were made from */
        return wg_constant(to, NULL, wg_view_of(o->value, o->out->dtype, o->out->shape));
    return wg__leaf_copy(to, o->out);
}

static bool set_images(wg_node **image, const wg__operation *o, wg_node *first)
{
    for (int r = 0; first && r < o->n_out; r++)
        if (!image[o->out[r].index]) /* a result may have been given another image */
            image[o->out[r].index] = &first->operation->out[r];
    return first != NULL;
}

bool wg__copy_operation(wg_graph *to, const wg__operation *o, wg_node **image)
{
    if (o->op->flags & WG_LEAF)
        return set_images(image, o, copy_leaf(to, o));
    wg_node **in = wg__alloc(&to->allocator, (size_t)o->n_in, sizeof *in);
    if (!in)
        return wg__graph_fail_again(to) != NULL;
    for (int s = 0; s < o->n_in; s++)
        in[s] = image[o->in[s]->index];
    wg_node *made = wg_apply_in(to, o->op, (wg_nodes){ in, (size_t)o->n_in }, o->attrs);
    wg__free(&to->allocator, in, (size_t)o->n_in, sizeof *in);
    if (!made || (o->named && !wg__name_operation(made->operation, o->out->name)))
        return false;
    const wg_node *base = o->extends ? image[o->extends->out->index] : NULL;
    if (base && base->operation->op == o->op) {
        made->operation->extends = base->operation;
        base->operation->extended = made->operation;
    }
    return set_images(image, o, made);
}

bool wg__copy_marked(wg_graph *to, const wg_graph *from, const unsigned char *marks, wg_node **image)
{
    for (size_t i = 0; i < from->n_nodes; i++)
        if (marks[i] && !image[i] && !wg__copy_operation(to, from->nodes[i]->operation, image))
            return false;
    return true;
}

wg_node *wg__body_input(wg_graph *body, const wg_node *like, wg_shape shape)
{
    wg__operation *o = wg__operation_new(body, &wg_op_input, (wg_nodes){ NULL, 0 }, NULL, 1, &shape, &like->dtype);
    if (!o || (like->operation->named && !wg__names_find(body, like->name) && !wg__name_operation(o, like->name)))
        return NULL;
    return o->out;
}

bool wg__body_output(wg_node *n)
{
    if (n && n->is_output)
        n = wg_cast(n, n->dtype); /* the same under another name; plans see through it */
    return n && wg__mark_output(n);
}
