/* How much work an instruction is, for reports. */
#ifndef WG_PLAN_WORK_H
#define WG_PLAN_WORK_H

#include "plan/program.h"

/* Floating-point operations: of fused steps one an element; of an operator of several stages all in its costliest; of a scan
 * those of all iterations. */
double wg__instruction_flops(const wg__program *, int number);
/* The sizes of all buffers that it reads or writes, in bytes; of a scan in all iterations. */
double wg__instruction_bytes(const wg__program *, int number);

#endif
