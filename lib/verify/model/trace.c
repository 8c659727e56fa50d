/* The walk: tangents are made where a parameter is first read, pushed through one operation after the other, and dropped after
 * their last use. */
#include "verify/model/trace.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "exec/exec.h"
#include "kernels/vecmath.h"

typedef struct walk {
    wg__trace *t;
    uint64_t key;
    long part;                  /* that moves; < 0: all */
    double **tangent;           /* by node index; NULL: at rest */
    int *uses;                  /* by node index: how many operands it still is */
    long *part_of;              /* by node index: of theta; -1: none */
    wg__buffer64 *moved, *step; /* by slot */
    int slots;
    wg__push_room room;
    unsigned char *left_out;
    size_t left_out_bytes;
    wg__arena memory; /* of one operation */
} walk;

wg_view wg__trace_value(const wg__trace *t, const wg_node *n)
{
    for (size_t i = 0; i < t->m->twin.n_leaves && wg__op_of(n) == &wg_op_input; i++) {
        const wg__twin_input *leaf = &t->m->twin.leaves[i];
        if (leaf->node == n)
            return wg_view_of(leaf->data, n->dtype, leaf->shape);
    }
    if (n->operation->value)
        return wg_view_of(n->operation->value, n->dtype, n->shape);
    return wg_result(t->kept, n);
}

static const double *values(const wg__trace *t, const wg_node *n) { return n ? wg__trace_value(t, n).data : NULL; }

static size_t count_of(const wg_view *v) { return (size_t)wg_shape_count(v->shape); }

/* ---- opening ---- */

static size_t add(wg_node **list, size_t n, unsigned char *marked, wg_node *node)
{
    if (!node || marked[node->index] || (wg__op_of(node)->flags & WG_LEAF))
        return n;
    marked[node->index] = 1;
    list[n] = node;
    return n + 1;
}

static wg_status keep_all(wg__trace *t)
{
    const wg__tape *tape = &t->m->tape;
    size_t n = 0, all = t->m->twin.graph->n_nodes;
    wg_node **list = wg__arena_alloc(&t->memory, (all + 1) * sizeof *list);
    unsigned char *marked = wg__arena_alloc(&t->memory, all + 1);
    if (!list || !marked)
        return WG_ERR_NOMEM;
    n = add(list, n, marked, tape->root);
    for (size_t i = 0; i < tape->n; i++) {
        const wg__tape_entry *e = &tape->at[i];
        for (int r = 0; r < e->of->n_out; r++) {
            n = add(list, n, marked, &e->of->out[r]);
            n = add(list, n, marked, e->bar[r]);
        }
        for (int s = 0; s < e->of->n_in; s++)
            n = add(list, n, marked, e->share[s]);
    }
    for (size_t i = 0; i < t->m->n_parts; i++) {
        n = add(list, n, marked, t->m->parts[i].gradient);
        n = add(list, n, marked, t->m->parts[i].own);
    }
    if (!n) /* the scalar is a parameter itself */
        return WG_OK;
    t->kept = wg__twin_exec_on(&t->m->twin, t->m->mode, (wg_nodes){ list, n }, t->lones.threads);
    return t->kept ? wg_run(t->kept) : wg_error_status();
}

wg_status wg__trace_open(wg__trace *t, wg__model *m, int threads)
{
    *t = (wg__trace){ .m = m, .lones = { .mode = m->mode, .threads = threads } };
    t->memory.allocator = t->lones.memory.allocator = &wg__default_allocator;
    t->station = wg__arena_alloc(&t->memory, (m->tape.n + 1) * sizeof *t->station);
    t->n_nodes = m->twin.graph->n_nodes;
    t->gather = wg__arena_alloc(&t->memory, (t->n_nodes + 1) * sizeof *t->gather);
    return t->station && t->gather ? keep_all(t) : WG_ERR_NOMEM;
}

void wg__trace_free(wg__trace *t)
{
    wg__lones_free(&t->lones);
    wg_exec_free(t->kept);
    wg__arena_free(&t->memory);
}

/* ---- tangents ---- */

static size_t tangent_bytes(const walk *w, const wg_node *n)
{
    wg_view v = wg__trace_value(w->t, n);
    return (count_of(&v) + 1) * sizeof(double);
}

static double *tangent_new(walk *w, const wg_node *n)
{
    return wg__alloc_aligned(&w->t->m->twin.allocator, tangent_bytes(w, n));
}

static void tangent_free(walk *w, const wg_node *n)
{
    wg__free(&w->t->m->twin.allocator, w->tangent[n->index], tangent_bytes(w, n), 1);
    w->tangent[n->index] = NULL;
}

