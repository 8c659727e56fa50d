/* Dense models as a programmer writes them on a library's product: activations and losses fused by hand, the update inside the
 * product that makes a weight's gradient. One example a row; W of a layer is (out, in). */
#include "peer_product.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS_MAX = 66 };

struct hand_model {
    const product_library *library;
    bool wide, softmax;
    int layers, batch, width[LAYERS_MAX + 1];
    void *w[LAYERS_MAX], *b[LAYERS_MAX]; /* (out, in), (out) */
    void *y[LAYERS_MAX + 1];             /* (batch, width): the input, and what each layer gives */
    void *d[LAYERS_MAX + 1];             /* (batch, width): the loss's derivatives by those, before the activation */
    int *label;                          /* (batch) */
    double cost;
};

static const struct {
    char name;
    int layers, batch, width[5];
} known[] = {
    { 'a', 2, 32, { 2, 4, 1 } },
    { 'b', 4, 209, { 12288, 20, 7, 5, 1 } },
    { 'c', 3, 128, { 784, 512, 256, 10 } },
    { 'd', 4, 256, { 1024, 2048, 2048, 1024, 1 } },
};

static void multiply(const hand_model *h, bool ta, bool tb, int m, int n, int k, double factor, const void *a, const void *b,
                     bool add, void *c)
{
    h->library->multiply(&(product_args){ h->wide, ta, tb, add, m, n, k, factor, a, b, c });
}

#define REAL float
#define OF(name) name##_f32
#define EXP expf
#define LOG logf
#include "peer_hand_real.h"
#undef REAL
#undef OF
#undef EXP
#undef LOG
#define REAL double
#define OF(name) name##_f64
#define EXP exp
#define LOG log
#include "peer_hand_real.h"

static void *values(const hand_model *h, int64_t n, double scale, wg_numpy_random *random)
{
    void *memory = tool_alloc((size_t)n, h->wide ? sizeof(double) : sizeof(float));
    for (int64_t i = 0; i < n && scale != 0; i++) {
        double value = scale * wg_numpy_randn(random);
        if (h->wide)
            ((double *)memory)[i] = value;
        else
            ((float *)memory)[i] = (float)value;
    }
    return memory;
}

/* The widths of a model that has a name, or of so many layers of 256 units. */
static bool set_sizes(hand_model *h, char name, int64_t layers, int64_t batch)
{
    if (layers > 0 && layers < LAYERS_MAX) {
        h->layers = (int)layers + 1;
        h->batch = DEPTH_BATCH;
        for (int i = 0; i < h->layers; i++)
            h->width[i] = DEPTH_WIDTH;
        h->width[h->layers] = 1;
        return true;
    }
    for (size_t i = 0; i < WG_COUNT(known); i++)
        if (known[i].name == name) {
            h->layers = known[i].layers;
            h->batch = batch > 0 ? (int)batch : known[i].batch;
            memcpy(h->width, known[i].width, sizeof known[i].width);
            return true;
        }
    return false;
}

hand_model *hand_new(const product_library *library, char name, int64_t layers, int64_t batch, bool wide)
{
    hand_model *h = tool_alloc(1, sizeof *h);
    wg_numpy_random random;
    wg_numpy_seed(&random, 1);
    h->library = library;
    h->wide = wide;
    if (!set_sizes(h, name, layers, batch)) {
        free(h);
        return NULL;
    }
    h->softmax = h->width[h->layers] > 1;
    h->label = tool_alloc((size_t)h->batch, sizeof *h->label);
    for (int i = 0; i < h->batch; i++)
        h->label[i] = (int)(wg_numpy_uniform(&random) * (h->softmax ? h->width[h->layers] : 2));
    for (int l = 0; l <= h->layers; l++) {
        h->y[l] = values(h, (int64_t)h->batch * h->width[l], l ? 0 : 1, &random);
        h->d[l] = l ? values(h, (int64_t)h->batch * h->width[l], 0, &random) : NULL;
    }
    for (int l = 0; l < h->layers; l++) {
        h->w[l] = values(h, (int64_t)h->width[l] * h->width[l + 1], sqrt(2.0 / h->width[l]), &random);
        h->b[l] = values(h, h->width[l + 1], 0, &random);
    }
    return h;
}

void hand_free(hand_model *h)
{
    if (!h)
        return;
    for (int l = 0; l <= h->layers; l++) {
        free(h->y[l]);
        free(h->d[l]);
    }
    for (int l = 0; l < h->layers; l++) {
        free(h->w[l]);
        free(h->b[l]);
    }
    free(h->label);
    free(h);
}

void hand_forward(hand_model *h)
{
    if (h->wide) {
        forward_f64(h);
        finish_f64(h);
    } else {
        forward_f32(h);
        finish_f32(h);
    }
}

void hand_step(hand_model *h)
{
    if (h->wide) {
        forward_f64(h);
        loss_f64(h);
        backward_f64(h);
    } else {
        forward_f32(h);
        loss_f32(h);
        backward_f32(h);
    }
}
