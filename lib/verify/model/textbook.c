/* The number that the course teaches. */
#include <math.h>

#include "verify/model/model.h"

wg_status wg__textbook(wg__model *m, double *difference)
{
    const double epsilon = 1e-7;
    double *g = wg__alloc(NULL, m->n + 1, sizeof *g);
    if (!g)
        return WG_ERR_NOMEM;
    long double apart = 0, size = 0, size_approx = 0; /* squares of the three norms */
    wg_status st = wg__model_gradient(m, m->theta, g);
    for (size_t i = 0; i < m->n && !st; i++) {
        double here = m->theta[i], plus = 0, minus = 0;
        m->theta[i] = here + epsilon;
        st = wg__model_value(m, m->theta, &plus);
        m->theta[i] = here - epsilon;
        if (!st)
            st = wg__model_value(m, m->theta, &minus);
        m->theta[i] = here;
        double approx = (plus - minus) / (2 * epsilon);
        apart += ((long double)g[i] - approx) * ((long double)g[i] - approx);
        size += (long double)g[i] * g[i];
        size_approx += (long double)approx * approx;
    }
    *difference = apart == 0 ? 0 : (double)(sqrtl(apart) / (sqrtl(size) + sqrtl(size_approx)));
    wg__free(NULL, g, m->n + 1, sizeof *g);
    return st;
}
