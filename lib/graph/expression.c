/* Nodes as text, for messages: "matmul(relu(add(x, b1)), w2)". */
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"

enum { MAX_DEPTH = 8 };

typedef struct writer {
    char *text;
    size_t size, at;
} writer;

static void put(writer *w, const char *s)
{
    size_t n = strlen(s);
    if (w->at + n + 1 > w->size) /* cut off: the end stays "" or ".." */
        n = w->size > w->at + 1 ? w->size - w->at - 1 : 0;
    memcpy(w->text + w->at, s, n);
    w->at += n;
    w->text[w->at] = '\0';
}

static void put_node(writer *w, const wg_node *n, int depth)
{
    const wg__operation *o = n->operation;
    if (o->op == &wg_op_constant && !o->named && n->shape.rank == 0) {
        char number[32];
        snprintf(number, sizeof number, "%.6g", wg__load(o->value, n->dtype, 0));
        put(w, number);
        return;
    }
    if (o->named || o->n_in == 0) {
        put(w, n->name);
        return;
    }
    put(w, o->op->name);
    if (depth >= MAX_DEPTH) {
        put(w, "(..)");
        return;
    }
    put(w, "(");
    for (int s = 0; s < o->n_in && w->at + 1 < w->size; s++) { /* what is full takes no more */
        if (s)
            put(w, ", ");
        put_node(w, o->in[s], depth + 1);
    }
    put(w, ")");
}

char *wg__expression(const wg_node *n, char *text, size_t size)
{
    if (size) {
        text[0] = '\0';
        writer w = { text, size, 0 };
        put_node(&w, n, 0);
    }
    return text;
}
