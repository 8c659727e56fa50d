/* Walking over the elements of a broadcast result. */
#include "verify/numerics/kinks.h"

#include "tensor/shape.h"

void wg__each_kink(const wg_op *op, const void *attrs, int n, const wg_view *in, wg_shape shape,
                   void (*visit)(void *user, const int64_t *at, double distance), void *user)
{
    int64_t stride[WG__KINK_OPERANDS][WG_MAX_RANK], at[WG__KINK_OPERANDS];
    int64_t count = wg_shape_count(shape);
    double x[WG__KINK_OPERANDS];
    if (!wg__has_kinks(op, n))
        return;
    for (int s = 0; s < n; s++)
        wg__broadcast_strides(&in[s].shape, &shape, stride[s]);
    for (int64_t e = 0; e < count; e++) {
        for (int s = 0; s < n; s++) {
            int64_t left = e;
            at[s] = 0;
            for (int axis = shape.rank - 1; axis >= 0; axis--) {
                at[s] += left % shape.dim[axis] * stride[s][axis];
                left /= shape.dim[axis];
            }
            x[s] = wg__load(in[s].data, in[s].dtype, at[s]);
        }
        visit(user, at, op->kink(attrs, x));
    }
}
