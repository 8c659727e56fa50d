/* A CBLAS, whichever is installed. */
#include "peer_product.h"

#include <dlfcn.h>
#include <string.h>

enum { ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112 }; /* CBLAS's own numbers */

typedef void sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                   int ldb, float beta, float *c, int ldc);
typedef void dgemm(int order, int ta, int tb, int m, int n, int k, double alpha, const double *a, int lda, const double *b,
                   int ldb, double beta, double *c, int ldc);
static sgemm *single_product;
static dgemm *double_product;

static bool multiply(const product_args *p)
{
    int ta = p->transpose_a ? TRANSPOSED : AS_IT_IS, tb = p->transpose_b ? TRANSPOSED : AS_IT_IS;
    int lda = p->transpose_a ? p->m : p->k, ldb = p->transpose_b ? p->k : p->n;
    if (p->wide)
        double_product(ROW_MAJOR, ta, tb, p->m, p->n, p->k, p->factor, p->a, lda, p->b, ldb, p->add, p->c, p->n);
    else
        single_product(ROW_MAJOR, ta, tb, p->m, p->n, p->k, (float)p->factor, p->a, lda, p->b, ldb, p->add, p->c, p->n);
    return true;
}

static void name_it(product_library *l, void *handle, const char *file)
{
    char *(*config)(void) = NULL;
    *(void **)&config = dlsym(handle, "openblas_get_config");
    snprintf(l->what, sizeof l->what, "CBLAS of %s%s%.80s", file, config ? ": " : "", config ? config() : "");
}

void serve_blas(int threads, FILE *from, FILE *to)
{
    static const char *const files[] = { "libopenblas.so.0", "libopenblas.so", "libmkl_rt.so.2", "libblis.so.4", "libcblas.so.3",
                                         "libblas.so.3" };
    product_library l = { .has_f64 = true, .multiply = multiply };
    for (size_t i = 0; i < WG_COUNT(files); i++) {
        void *handle = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            continue;
        *(void **)&single_product = dlsym(handle, "cblas_sgemm");
        *(void **)&double_product = dlsym(handle, "cblas_dgemm");
        if (single_product && double_product) {
            name_it(&l, handle, files[i]);
            serve_products(&l, threads, from, to);
            return;
        }
        dlclose(handle);
    }
    fputs("missing no library with cblas_sgemm was found\n", to);
}
