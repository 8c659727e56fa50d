/* All that an operator's file includes. */
#ifndef WG_OPS_OP_H
#define WG_OPS_OP_H

#include <wengert/grad.h>
#include <wengert/op.h>
#include <wengert/ops.h>

#include "kernels/isa.h"
#include "kernels/vecmath.h"

#endif
