/* Parameters as a NumPy program draws them: np.random.seed(seed), then layer after layer np.random.randn(n, n_prev). */
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/options.h"
#include <wengert/nn.h>
#include <wengert/store.h>

/* Element i of a tensor of type f32 or f64. */
static void put(void *to, wg_dtype dtype, int64_t i, double value)
{
    if (dtype == WG_F32)
        ((float *)to)[i] = (float)value;
    else
        ((double *)to)[i] = value;
}

/* Draws in the order of an (out, in) matrix; the rows layout keeps its transpose. */
static void draw(void *w, wg_dtype dtype, int64_t out, int64_t in, const wg_mlp_opts *o, wg_numpy_random *random)
{
    double root = sqrt((double)in);
    for (int64_t i = 0; i < out; i++)
        for (int64_t j = 0; j < in; j++) {
            double r = wg_numpy_randn(random);
            /* Divided, not multiplied by the inverse: the last bit must be NumPy's. */
            r = o->init == WG_MLP_NUMPY_SMALL ? r * 0.01 : r / root;
            put(w, dtype, o->layout == WG_COLUMNS ? i * in + j : j * out + i, r);
        }
}

static wg_status fill(wg_store *store, wg_node *w, wg_node *b, const wg_mlp_opts *o, wg_numpy_random *random)
{
    wg_shape shape = wg_node_shape(w);
    wg_dtype dtype = wg_node_dtype(w);
    int64_t out = shape.dim[o->layout == WG_COLUMNS ? 0 : 1], in = shape.dim[o->layout == WG_COLUMNS ? 1 : 0];
    int64_t count = wg_shape_count(shape);
    size_t each = wg_dtype_size(dtype);
    void *value = wg__alloc_zero(NULL, (size_t)count, each);
    if (!value)
        return WG_ERR_NOMEM;
    /* The biases first, while the memory is zero: a layer has no more biases than weights. */
    wg_status status = wg_set(store, b, wg_view_of(value, dtype, wg_node_shape(b)));
    if (status == WG_OK) {
        draw(value, dtype, out, in, o, random);
        status = wg_set(store, w, wg_view_of(value, dtype, shape));
    }
    wg__free(NULL, value, (size_t)count, each);
    return status;
}

wg_status wg_mlp_numpy(wg_store *store, const wg_mlp *mlp, const wg_mlp_opts *opts)
{
    wg_mlp_opts o;
    if (!store || !mlp || !mlp->params.at)
        return wg__fail_null("wg_mlp_numpy", store ? "model" : "store");
    if (!wg__options(&o, sizeof o, opts, "wg_mlp_opts"))
        return WG_ERR_ARG;
    if (o.init != WG_MLP_NUMPY && o.init != WG_MLP_NUMPY_SMALL)
        return WG_OK;
    wg_numpy_random random;
    wg_numpy_seed(&random, o.numpy_seed);
    wg_nodes p = mlp->params;
    for (size_t l = 0; l + 1 < p.n; l += 2) {
        wg_status status = fill(store, p.at[l], p.at[l + 1], &o, &random);
        if (status != WG_OK)
            return status;
    }
    return WG_OK;
}
