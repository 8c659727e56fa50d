#include "builders.h"

#include <string.h>

const builder builders[] = {
    { "rnn", "builder over scan: h' = tanh(x w_x + h w_h + b), over x (N, T, C)",
      "wg_rnn_new(g, name, dtype, in, hidden), wg_rnn_apply(layer, x, mask, h0): y, h" },
    { "lstm", "builder over scan: gates i f g o, over x (N, T, C)",
      "wg_lstm_new(g, name, dtype, in, hidden), wg_lstm_apply(layer, x, mask, h0, c0): y, h, c" },
    { "gru", "builder over scan: gates r z n, over x (N, T, C)",
      "wg_gru_new(g, name, dtype, in, hidden), wg_gru_apply(layer, x, mask, h0): y, h" },

    { "sgd", "update: w -= lr g", "wg_sgd(grads, lr)" },
    { "momentum", "update: v = momentum v + g; w -= lr v", "wg_momentum(grads, lr, opts)" },
    { "nesterov", "update: v = momentum v + g; w -= lr (g + momentum v)",
      "wg_momentum(grads, lr, opts with nesterov = true)" },
    { "adagrad", "update: s += g^2; w -= lr g / (sqrt(s) + eps)", "wg_adagrad(grads, lr, opts)" },
    { "rmsprop", "update: s = alpha s + (1 - alpha) g^2; w -= lr g / (sqrt(s) + eps)", "wg_rmsprop(grads, lr, opts)" },
    { "adadelta", "update: steps as long as the root mean square of those before, over that of the gradients",
      "wg_adadelta(grads, lr, opts)" },
    { "adam", "update: m over the root of v, means of g and g^2 corrected for their start",
      "wg_adam(grads, lr, opts)" },
    { "adamw", "update: adam, and w loses lr weight_decay w", "wg_adam(grads, lr, opts with weight_decay above 0)" },
    { "lamb", "update: adam's direction, scaled for each param to the param's length", "wg_lamb(grads, lr, opts)" },
    { "clip_by_norm", "each gradient times min(1, max / its norm)", "wg_clip_by_norm(grads, max)" },
    { "clip_by_global_norm", "all gradients times min(1, max / their norm together)",
      "wg_clip_by_global_norm(grads, max, norm)" },
    { "clip_by_value", "each element of the gradients to low .. high", "wg_clip_by_value(grads, low, high)" },

    { "step", "schedule: rate factor^floor(step / every)", "wg_schedule_step(step, rate, factor, every)" },
    { "cosine", "schedule: from peak to floor in half a wave", "wg_schedule_cosine(step, peak, floor, steps)" },
    { "linear", "schedule: from one rate to another in a straight line", "wg_schedule_linear(step, from, to, steps)" },
    { "warmup", "schedule: a ramp up to another schedule", "wg_schedule_warmup(step, steps, rate)" },
    { "one_cycle", "schedule: up to the peak and down again, in half waves",
      "wg_schedule_one_cycle(step, peak, steps, opts)" },
};
const size_t n_builders = sizeof builders / sizeof *builders;

const builder *find_builder(const char *name)
{
    for (size_t i = 0; i < n_builders; i++)
        if (!strcmp(builders[i].name, name))
            return &builders[i];
    return NULL;
}
