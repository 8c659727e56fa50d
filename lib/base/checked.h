/* Size arithmetic that cannot overflow unseen. Every size that depends on input goes through here. */
#ifndef WG_BASE_CHECKED_H
#define WG_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True, and *out set, when the result fits. */
static inline bool wg__add_size(size_t a, size_t b, size_t *out) { return !__builtin_add_overflow(a, b, out); }
static inline bool wg__mul_size(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }
static inline bool wg__add_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_add_overflow(a, b, out); }
static inline bool wg__mul_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_mul_overflow(a, b, out); }

/* a rounded up to a multiple of `unit`, a power of two. */
static inline bool wg__round_up(size_t a, size_t unit, size_t *out)
{
    if (!wg__add_size(a, unit - 1, out))
        return false;
    *out &= ~(unit - 1);
    return true;
}

#endif
