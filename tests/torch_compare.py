"""Compares operators with PyTorch: values, gradients and second derivatives of random tensors, and conventions at
chosen points.

usage: torch_compare.py COMMAND FOLDER [OPERATOR..]

COMMAND is the program `wengert`. The files FOLDER/*.json are lists of cases:

    {"op": "elu", "attrs": {"alpha": 2}, "in": [{"shape": [3, 4], "lo": -3, "hi": 3}], "torch": "F.elu(a, 2)"}

"torch" is an expression of the operands a, b, c, .. f. An operand may have "dtype" (f64; of i64, i32 the ends of the range
are drawn too; bool) or, instead of a range, "values" (a list, which may hold "nan", "inf" and "-inf"). "order" is that
of the derivatives compared: 0, 1, or 2, which is the default. "rounding" multiplies the tolerance, which is 1e-12 of
the largest element in f64, and 4e-6 in f32 ("f32": false leaves that out). Of an operation with several results, "torch"
gives a tuple. TORCH_SEEDS=N draws each case N times. Exit status: 0, 1 where something differs, 77 without PyTorch or NumPy."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

TYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "bool": np.bool_, "u8": np.uint8}
NAMES = "abcdef"
SEEDS = int(os.environ.get("TORCH_SEEDS", "1"))  # drawings of each case


def is_float(x):
    return x.dtype in (np.float32, np.float64)


def draw(operand, rng, kind):
    if "values" in operand:
        values = np.array([float(v) for v in np.ravel(np.array(operand["values"], dtype=object))])
        return values.reshape(np.shape(operand["values"])).astype(TYPES[operand.get("dtype", kind)])
    shape, dtype = operand.get("shape", []), operand.get("dtype", kind)
    lo, hi = operand.get("lo", -2), operand.get("hi", 2)
    if dtype in ("f32", "f64"):
        return np.asarray(rng.uniform(lo, hi, shape)).astype(TYPES[dtype])
    return np.asarray(rng.integers(int(lo), int(hi) + 1, shape)).astype(TYPES[dtype])


def expected(case, inputs, rng, order):
    """A list of (name, tensor), and the weights of the results that derivatives are taken of."""
    x = [torch.tensor(v).double().requires_grad_(order > 0) if is_float(v) else torch.tensor(v) for v in inputs]
    y = eval(case["torch"], {"torch": torch, "F": F, "math": __import__("math")}, dict(zip(NAMES, x)))
    results = list(y) if isinstance(y, (tuple, list)) else [y]
    out = [("y" if i == 0 else "y.%d" % i, r.detach().numpy()) for i, r in enumerate(results)]
    weight = rng.uniform(-1, 1, tuple(results[0].shape)).astype(inputs[0].dtype if is_float(inputs[0]) else np.float64)
    along = [rng.uniform(-1, 1, v.shape).astype(v.dtype) for v in inputs if is_float(v)]
    if order == 0:
        return out, weight, along
    moved = [v for v in x if v.requires_grad]
    s = (results[0] * torch.tensor(weight).double()).sum()

    def zeros_for_none(grads):
        return [torch.zeros_like(v) if d is None else d for d, v in zip(grads, moved)]

    first = zeros_for_none(torch.autograd.grad(s, moved, create_graph=order > 1, allow_unused=True))
    names = [n for n, v in zip(NAMES, inputs) if is_float(v)]
    out += [("grad:s:" + n, d.detach().numpy()) for n, d in zip(names, first)]
    if order > 1:
        dot = sum((d * torch.tensor(u).double()).sum() for d, u in zip(first, along))
        second = zeros_for_none(torch.autograd.grad(dot, moved, allow_unused=True) if dot.requires_grad
                                else [None] * len(moved))
        out += [("hvp:s:" + n, d.numpy()) for n, d in zip(names, second)]
    return out, weight, along


def graph_of(case, inputs, weight, order):
    def leaf(name, value):
        kind = next(k for k, t in TYPES.items() if t == value.dtype)
        return {"name": name, "op": "input", "dtype": kind, "shape": list(value.shape)}

    nodes = [leaf(n, v) for n, v in zip(NAMES, inputs)]
    nodes.append({"name": "y", "op": case["op"], "inputs": list(NAMES[:len(inputs)]), "attrs": case.get("attrs", {})})
    if order:
        nodes += [leaf("weight", weight), {"name": "weighed", "op": "mul", "inputs": ["y", "weight"]},
                  {"name": "s", "op": "sum", "inputs": ["weighed"]}]
    return {"format": "wengert-graph", "version": 1, "nodes": nodes}


def run(command, folder, case, inputs, weight, along, names, order):
    graph = graph_of(case, inputs, weight, order)
    graph["outputs"] = [n for n in names if n[0] == "y"] + (["s"] if order else [])
    feeds = dict(zip(NAMES, inputs), **({"weight": weight} if order else {}))
    moved = [n for n, v in zip(NAMES, inputs) if is_float(v)]
    options = []
    if order:
        options += ["--grad", "s:" + ",".join(moved)]
    if order > 1:
        feeds.update(("d" + n, u) for n, u in zip(moved, along))
        options += ["--hvp", "s:" + ",".join("%s=d%s" % (n, n) for n in moved)]
    at = {k: os.path.join(folder, k) for k in ("graph.json", "in.npz", "out.npz")}
    with open(at["graph.json"], "w") as f:
        json.dump(graph, f)
    np.savez(at["in.npz"], **feeds)
    done = subprocess.run([command, "eval", at["graph.json"], "--feeds", at["in.npz"], "--out", at["out.npz"], "--quiet"]
                          + options, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    with np.load(at["out.npz"]) as f:
        return {n: f[n] for n in f.files}


def difference(got, want, tolerance):
    if got.shape != want.shape:
        return "shape %s, not %s" % (got.shape, want.shape)
    got, want = got.astype(np.float64), want.astype(np.float64)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    finite = np.isfinite(want) & np.isfinite(got)
    largest = np.max(np.abs(want[finite]), initial=0)
    with np.errstate(invalid="ignore"):
        wrong = ~same & ~(finite & (np.abs(got - want) <= tolerance * max(largest, 1e-3)))
    if not wrong.any():
        return None
    at = np.unravel_index(np.argmax(np.where(wrong, np.nan_to_num(np.abs(got - want), nan=np.inf), -1)), got.shape)
    return "%.17g at %s, not %.17g (largest %.3g)" % (got[at], list(map(int, at)), want[at], largest)


def compare(command, folder, case, seed, kind):
    """How many tensors were compared; a list of differences."""
    rng = np.random.default_rng(seed)
    order = min(case.get("order", 2), 2 if kind == "f64" else 1)
    inputs = [draw(operand, rng, kind) for operand in case["in"]]
    want, weight, along = expected(case, inputs, rng, order)
    got = run(command, folder, case, inputs, weight, along, [n for n, _ in want], order)
    tolerance = (1e-12 if kind == "f64" else 4e-6) * case.get("rounding", 1)
    told = ((n, difference(got[n], v, tolerance)) for n, v in want)
    return len(want), ["%s: %s" % t for t in told if t[1]]


def main():
    warnings.simplefilter("ignore")
    command, cases = sys.argv[1], sys.argv[2]
    wanted, compared, failed, seen = set(sys.argv[3:]), 0, 0, set()
    files = sorted(f for f in os.listdir(cases) if f.endswith(".json"))
    with tempfile.TemporaryDirectory() as folder:
        for name in files:
            with open(os.path.join(cases, name)) as f:
                table = json.load(f)
            for case, kind in itertools.product(table, ("f64", "f32")):
                if (wanted and case["op"] not in wanted) or (kind == "f32" and not case.get("f32", True)):
                    continue
                seen.add(case["op"])
                for seed in range(1 if kind == "f32" or any("values" in o for o in case["in"]) else SEEDS):
                    try:
                        n, wrong = compare(command, folder, case, seed, kind)
                    except (RuntimeError, TypeError) as e:
                        n, wrong = 0, [str(e)]
                    compared += n
                    failed += len(wrong)
                    for text in wrong:
                        print("%s %s %s seed %d: %s" % (case["op"], kind, json.dumps(case.get("attrs", {})), seed, text))
    print("%d operators, %d tensors compared with PyTorch %s, %d differ" % (len(seen), compared, torch.__version__, failed))
    return 1 if failed or not compared else 0


sys.exit(main())