/* Like wg__draw_signed, from few operations: a direction has as many elements as the model has parameters. The mixer is
 * splitmix64's (Steele, Lea and Flood, OOPSLA 2014). */
static inline uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

typedef struct drawing {
    uint64_t key;
    const double *x;
    double least, *d;
} drawing;

static void draw(void *arg, size_t begin, size_t end) /* begin: a multiple of 4 */
{
    enum { EACH = 64 };
    const drawing *w = arg;
    double least = w->least;
    int16_t bits[EACH]; /* 16 for each element: a magnitude and its sign */
    for (size_t i = begin; i < end; i += EACH) {
        size_t n = end - i < EACH ? end - i : EACH;
        const double *x = w->x + i;
        double *d = w->d + i;
        for (size_t k = 0; k < EACH; k += 4) {
            uint64_t z = mix(w->key + (uint64_t)(i + k + 1) * 0x9e3779b97f4a7c15u);
            memcpy(bits + k, &z, sizeof z);
        }
        WG_SIMD for (size_t k = 0; k < n; k++)
        {
            double size = fabs(x[k]), signed_part = (double)bits[k] * 0x1p-16; /* [-1/2, 1/2) */
            size = size > least ? size : least;
            d[k] = size * (signed_part + (signed_part < 0 ? -0.5 : 0.5));
        }
    }
}

/* A parameter's direction: of its elements' sizes, and of 1 where it is zero in full. */
static bool tangent_of_part(walk *w, size_t index)
{
    const wg__theta_part *part = &w->t->m->parts[index];
    size_t n = part->leaf->count;
    const double *x = part->leaf->data;
    double *d = tangent_new(w, part->leaf->node);
    if (!d)
        return false;
    double rms = wg__rms_about(n, x);
    drawing of = { mix(w->key + index), x, rms > 0 && isfinite(rms) ? rms : 1, d };
    wg__each_range(w->t->lones.threads, n, draw, &of);
    w->tangent[part->leaf->node->index] = d;
    return true;
}

/* <tbar, tdot>, just before a tangent goes. With a single share that is the cotangent itself nothing was summed. */
static void gather_bar(walk *w, const wg_node *n)
{
    wg__gathering *g = &w->t->gather[n->index];
    const double *bar = values(w->t, w->t->m->tape.cotangent[n->index]), *d = w->tangent[n->index];
    if (!bar || !d || g->n < 2)
        return;
    wg_view v = wg__trace_value(w->t, n);
    wg__dot dot = wg__dot_many(w->t->lones.threads, count_of(&v), bar, d);
    g->bar = dot.value, g->size += dot.size;
}

/* <g, d> for the parameter n, whose tangent goes. */
static bool gather_part(walk *w, const wg_node *n)
{
    wg__trace *t = w->t;
    if (w->part_of[n->index] < 0)
        return true;
    const wg__theta_part *part = &t->m->parts[w->part_of[n->index]];
    const wg__gathering *known = &t->gather[n->index];
    wg__dot dot = { known->bar, known->size / 2 };
    wg_view g = wg__trace_value(t, part->gradient);
    if (!g.data || count_of(&g) != part->leaf->count) {
        wg__fail(WG_ERR_SHAPE, "the gradient of %s has %zu elements, not %zu", wg_node_name(part->leaf->source),
                 count_of(&g), part->leaf->count);
        return false;
    }
    if (part->gradient != t->m->tape.cotangent[n->index] || known->n < 1)
        dot = wg__dot_many(t->lones.threads, part->leaf->count, g.data, w->tangent[n->index]);
    else if (known->n == 1)
        dot = (wg__dot){ known->shares, known->size };
    t->pulled += dot.value, t->size += dot.size;
    return true;
}

/* Gives a parameter its tangent, if it moves. What nothing reads rests, and its gradient must be zero. */
static bool start(walk *w, const wg_node *n)
{
    long index = w->part_of[n->index];
    if (index < 0 || w->tangent[n->index] || (w->part >= 0 && w->part != index))
        return true;
    return tangent_of_part(w, (size_t)index);
}

static bool start_operands(walk *w, const wg__tape_entry *e)
{
    for (int s = 0; s < e->of->n_in; s++)
        if (!start(w, e->in[s]))
            return false;
    return true;
}

/* ---- one operation ---- */

/* The buffers for operand s. */
static bool fit_slot(walk *w, int s, size_t count)
{
    return wg__buffer64_fit(&w->moved[s], count) && wg__buffer64_fit(&w->step[s], count);
}

static bool fit_left_out(walk *w, size_t bytes)
{
    if (bytes <= w->left_out_bytes)
        return true;
    wg__free(NULL, w->left_out, w->left_out_bytes, 1);
    w->left_out = wg__alloc(NULL, bytes, 1);
    w->left_out_bytes = w->left_out ? bytes : 0;
    return w->left_out != NULL;
}

