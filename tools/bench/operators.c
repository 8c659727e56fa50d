/* The operators that are measured, on operands that no cache holds: 8 million elements where the work is one an element. */
#include "models.h"

#include <stddef.h>

#define WIDE WG_DIMS(2048, 4096)
#define ONE(...) { { .shape = __VA_ARGS__ } }, 1
#define TWO(a, b) { { .shape = a }, { .shape = b } }, 2

const bench_operator bench_operators[] = {
    { "add", "add", NULL, TWO(WIDE, WIDE), false },
    { "add_row", "add", NULL, TWO(WIDE, WG_DIMS(4096)), false },
    { "mul", "mul", NULL, TWO(WIDE, WIDE), false },
    { "div", "div", NULL, TWO(WIDE, WIDE), false },
    { "relu", "relu", NULL, ONE(WIDE), false },
    { "exp", "exp", NULL, ONE(WIDE), false },
    { "sigmoid", "sigmoid", NULL, ONE(WIDE), false },
    { "tanh", "tanh", NULL, ONE(WIDE), false },
    { "gelu", "gelu", NULL, ONE(WIDE), false },
    { "dropout", "dropout", "{\"p\": 0.5}", ONE(WIDE), true },
    { "sum", "sum", NULL, ONE(WIDE), false },
    { "sum_columns", "sum", "{\"axes\": [0]}", ONE(WIDE), false },
    { "sum_rows", "sum", "{\"axes\": [1]}", ONE(WIDE), false },
    { "argmax", "argmax", "{\"axis\": 1}", ONE(WIDE), false },
    { "softmax", "softmax", "{\"axis\": 1}", ONE(WIDE), false },
    { "layer_norm", "layer_norm", NULL, ONE(WIDE), false },
    { "cumsum", "cumsum", "{\"axis\": 1}", ONE(WIDE), false },
    { "transpose", "transpose", NULL, ONE(WIDE), false },
    { "take", "take", "{\"axis\": 0}",
      { { .shape = WG_DIMS(32768, 256) }, { .shape = WG_DIMS(32768), .classes = 32768 } }, 2, false },
    { "sort", "sort", "{\"axis\": 1}", ONE(WG_DIMS(1024, 1024)), false },
    { "cross_entropy", "cross_entropy", "{\"axis\": 1}",
      { { .shape = WG_DIMS(8192, 1024) }, { .shape = WG_DIMS(8192), .classes = 1024 } }, 2, false },
    { "matmul_batched", "matmul", NULL, TWO(WG_DIMS(64, 128, 128), WG_DIMS(64, 128, 128)), false },
    { "conv2d", "conv2d", NULL, TWO(WG_DIMS(64, 32, 26, 26), WG_DIMS(64, 32, 3, 3)), false },
    { "max_pool2d", "max_pool2d", "{\"kernel\": [2, 2], \"stride\": [2, 2]}", ONE(WG_DIMS(64, 64, 48, 48)), false },
    { "attention", "scaled_dot_product_attention", "{\"causal\": true}",
      { { .shape = WG_DIMS(8, 8, 128, 32) }, { .shape = WG_DIMS(8, 8, 128, 32) }, { .shape = WG_DIMS(8, 8, 128, 32) } }, 3,
      false },
};
const size_t n_bench_operators = WG_COUNT(bench_operators);
