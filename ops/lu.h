/* a = P L U in place, by Gaussian elimination with partial pivoting: Golub and Van Loan, Matrix Computations, 4th ed.,
 * algorithm 3.4.1, by rows. */
#ifndef WG_OPS_LU_H
#define WG_OPS_LU_H

#include <math.h>
#include <stdint.h>

#include "kernels/vecmath.h"

/* a (n, n) becomes U and, below the diagonal, L, whose diagonal is ones; row k was swapped with row swap[k] >= k at
 * step k. Returns the permutation's sign. Where a column has no pivot, U has a zero on the diagonal. */
static inline int wg__lu(double *a, int64_t n, double *swap)
{
    int sign = 1;
    for (int64_t k = 0; k < n; k++) {
        int64_t best = k;
        for (int64_t i = k + 1; i < n; i++)
            best = fabs(a[i * n + k]) > fabs(a[best * n + k]) ? i : best;
        swap[k] = (double)best;
        for (int64_t j = 0; j < n && best != k; j++) {
            const double upper = a[k * n + j];
            a[k * n + j] = a[best * n + j];
            a[best * n + j] = upper;
        }
        sign = best == k ? sign : -sign;
        const double *restrict top = a + k * n;
        for (int64_t i = k + 1; i < n && top[k] != 0; i++) {
            double *restrict row = a + i * n;
            const double factor = row[k] /= top[k];
            WG_SIMD for (int64_t j = k + 1; j < n; j++) row[j] -= factor * top[j];
        }
    }
    return sign;
}

/* The first zero on U's diagonal; n without one. */
static inline int64_t wg__lu_singular(const double *lu, int64_t n)
{
    int64_t i = 0;
    while (i < n && lu[i * n + i] != 0)
        i++;
    return i;
}

static inline void wg__rows_minus(double *restrict x, const double *restrict y, double factor, int64_t k)
{
    WG_SIMD for (int64_t j = 0; j < k; j++) x[j] -= factor * y[j];
}

/* x (n, k): the right-hand sides become the solutions. */
static inline void wg__lu_solve(const double *lu, const double *swap, int64_t n, double *x, int64_t k)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t other = (int64_t)swap[i];
        for (int64_t j = 0; j < k && other != i; j++) {
            const double upper = x[i * k + j];
            x[i * k + j] = x[other * k + j];
            x[other * k + j] = upper;
        }
    }
    for (int64_t i = 1; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            wg__rows_minus(x + i * k, x + j * k, lu[i * n + j], k);
    for (int64_t i = n - 1; i >= 0; i--) {
        for (int64_t j = i + 1; j < n; j++)
            wg__rows_minus(x + i * k, x + j * k, lu[i * n + j], k);
        for (int64_t j = 0; j < k; j++)
            x[i * k + j] /= lu[i * n + i];
    }
}

#endif
