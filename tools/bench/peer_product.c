/* Answers for a library: products, and models written by hand on them. */
#include "peer_product.h"

#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

/* The case under way: a product, or a model. */
struct served {
    const product_library *library;
    product_args product;
    void *memory[3];
    hand_model *model;
    bool trains;
};

static void *uniform(int64_t n, bool wide, uint32_t seed)
{
    void *memory = tool_alloc((size_t)n, wide ? sizeof(double) : sizeof(float));
    wg_numpy_random random;
    wg_numpy_seed(&random, seed);
    for (int64_t i = 0; i < n; i++) {
        double value = 2 * wg_numpy_uniform(&random) - 1;
        if (wide)
            ((double *)memory)[i] = value;
        else
            ((float *)memory)[i] = (float)value;
    }
    return memory;
}

static void forget(struct served *s)
{
    for (size_t i = 0; i < WG_COUNT(s->memory); i++)
        free(s->memory[i]);
    hand_free(s->model);
    *s = (struct served){ .library = s->library };
}

static bool make_product(struct served *s, int m, int n, int k, bool ta, bool tb, bool wide)
{
    s->memory[0] = uniform((int64_t)m * k, wide, 0);
    s->memory[1] = uniform((int64_t)k * n, wide, 1);
    s->memory[2] = uniform((int64_t)m * n, wide, 2);
    s->product = (product_args){ .wide = wide, .transpose_a = ta, .transpose_b = tb, .m = m, .n = n, .k = k, .factor = 1,
                                 .a = s->memory[0], .b = s->memory[1], .c = s->memory[2] };
    return s->library->multiply(&s->product);
}

/* "case KIND MODEL OPTIMIZER M N K TA TB DTYPE ..". False: not one of ours. */
static bool make(struct served *s, const char *line)
{
    char kind[16], model, optimizer[8], ta, tb, dtype[8];
    int m, n, k;
    forget(s);
    if (sscanf(line, "case %15s %c %7s %d %d %d %c %c %7s", kind, &model, optimizer, &m, &n, &k, &ta, &tb, dtype) != 9)
        return false;
    bool wide = !strcmp(dtype, "f64"), depth = !strcmp(kind, "depth"), infer = !strcmp(kind, "infer");
    if (wide && !s->library->has_f64)
        return false;
    if (!strcmp(kind, "matmul"))
        return make_product(s, m, n, k, ta == 'T', tb == 'T', wide);
    s->trains = !infer;
    if (!strcmp(optimizer, "sgd") && (depth || infer || !strcmp(kind, "train")))
        s->model = hand_new(s->library, model, depth ? m : 0, infer ? m : 0, wide);
    return s->model != NULL;
}

static void run(struct served *s)
{
    if (!s->model)
        s->library->multiply(&s->product);
    else if (s->trains)
        hand_step(s->model);
    else
        hand_forward(s->model);
}

void serve_products(const product_library *library, int threads, FILE *from, FILE *to)
{
    struct served s = { .library = library };
    char line[512];
#ifdef _OPENMP
    omp_set_num_threads(threads); /* its environment was read before we came */
#else
    (void)threads;
#endif
    fprintf(to, "%s\n", library->what);
    fflush(to);
    while (fgets(line, sizeof line, from)) {
        long times = strncmp(line, "run ", 4) ? -1 : strtol(line + 4, NULL, 10);
        if (times < 0) {
            fputs(make(&s, line) ? "ready\n" : "skip\n", to);
        } else {
            double begun = bench_seconds();
            for (long i = 0; i < times; i++)
                run(&s);
            fprintf(to, "%.9g\n", bench_seconds() - begun);
        }
        fflush(to);
    }
    forget(&s);
}