static bool set_up(walk *w, const wg__tape_entry *e, wg__push *p, const double ***share)
{
    wg__arena *a = &w->memory;
    const wg__operation *o = e->of;
    size_t n = (size_t)o->n_in, m = (size_t)o->n_out;
    wg_view *in = wg__arena_alloc(a, n * sizeof *in), *out = wg__arena_alloc(a, m * sizeof *out);
    double **place = wg__arena_alloc(a, (2 * n + m) * sizeof *place);
    const double **given = wg__arena_alloc(a, (2 * n + m) * sizeof *given);
    if (!in || !out || !place || !given)
        return false;
    *p = (wg__push){ .of = o,
                     .threads = w->t->lones.threads,
                     .room = &w->room,
                     .in = in,
                     .out = out,
                     .moved = place,
                     .step = place + n };
    p->pushed = place + 2 * n;
    p->tangent = given, p->cotangent = given + n;
    *share = given + n + m;
    for (size_t s = 0; s < n; s++) {
        in[s] = wg__trace_value(w->t, e->in[s]);
        p->tangent[s] = w->tangent[e->in[s]->index];
        (*share)[s] = values(w->t, e->share[s]);
        if (!p->tangent[s])
            continue;
        if (!fit_slot(w, (int)s, count_of(&in[s])))
            return false;
        p->moved[s] = w->moved[s].at, p->step[s] = w->step[s].at;
    }
    for (size_t r = 0; r < m; r++) {
        out[r] = wg__trace_value(w->t, &o->out[r]);
        p->cotangent[r] = values(w->t, e->bar[r]);
        if (o->out[r].dtype != WG_F64)
            continue;
        if (!(p->pushed[r] = w->tangent[o->out[r].index] = tangent_new(w, &o->out[r])))
            return false;
    }
    p->left_out = m && fit_left_out(w, count_of(&out[0]) + 1) ? w->left_out : NULL;
    return p->left_out != NULL && (p->lone = wg__lone_of(&w->t->lones, o, in)) != NULL;
}

/* Elements that stand on a kink move on as the adjoint says: its convention there is its own affair. */
static void follow_adjoint(const wg__push *p, const double *const *share)
{
    const double *bar = p->cotangent[0];
    size_t n = p->n_left_out ? count_of(&p->out[0]) : 0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        if (!p->left_out[i])
            continue;
        for (int s = 0; s < p->of->n_in; s++)
            if (p->tangent[s] && share[s])
                sum += share[s][i] * p->tangent[s][i];
        p->pushed[0][i] = bar && bar[i] != 0 ? sum / bar[i] : 0;
    }
}

static wg_status settle(walk *w, const wg__tape_entry *e, const wg__push *p, const double *const *share,
                        wg__station *at)
{
    wg__trace *t = w->t;
    wg__dot *each = wg__arena_alloc(&w->memory, ((size_t)p->of->n_in + 1) * sizeof *each);
    if (!each)
        return WG_ERR_NOMEM;
    wg__dot pulled = wg__push_pulled(p, share, each);
    double all = 0;
    for (int s = 0; s < p->of->n_in; s++) {
        if (!p->tangent[s] || !share[s])
            continue;
        wg__gathering *g = &t->gather[e->in[s]->index];
        wg__dot dot = !p->n_left_out ? each[s] : wg__dot_many(p->threads, count_of(&p->in[s]), share[s], p->tangent[s]);
        g->shares += dot.value, g->size += dot.size, g->n++;
        all += dot.value;
    }
    *at = (wg__station){ .moved = true,
                         .pushed = p->slope.value,
                         .pulled = pulled.value,
                         .error = p->slope.error,
                         .spread = pulled.size,
                         .left_out = p->n_left_out };
    at->tolerance = 4 * at->error + 64 * WG__U64 * (pulled.size + p->slope.size);
    if (wg__push_alone(p))
        follow_adjoint(p, share);
    else
        t->left += pulled.value - all;
    t->left_out += p->n_left_out;
    if (isfinite(at->tolerance))
        t->tolerance += at->tolerance;
    return WG_OK;
}

static bool tangent_drop(walk *w, const wg_node *n)
{
    bool ok = true;
    if (!w->tangent[n->index])
        return true;
    if (n == w->t->m->tape.root) { /* the seed of reverse mode is a share too */
        wg__gathering *g = &w->t->gather[n->index];
        g->shares += w->t->value, g->n++;
    }
    gather_bar(w, n);
    if (wg__op_of(n) == &wg_op_input)
        ok = gather_part(w, n);
    tangent_free(w, n);
    return ok;
}

