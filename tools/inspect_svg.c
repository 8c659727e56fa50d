/* A graph in layers: each node one row below the lowest of its operands. */
#include "inspect.h"

#include <stdio.h>
#include <stdlib.h>

enum { BOX_WIDTH = 150, LINE = 15, GAP_X = 20, GAP_Y = 40, MARGIN = 30 };

/* What the outputs need, or what one node does. */
static bool *needed_for(const wg_graph *g, wg_nodes outputs)
{
    size_t n = wg_graph_count(g);
    bool *needed = tool_alloc(n, sizeof *needed);
    for (size_t i = n; i-- > 0;) {
        /* From the last to the first: users are seen before what they use. */
        wg_node *node = wg_graph_node(g, i);
        bool wanted = needed[i] || !outputs.n;
        for (size_t k = 0; k < outputs.n; k++)
            wanted = wanted || outputs.at[k] == node;
        needed[i] = wanted;
        wg_nodes in = wg_node_inputs(node);
        for (size_t k = 0; k < in.n && wanted; k++)
            for (size_t j = 0; j < i; j++)
                if (wg_graph_node(g, j) == in.at[k])
                    needed[j] = true;
    }
    return needed;
}

bool *needed_nodes(const wg_graph *g)
{
    return needed_for(g, wg_graph_outputs(g));
}

/* Where a node is drawn. */
struct place {
    const wg_node *node;
    int layer, x, y;
    double pull; /* the mean position of its operands */
    struct node_mark mark;
};

struct picture {
    struct place *place;
    size_t n;
    int layers, width, height;
    int box_height;
};

static const struct place *place_of(const struct picture *p, const wg_node *node)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->place[i].node == node)
            return &p->place[i];
    return NULL;
}

static void set_layers(struct picture *p)
{
    for (size_t i = 0; i < p->n; i++) {
        wg_nodes in = wg_node_inputs(p->place[i].node);
        for (size_t k = 0; k < in.n; k++) {
            const struct place *operand = place_of(p, in.at[k]);
            if (operand && operand->layer >= p->place[i].layer)
                p->place[i].layer = operand->layer + 1;
        }
        if (p->place[i].layer >= p->layers)
            p->layers = p->place[i].layer + 1;
    }
    /* Leaves move down to just above their first user, so that lines stay short. */
    for (size_t i = 0; i < p->n; i++) {
        if (wg_node_inputs(p->place[i].node).n)
            continue;
        int first = p->layers;
        for (size_t j = i + 1; j < p->n; j++) {
            wg_nodes in = wg_node_inputs(p->place[j].node);
            for (size_t k = 0; k < in.n; k++)
                if (in.at[k] == p->place[i].node && p->place[j].layer < first)
                    first = p->place[j].layer;
        }
        if (first < p->layers)
            p->place[i].layer = first - 1;
    }
}

/* Row by row, in the order of what pulls at each box from above. */
static void set_places(struct picture *p)
{
    for (int layer = 0; layer < p->layers; layer++) {
        for (size_t i = 0; i < p->n; i++) {
            wg_nodes in = wg_node_inputs(p->place[i].node);
            double sum = 0;
            for (size_t k = 0; k < in.n; k++) {
                const struct place *operand = place_of(p, in.at[k]);
                sum += operand ? operand->x : 0;
            }
            p->place[i].pull = in.n ? sum / (double)in.n : (double)i;
        }
        int x = MARGIN;
        for (;;) {
            struct place *next = NULL;
            for (size_t i = 0; i < p->n; i++)
                if (p->place[i].layer == layer && p->place[i].y == 0 && (!next || p->place[i].pull < next->pull))
                    next = &p->place[i];
            if (!next)
                break;
            next->x = x;
            next->y = MARGIN + 20 + layer * (p->box_height + GAP_Y);
            x += BOX_WIDTH + GAP_X;
            if (x > p->width)
                p->width = x;
        }
    }
    p->width += MARGIN - GAP_X;
    p->height = 2 * MARGIN + 20 + p->layers * (p->box_height + GAP_Y) - GAP_Y;
}

static void add_lines(struct text *t, const struct picture *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct place *to = &p->place[i];
        wg_nodes in = wg_node_inputs(to->node);
        for (size_t k = 0; k < in.n; k++) {
            const struct place *from = place_of(p, in.at[k]);
            if (!from)
                continue;
            int x0 = from->x + BOX_WIDTH / 2, y0 = from->y + p->box_height, y1 = to->y;
            int x1 = to->x + (int)((size_t)BOX_WIDTH * (k + 1) / (in.n + 1)); /* operands enter from left to right */
            text_add(t,
                     "<path class=\"axis\" fill=\"none\" stroke=\"#777\" marker-end=\"url(#tip)\" d=\"M%d %dC%d %d %d %d %d %d\"/>\n",
                     x0, y0, x0, y0 + GAP_Y / 2, x1, y1 - GAP_Y / 2, x1, y1);
        }
    }
}

