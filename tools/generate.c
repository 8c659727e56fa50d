/* Two-dimensional data to try things out on: made from a seed, with the random numbers of NumPy's RandomState. */
#include "data.h"
#include "options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* Two half-circles that reach into each other; class 1 is the lower one. */
static void moon(double along, int class, double point[2])
{
    point[0] = class ? 1 - cos(pi * along) : cos(pi * along);
    point[1] = class ? 0.5 - sin(pi * along) : sin(pi * along);
}

/* Two arms of one and a half turns, half a turn apart. */
static void spiral(double along, int class, double point[2])
{
    double angle = 3 * pi * along + pi * class, radius = 0.1 + 0.9 * along;
    point[0] = radius * cos(angle);
    point[1] = radius * sin(angle);
}

static const struct generator {
    const char *name;
    void (*place)(double along, int class, double point[2]);
    double noise;
} generators[] = {
    { "moons", moon, 0.15 },
    { "spiral", spiral, 0.03 },
};

/* "moons:400:2" into its parts. */
static bool read_spec(const char *spec, const struct generator *g, int64_t *n, int64_t *seed)
{
    char *numbers = tool_copy(spec + strlen(g->name) + 1), *colon = strchr(numbers, ':');
    *seed = 1;
    if (colon)
        *colon = '\0';
    bool right = read_count(numbers, n) && *n >= 2 && *n <= 100000000;
    if (colon)
        right = right && read_count(colon + 1, seed) && *seed >= 0 && *seed <= UINT32_MAX;
    free(numbers);
    return right;
}

int generate(const char *spec, double **x, int64_t **y, int64_t *n)
{
    const struct generator *g = NULL;
    for (size_t i = 0; i < WG_COUNT(generators); i++) {
        size_t length = strlen(generators[i].name);
        if (!strncmp(spec, generators[i].name, length) && spec[length] == ':')
            g = &generators[i];
    }
    if (!g)
        return 0;
    int64_t seed;
    if (!read_spec(spec, g, n, &seed)) {
        tool_misused("--data %s: expected %s:N or %s:N:SEED, with N from 2", spec, g->name, g->name);
        return -1;
    }
    wg_numpy_random random;
    wg_numpy_seed(&random, (uint32_t)seed);
    *x = tool_alloc((size_t)*n * 2, sizeof **x);
    *y = tool_alloc((size_t)*n, sizeof **y);
    for (int64_t i = 0; i < *n; i++) {
        double *point = *x + 2 * i;
        (*y)[i] = i % 2; /* in turns, so that any stretch of rows holds both classes */
        g->place(wg_numpy_uniform(&random), (int)(*y)[i], point);
        point[0] += g->noise * wg_numpy_randn(&random);
        point[1] += g->noise * wg_numpy_randn(&random);
    }
    return 1;
}
