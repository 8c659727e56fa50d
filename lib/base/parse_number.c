/* Numbers from text, whatever the locale. */
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { DIGITS = 19, EXPONENT_MAX = 99999, LONGEST = 400 };

/* A decimal number taken apart: digits * 10^exponent. */
typedef struct decimal {
    uint64_t digits; /* the first 19 significant ones */
    int exponent;
    bool negative, exact; /* exact: no further digits were left out */
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Digits from *at on; those behind the point lower the exponent. How many there are. */
static size_t read_digits(const char **at, const char *end, decimal *d, bool behind_point)
{
    const char *begin = *at;

    for (; *at < end && is_digit(**at); (*at)++) {
        if (d->digits < UINT64_C(1000000000000000000)) { /* room for one more of 19 */
            d->digits = 10 * d->digits + (uint64_t)(**at - '0');
            d->exponent -= behind_point;
        } else {
            d->exact = d->exact && **at == '0';
            d->exponent += !behind_point;
        }
    }
    return (size_t)(*at - begin);
}

/* "e-12" */
static bool read_exponent(const char **at, const char *end, decimal *d)
{
    const char *digits;
    bool negative = false;
    int value = 0;

    (*at)++;
    if (*at < end && (**at == '+' || **at == '-'))
        negative = *(*at)++ == '-';
    for (digits = *at; *at < end && is_digit(**at); (*at)++)
        if (value < EXPONENT_MAX)
            value = 10 * value + (**at - '0');
    d->exponent += negative ? -value : value;
    return *at > digits;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or behind the point. */
static bool read_decimal(const char *text, size_t n, decimal *d)
{
    const char *at = text, *end = text + n;
    size_t count;

    *d = (decimal){ .exact = true };
    if (at < end && (*at == '+' || *at == '-'))
        d->negative = *at++ == '-';
    count = read_digits(&at, end, d, false);
    if (at < end && *at == '.') {
        at++;
        count += read_digits(&at, end, d, true);
    }
    if (count && at < end && (*at == 'e' || *at == 'E') && !read_exponent(&at, end, d))
        return false;
    return count && at == end;
}

/* strtod wants the locale's point and an end. */
static bool by_strtod(const char *text, size_t n, double *value)
{
    char copy[LONGEST + 16], *end;
    const char *mark = localeconv()->decimal_point, *point = memchr(text, '.', n);
    size_t before = point ? (size_t)(point - text) : n, m = point ? strlen(mark) : 0,
           behind = point ? n - before - 1 : 0;

    if (n > LONGEST || m > 15) /* more digits than any double needs to be told from its neighbours are beyond us */
        return false;
    memcpy(copy, text, before);
    memcpy(copy + before, mark, m);
    memcpy(copy + before + m, text + n - behind, behind);
    copy[before + m + behind] = '\0';
    *value = strtod(copy, &end);
    return end == copy + before + m + behind;
}

bool wg__parse_number(const char *text, size_t n, double *value)
{
    static const double ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    decimal d;

    if (!read_decimal(text, n, &d))
        return false;
    /* Two exact doubles, and one rounding: W. D. Clinger, "How to read floating point numbers accurately", 1990. */
    if (d.exact && d.digits <= UINT64_C(1) << 53 && d.exponent >= -22 && d.exponent <= 22) {
        double digits = d.negative ? -(double)d.digits : (double)d.digits;
        *value = d.exponent < 0 ? digits / ten[-d.exponent] : digits * ten[d.exponent];
        return true;
    }
    return by_strtod(text, n, value) && isfinite(*value);
}
