/* Status codes, messages, and the types that every other header names. */
#ifndef WENGERT_BASE_H
#define WENGERT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined __GNUC__
#define WG_API __attribute__((visibility("default")))
#define WG_MUST __attribute__((warn_unused_result))
#define WG_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define WG_API
#define WG_MUST
#define WG_PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define WG_VERSION "0.1.0"

typedef enum wg_status {
    WG_OK,
    WG_ERR_NOMEM,    /* memory ran out, or a declared limit was reached; nothing was changed */
    WG_ERR_GRAPH,    /* the graph (or a node handed in) holds an earlier error, or is not of this graph */
    WG_ERR_SHAPE,    /* shapes do not fit each other, or the operator */
    WG_ERR_DTYPE,    /* element types do not fit */
    WG_ERR_UNFED,    /* a run needs an input that was never fed */
    WG_ERR_IO,       /* the operating system refused: open, read, write, rename, disk full */
    WG_ERR_FORMAT,   /* a file is not what it should be */
    WG_ERR_MISMATCH, /* a file is whole but does not fit this model */
    WG_ERR_RANGE,    /* a value lies outside its domain: a label, an index, a size that overflows */
    WG_ERR_NUMERIC,  /* check_finite met an infinity or a NaN */
    WG_ERR_VERIFY,   /* a gradient is wrong */
    WG_ERR_BUSY,     /* another run holds the store */
    WG_ERR_ARG,      /* an argument is wrong: NULL, an unknown name, a wrong attribute */
    WG_ERR_ASSIGN,   /* two assignments to one variable */
    WG_END           /* no failure: there is no more */
} wg_status;

typedef enum wg_level { WG_DEBUG, WG_INFO, WG_WARN, WG_ERROR } wg_level;

typedef struct wg_graph wg_graph;
typedef struct wg_node wg_node;
typedef struct wg_scan wg_scan;
typedef struct wg_plan wg_plan;
typedef struct wg_exec wg_exec;
typedef struct wg_store wg_store;
typedef struct wg_registry wg_registry;
typedef struct wg_op wg_op;

/* The calling thread's last failure as one full line, "" when there was none; never NULL. Valid until the thread's next
 * failure. A success does not clear it. */
WG_API const char *wg_error(void);

/* The status that belongs to wg_error(); WG_OK when there was none. */
WG_API wg_status wg_error_status(void);

/* A short name for a status: "out of memory", "wrong shape", .. never NULL. */
WG_API const char *wg_status_text(wg_status);

/* The library's version, which may differ from the header's WG_VERSION. */
WG_API const char *wg_version(void);

/* The instruction set whose kernels this process uses: "base", "avx2", "avx512". The environment's WENGERT_ISA forces
 * a lower one than the processor offers. */
WG_API const char *wg_isa(void);

#ifdef __cplusplus
}
#endif
#endif
