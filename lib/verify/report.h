/* Reports while they are written. */
#ifndef WG_VERIFY_REPORT_H
#define WG_VERIFY_REPORT_H

#include "base/alloc.h"
#include <wengert/verify.h>

struct wg_report {
    wg__arena arena; /* texts */
    wg_check *checks;
    size_t n, capacity, passed, failed, inconclusive;
    double difference;
    double begun, last; /* on a clock that only runs forward: when the report was opened, and its last check added */
    char *text, *line;
    wg_status broken; /* memory ran out on the way */
};

/* Empty, with a difference of NaN; NULL: WG_ERR_NOMEM. */
wg_report *wg__report_new(void);
/* The caller's options; NULL: the defaults. */
wg_status wg__verify_opts_read(wg_verify_opts *, const wg_verify_opts *given);

/* Adds a check; `op`, `node` and `kind` are copied. The text is kept where the check did not pass. */
void wg__report_add(wg_report *, wg_check, const char *format, ...) WG_PRINTF(3, 4);
/* Closes the report on `subject` and hands it out (or frees it, when `out` is NULL). `st` is what stopped the
 * verification, if anything; otherwise WG_ERR_VERIFY when a check failed, with the first failure as the thread's. */
wg_status wg__report_end(wg_report *, const char *subject, wg_status st, wg_report **out);

#endif
