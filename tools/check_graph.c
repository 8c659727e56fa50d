/* A model's graph with what its nodes' residuals say. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"

/* The worst residual of a node, of its tolerance; negative: it has none. Infinite where it is no number. */
static double residual_of(const json_t *residuals, const char *node, bool *wrong)
{
    size_t i;
    json_t *r;
    double worst = -1;
    json_array_foreach(residuals, i, r)
    {
        if (strcmp(json_string_value(json_object_get(r, "node")), node) != 0)
            continue;
        const json_t *share = json_object_get(r, "share");
        double value = json_is_number(share) ? json_number_value(share) : HUGE_VAL;
        worst = value > worst ? value : worst;
        *wrong = *wrong || !strcmp(json_string_value(json_object_get(r, "verdict")), "FAIL");
    }
    return worst;
}

static struct node_mark mark_of(void *user, const wg_node *node)
{
    struct node_mark mark = { NULL, "" };
    bool wrong = false;
    double share = residual_of(user, wg_node_name(node), &wrong);
    if (share < 0)
        return mark;
    wrong = wrong || share >= 1;
    mark.look = wrong ? "bad" : share >= 0.5 ? "near" : "good";
    snprintf(mark.note, sizeof mark.note, "%s%.2g", wrong ? "WRONG: " : "residual ", share);
    return mark;
}

void page_graph(struct text *t, const wg_graph *model, const wg_node *cost, const json_t *residuals)
{
    struct text svg = graph_svg_marked(model, cost, "The model's graph", mark_of, (void *)residuals);
    text_add(t, "%s", svg.at);
    free(svg.at);
}
