/* oneDNN, by its plain product of f32 matrices. */
#include "peer_product.h"

#include <dlfcn.h>
#include <string.h>

typedef int sgemm(char ta, char tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t lda, const float *b,
                  int64_t ldb, float beta, float *c, int64_t ldc); /* rows one behind another; 0: it was done */
static sgemm *product;

static bool multiply(const product_args *p)
{
    return product(p->transpose_a ? 'T' : 'N', p->transpose_b ? 'T' : 'N', p->m, p->n, p->k, (float)p->factor, p->a,
                   p->transpose_a ? p->m : p->k, p->b, p->transpose_b ? p->k : p->n, p->add, p->c, p->n) == 0;
}

void serve_onednn(int threads, FILE *from, FILE *to)
{
    static const char *const files[] = { "libdnnl.so.3", "libdnnl.so.2", "libdnnl.so" };
    product_library l = { .multiply = multiply };
    for (size_t i = 0; i < WG_COUNT(files); i++) {
        void *handle = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            continue;
        struct version {
            int major, minor, patch;
        };
        const struct version *(*version)(void) = NULL;
        *(void **)&product = dlsym(handle, "dnnl_sgemm");
        *(void **)&version = dlsym(handle, "dnnl_version");
        if (product && version) {
            snprintf(l.what, sizeof l.what, "oneDNN %d.%d.%d", version()->major, version()->minor, version()->patch);
            serve_products(&l, threads, from, to);
            return;
        }
        dlclose(handle);
    }
    fputs("missing no library with dnnl_sgemm was found\n", to);
}
