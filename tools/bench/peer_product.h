/* Peers that are a library's matrix product: what is written around it by hand. */
#ifndef TOOLS_BENCH_PEER_PRODUCT_H
#define TOOLS_BENCH_PEER_PRODUCT_H

#include "bench.h"

/* c (m, n) = op(a) op(b), plus what is in c with `add`; rows one behind another. op transposes: a is then (k, m), b (n, k). f64
 * where `wide`, else f32. */
typedef struct product_args {
    bool wide, transpose_a, transpose_b, add;
    int m, n, k;
    double factor; /* of the product */
    const void *a, *b;
    void *c;
} product_args;
typedef struct product_library {
    char what[128];
    bool has_f64;
    bool (*multiply)(const product_args *);
} product_library;

/* Says who the library is, then answers until the stream ends. */
void serve_products(const product_library *, int threads, FILE *from, FILE *to);

/* A model of dense layers by hand on such a library: forward, loss, backward, update, one example a row. The names are those of
 * bench_case. NULL: there is no such model. */
typedef struct hand_model hand_model;
hand_model *hand_new(const product_library *, char name, int64_t layers, int64_t batch, bool wide);
void hand_step(hand_model *);    /* a whole training step */
void hand_forward(hand_model *); /* as far as the result */
void hand_free(hand_model *);

#endif
