/* Wengert: computation graphs of tensors, and their derivatives.
 *
 * This header takes in all others. Read them in this order: base.h (status, allocator), tensor.h (types, shapes, views),
 * graph.h (nodes), ops.h (operators), scan.h (loops), grad.h (derivatives), store.h (values), exec.h (compile and run), nn.h
 * (layers), optim.h (updates), io.h (checkpoints and data), train.h (metrics, the loop of epochs), op.h (operators of your
 * own), verify.h (is the gradient right?).
 *
 * Conventions that hold everywhere, and are not repeated at each function:
 *   - NULL means failure. Functions that take nodes or objects accept NULL and hand it on: they fail with the status of what
 *     failed before, and leave its text. So a whole program can be written with one check at its end, and wg_error() then
 *     tells the first thing that went wrong. (WG_ERR_ARG where nothing had failed.) A graph that has failed stays failed.
 *   - Nothing aborts or prints. Every failure is a wg_status or a NULL, with a text.
 *   - Objects count their users: a plan keeps its graph alive, an exec its plan and store. Free in any order; free(NULL)
 *     does nothing.
 *   - Option structs begin with their `size`; WG_OPTS(type, .field = value) fills it in (C++: set it by hand). A zero field means
 *     the default; NULL, all defaults; a size of 0 was forgotten: WG_ERR_ARG.
 *   - Building a graph is for one thread at a time. Plans are immutable and may be shared. An exec belongs to one
 *     thread at a time.
 */
#ifndef WENGERT_H
#define WENGERT_H

#include <wengert/base.h>
#include <wengert/tensor.h>
#include <wengert/graph.h>
#include <wengert/ops.h>
#include <wengert/scan.h>
#include <wengert/grad.h>
#include <wengert/store.h>
#include <wengert/exec.h>
#include <wengert/nn.h>
#include <wengert/optim.h>
#include <wengert/io.h>
#include <wengert/train.h>
#include <wengert/op.h>
#include <wengert/verify.h>

#endif
