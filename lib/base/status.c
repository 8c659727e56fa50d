/* The names of status codes, and the library's version. */
#include <wengert/base.h>

const char *wg_status_text(wg_status status)
{
    switch (status) {
    case WG_OK:
        return "success";
    case WG_ERR_NOMEM:
        return "out of memory";
    case WG_ERR_GRAPH:
        return "broken graph";
    case WG_ERR_SHAPE:
        return "wrong shape";
    case WG_ERR_DTYPE:
        return "wrong element type";
    case WG_ERR_UNFED:
        return "unfed input";
    case WG_ERR_IO:
        return "input/output error";
    case WG_ERR_FORMAT:
        return "malformed file";
    case WG_ERR_MISMATCH:
        return "file does not fit the model";
    case WG_ERR_RANGE:
        return "value out of range";
    case WG_ERR_NUMERIC:
        return "infinity or NaN";
    case WG_ERR_VERIFY:
        return "wrong gradient";
    case WG_ERR_BUSY:
        return "busy store";
    case WG_ERR_ARG:
        return "wrong argument";
    case WG_ERR_ASSIGN:
        return "variable assigned twice";
    case WG_END:
        return "end";
    }
    return "unknown status";
}

const char *wg_version(void) { return WG_VERSION; }
