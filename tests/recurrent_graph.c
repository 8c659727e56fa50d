/* Prints a recurrent layer as a graph file, for tests/torch_recurrent.py:
 *
 *     recurrent_graph rnn|lstm|gru C H STRETCH masked|free
 *
 * x (N, T, C), h0 (and c0) (N, H), mask (N, T), all f64; s is the sum of y, h (and c) weighed by wy, wh (and wc), where the
 * masked steps of y do not count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert.h>

static wg_node *state(wg_graph *g, const char *name, int64_t hidden)
{
    return wg_input(g, name, WG_F64, WG_SHAPE(WG_BATCH, hidden));
}

static wg_node *weighed(wg_node *value, wg_node *weight) { return wg_sum(wg_mul(value, weight), WG_ALL_AXES, false); }

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    int64_t in = atoi(argv[2]), hidden = atoi(argv[3]), stretch = atoi(argv[4]);
    bool is_lstm = !strcmp(argv[1], "lstm");
    wg_graph *g = wg_graph_new();
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, WG_DIM('T'), in)), *mask = NULL;
    wg_node *h0 = state(g, "h0", hidden), *c0 = is_lstm ? state(g, "c0", hidden) : NULL;
    if (!strcmp(argv[5], "masked"))
        mask = wg_input(g, "mask", WG_F64, WG_SHAPE(WG_BATCH, WG_DIM('T')));
    wg_node *y, *h, *c = NULL;
    if (is_lstm) {
        wg_lstm layer = wg_lstm_new(g, "l", WG_F64, in, hidden);
        layer.stretch = stretch;
        wg_lstm_out out = wg_lstm_apply(layer, x, mask, h0, c0);
        y = out.y, h = out.h, c = out.c;
    } else if (!strcmp(argv[1], "gru")) {
        wg_gru layer = wg_gru_new(g, "l", WG_F64, in, hidden);
        layer.stretch = stretch;
        wg_rnn_out out = wg_gru_apply(layer, x, mask, h0);
        y = out.y, h = out.h;
    } else {
        wg_rnn layer = wg_rnn_new(g, "l", WG_F64, in, hidden);
        layer.stretch = stretch;
        wg_rnn_out out = wg_rnn_apply(layer, x, mask, h0);
        y = out.y, h = out.h;
    }
    if (mask)
        y = wg_mul(y, wg_expand_dims(mask, WG_AXES(2)));
    wg_node *s = weighed(y, wg_input(g, "wy", WG_F64, WG_SHAPE(WG_BATCH, WG_DIM('T'), hidden)));
    s = wg_add(s, weighed(h, state(g, "wh", hidden)));
    if (c)
        s = wg_add(s, weighed(c, state(g, "wc", hidden)));
    wg_output(y, "y");
    wg_output(h, "h");
    if (c)
        wg_output(c, "c");
    wg_output(s, "s");
    char *json = wg_graph_json(g, (wg_nodes){ NULL, 0 });
    if (json)
        puts(json);
    else
        fprintf(stderr, "%s\n", wg_error());
    int failed = json == NULL;
    wg_text_free(json);
    wg_graph_free(g);
    return failed;
}