static bool release_operands(walk *w, const wg__tape_entry *e)
{
    bool ok = true;
    for (int s = 0; s < e->of->n_in; s++)
        if (--w->uses[e->in[s]->index] == 0)
            ok = tangent_drop(w, e->in[s]) && ok;
    return ok;
}

/* Do tangents pass this operation? */
static bool moves(const walk *w, const wg__tape_entry *e)
{
    bool any = false;
    if (e->of->op->flags & (WG_NO_GRADIENT | WG_LEAF | WG_EFFECT))
        return false;
    for (int s = 0; s < e->of->n_in; s++)
        any = any || w->tangent[e->in[s]->index];
    return any;
}

static wg_status visit(walk *w, size_t index)
{
    const wg__tape_entry *e = &w->t->m->tape.at[index];
    wg__push p;
    const double **share;
    wg_status st = WG_OK;
    w->t->station[index] = (wg__station){ 0 };
    if (e->of->op->flags & WG_LEAF)
        return WG_OK;
    if (!start_operands(w, e))
        return WG_ERR_NOMEM;
    if (moves(w, e)) {
        if (!set_up(w, e, &p, &share))
            st = wg_error_status() ? wg_error_status() : WG_ERR_NOMEM;
        else if (!(st = wg__push_run(&p)))
            st = settle(w, e, &p, share, &w->t->station[index]);
    }
    for (int r = 0; r < e->of->n_out && !st; r++) {
        const wg_node *n = &e->of->out[r];
        if (n == w->t->m->tape.root && w->tangent[n->index])
            w->t->value = w->tangent[n->index][0];
        if (!w->uses[n->index])
            tangent_drop(w, n);
    }
    if (!st && !release_operands(w, e))
        st = wg_error_status();
    wg__arena_free(&w->memory);
    return st;
}

/* ---- all of them ---- */

static bool begin(walk *w)
{
    const wg__tape *tape = &w->t->m->tape;
    wg__arena *a = &w->t->memory;
    size_t nodes = w->t->n_nodes + 1;
    w->tangent = wg__arena_alloc(a, nodes * sizeof *w->tangent);
    w->uses = wg__arena_alloc(a, nodes * sizeof *w->uses);
    w->part_of = wg__arena_alloc(a, nodes * sizeof *w->part_of);
    for (size_t i = 0; i < nodes && w->part_of; i++)
        w->part_of[i] = -1;
    for (size_t i = w->t->m->n_parts; i-- > 0 && w->part_of;) /* the first, of those that share a node */
        w->part_of[w->t->m->parts[i].leaf->node->index] = (long)i;
    for (size_t i = 0; i < tape->n && w->uses; i++) {
        const wg__tape_entry *e = &tape->at[i];
        w->slots = e->of->n_in > w->slots ? e->of->n_in : w->slots;
        for (int s = 0; s < e->of->n_in; s++)
            w->uses[e->in[s]->index]++;
    }
    w->moved = wg__arena_alloc(a, (size_t)(w->slots + 1) * sizeof *w->moved);
    w->step = wg__arena_alloc(a, (size_t)(w->slots + 1) * sizeof *w->step);
    memset(w->t->gather, 0, nodes * sizeof *w->t->gather);
    w->t->value = w->t->pulled = w->t->size = w->t->left = w->t->tolerance = 0;
    w->t->left_out = 0;
    return w->tangent && w->uses && w->part_of && w->moved && w->step && start(w, tape->root);
}

static void end(walk *w)
{
    const wg_graph *g = w->t->m->twin.graph;
    for (size_t i = 0; i < w->t->n_nodes && w->tangent; i++)
        if (w->tangent[i])
            tangent_free(w, g->nodes[i]);
    for (int s = 0; s < w->slots && w->moved && w->step; s++) {
        wg__buffer64_free(&w->moved[s]);
        wg__buffer64_free(&w->step[s]);
    }
    wg__free(NULL, w->left_out, w->left_out_bytes, 1);
    wg__push_room_free(&w->room);
}

wg_status wg__trace_walk(wg__trace *t, uint64_t key, long part)
{
    walk w = { .t = t, .key = key, .part = part };
    w.memory.allocator = &wg__default_allocator;
    wg_status st = begin(&w) ? WG_OK : wg_error_status() ? wg_error_status() : WG_ERR_NOMEM;
    const wg_node *root = t->m->tape.root;
    for (size_t i = 0; i < t->m->tape.n && !st; i++)
        st = visit(&w, i);
    if (!st && w.tangent[root->index]) { /* the scalar is a parameter */
        t->value = w.tangent[root->index][0];
        tangent_drop(&w, root);
    }
    end(&w);
    return st;
}
