/* The lines of the table. */
#ifndef TOOLS_BENCH_ROWS_H
#define TOOLS_BENCH_ROWS_H

#include "models.h"

typedef enum row_unit {
    UNIT_MICROSECONDS,
    UNIT_GFLOPS,   /* and the share of the limit */
    UNIT_RATE,     /* GFLOP/s where arithmetic is the work, else GB/s; and the share of the limit */
    UNIT_MEGABYTES /* a second */
} row_unit;

typedef struct row {
    const char *section;
    char name[96];
    char label[48]; /* a short name, for the picture */
    bench_case what;
    row_unit unit;
    bool counts_flops; /* arithmetic is the work */
    double flops;      /* of a run; 0: not known here */
    double bytes;      /* of operands and results */
} row;

typedef struct section {
    const char *name, *title;
    bool only_f32, on_request;
    bool (*make)(size_t index, wg_dtype, row *);
} section;

#define SECTION_NAMES "a, b, c, d, e, f, adam, depth, infer, chain, compile, matmul, operators, checkpoint, threads"
#define TRACED_NAMES "a, b, c, d, e, f, adam, depth, infer, chain, matmul, operators"
extern const section sections[];
extern const size_t n_sections;

/* Row `index` of the section; false: there are no more. */
bool section_row(const section *, size_t index, wg_dtype, row *);

#endif
