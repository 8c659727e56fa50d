/* How many numbers a model has to learn. */
#include <wengert/nn.h>

int64_t wg_param_count(wg_nodes params)
{
    int64_t count = 0;
    for (size_t i = 0; params.at && i < params.n; i++)
        count += params.at[i] ? wg_shape_count(wg_node_shape(params.at[i])) : 0;
    return count;
}