static void add_box(struct text *t, const struct picture *p, const struct place *b, bool is_output)
{
    char shape[128], label[24];
    bool leaf = !wg_node_inputs(b->node).n;
    const char *kind = b->mark.look ? b->mark.look : is_output ? "result" : leaf ? "leaf" : "box";
    int middle = b->x + BOX_WIDTH / 2;
    snprintf(label, sizeof label, "%.22s", wg_node_name(b->node));
    text_add(t, "<g><title>");
    text_add_escaped(t, wg_node_name(b->node));
    text_add(t, "</title><rect class=\"%s\" fill=\"none\" stroke=\"#777\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n",
             kind, b->x, b->y, BOX_WIDTH, p->box_height);
    text_add(t, "<text class=\"ink\" x=\"%d\" y=\"%d\" text-anchor=\"middle\" font-weight=\"bold\">", middle,
             b->y + 2 + LINE);
    text_add_escaped(t, label);
    text_add(t, "</text>\n<text class=\"ink\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", middle, b->y + 2 + 2 * LINE);
    text_add_escaped(t, wg_node_op(b->node)->name);
    text_add(t, " %s</text>", wg_shape_text(wg_node_shape(b->node), shape, sizeof shape));
    if (*b->mark.note)
        text_add(t, "\n<text class=\"ink\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>", middle,
                 b->y + 2 + 3 * LINE, b->mark.note);
    text_add(t, "</g>\n");
}

static bool is_output(const wg_graph *g, const wg_node *node)
{
    wg_nodes outputs = wg_graph_outputs(g);
    for (size_t i = 0; i < outputs.n; i++)
        if (outputs.at[i] == node)
            return true;
    return false;
}

/* Lays out the nodes that are needed, marked where there are marks. */
static struct picture picture_of(const wg_graph *g, const bool *needed,
                                 struct node_mark (*mark)(void *user, const wg_node *), void *user)
{
    struct picture p = { .place = tool_alloc(wg_graph_count(g), sizeof(struct place)), .box_height = 2 * LINE + 10 };
    for (size_t i = 0; i < wg_graph_count(g); i++) {
        if (!needed[i])
            continue;
        struct place *b = &p.place[p.n++];
        b->node = wg_graph_node(g, i);
        if (mark)
            b->mark = mark(user, b->node);
        if (*b->mark.note)
            p.box_height = 3 * LINE + 10;
    }
    set_layers(&p);
    set_places(&p);
    return p;
}

/* Frees the picture. */
static struct text draw(const wg_graph *g, struct picture *p, const char *title, const char *drawing_style)
{
    struct text t = { NULL, 0, 0 };
    text_add(&t,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
             "font-family=\"sans-serif\" font-size=\"11\">\n<title>",
             p->width, p->height, p->width, p->height);
    text_add_escaped(&t, title);
    text_add(&t, "</title>\n%s<rect class=\"ground\" fill=\"none\" width=\"100%%\" height=\"100%%\"/>\n", drawing_style);
    text_add(&t, "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" "
                 "markerHeight=\"7\" orient=\"auto\">"
                 "<path class=\"axis\" fill=\"none\" stroke=\"#777\" d=\"M0 0L8 4L0 8\"/></marker></defs>\n");
    add_lines(&t, p);
    for (size_t i = 0; i < p->n; i++)
        add_box(&t, p, &p->place[i], is_output(g, p->place[i].node));
    text_add(&t, "</svg>\n");
    free(p->place);
    return t;
}

struct text graph_svg(const wg_graph *g, const char *title)
{
    bool *needed = needed_nodes(g);
    struct picture p = picture_of(g, needed, NULL, NULL);
    free(needed);
    return draw(g, &p, title, svg_style);
}

struct text graph_svg_marked(const wg_graph *g, const wg_node *wanted, const char *title,
                             struct node_mark (*mark)(void *user, const wg_node *), void *user)
{
    wg_node *one = (wg_node *)wanted;
    bool *needed = needed_for(g, (wg_nodes){ &one, 1 });
    struct picture p = picture_of(g, needed, mark, user);
    free(needed);
    return draw(g, &p, title, "");
}
