/* Options of callers that may know fewer fields than this version. */
#include "base/options.h"

#include <string.h>

#include "base/error.h"

bool wg__options(void *own, size_t size, const void *given, const char *type)
{
    size_t known = size;
    if (given)
        memcpy(&known, given, sizeof known);
    memset(own, 0, size);
    if (known == 0 || known > size) {
        wg__fail(WG_ERR_ARG, "%s: size is %zu, not 1 .. %zu (use WG_OPTS)", type, known, size);
        return false;
    }
    if (given)
        memcpy(own, given, known);
    return true;
}
