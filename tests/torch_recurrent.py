"""Recurrent layers against torch.nn.RNN, LSTM and GRU, in float64: results, gradients of all operands, and products with the
Hessian; with and without masks, at once and in stretches.

    torch_recurrent.py WENGERT RECURRENT_GRAPH
"""
import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

LAYERS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
N, C, H = 3, 4, 5


def draw(rng, kind, steps, masked):
    """The feeds, by name."""
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[kind]
    shapes = {"x": (N, steps, C), "h0": (N, H), "l/w_x": (C, gates * H), "l/w_h": (H, gates * H), "l/b": (gates * H,),
              "wy": (N, steps, H), "wh": (N, H)}
    if kind == "lstm":
        shapes.update({"c0": (N, H), "wc": (N, H)})
    if kind == "gru":
        shapes["l/b_hn"] = (H,)
    feeds = {name: rng.uniform(-1, 1, shape) for name, shape in shapes.items()}
    if masked:
        feeds["lengths"] = np.sort(rng.integers(1, steps + 1, N))[::-1].copy()
        feeds["mask"] = (np.arange(steps) < feeds["lengths"][:, None]).astype(float)
    return feeds


def layer_of(kind, v):
    """torch's layer with the values v of ours: transposed, and all biases but the GRU's b_hn on the input's side."""
    layer = LAYERS[kind](C, H, batch_first=True).double()
    recurrent_bias = torch.zeros_like(v["l/b"])
    if kind == "gru":
        recurrent_bias = torch.cat([recurrent_bias[:2 * H], v["l/b_hn"]])
    values = {"weight_ih_l0": v["l/w_x"].T, "weight_hh_l0": v["l/w_h"].T, "bias_ih_l0": v["l/b"], "bias_hh_l0": recurrent_bias}
    for name, value in values.items():
        delattr(layer, name)
        setattr(layer, name, value.contiguous())
    layer._flat_weights = [getattr(layer, name) for name in layer._flat_weights_names]
    return layer


def expected(kind, feeds, moved, along):
    v = {name: torch.tensor(value).requires_grad_(name in moved) for name, value in feeds.items() if name != "lengths"}
    state = v["h0"][None]
    x = v["x"]
    if kind == "lstm":
        state = (state, v["c0"][None])
    if "lengths" in feeds:
        x = pack_padded_sequence(x, torch.tensor(feeds["lengths"]), batch_first=True)
    y, last = layer_of(kind, v)(x, state)
    if "lengths" in feeds:
        y, _ = pad_packed_sequence(y, batch_first=True, total_length=feeds["x"].shape[1])
    h, c = (last if kind == "lstm" else (last, None))
    out = {"y": y, "h": h[0]}
    s = (y * v["wy"]).sum() + (h[0] * v["wh"]).sum()
    if c is not None:
        out["c"] = c[0]
        s = s + (c[0] * v["wc"]).sum()
    first = torch.autograd.grad(s, [v[n] for n in moved], create_graph=True)
    dot = sum((d * torch.tensor(along[n])).sum() for n, d in zip(moved, first))
    second = torch.autograd.grad(dot, [v[n] for n in moved])
    out.update({"grad:s:" + n: d for n, d in zip(moved, first)})
    out.update({"hvp:s:" + n: d for n, d in zip(moved, second)})
    return {name: value.detach().numpy() for name, value in out.items()}


def computed(wengert, graph, folder, feeds, moved, along):
    at = {k: os.path.join(folder, k) for k in ("graph.json", "in.npz", "out.npz")}
    with open(at["graph.json"], "w") as f:
        f.write(graph)
    given = {n: value for n, value in feeds.items() if n != "lengths"}
    given.update({"along/" + n: u for n, u in along.items()})
    np.savez(at["in.npz"], **given)
    done = subprocess.run([wengert, "eval", at["graph.json"], "--feeds", at["in.npz"], "--out", at["out.npz"], "--quiet",
                           "--grad", "s:" + ",".join(moved),
                           "--hvp", "s:" + ",".join("%s=along/%s" % (n, n) for n in moved)],
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    with np.load(at["out.npz"]) as f:
        return {n: f[n] for n in f.files}


def main():
    wengert, printer = sys.argv[1:3]
    compared, differ, rng = 0, 0, np.random.default_rng(3)
    for kind, steps, stretch, masked in itertools.product(LAYERS, (1, 7), (0, 3), (False, True)):
        graph = subprocess.run([printer, kind, str(C), str(H), str(stretch), "masked" if masked else "free"],
                               capture_output=True, text=True, check=True).stdout
        feeds = draw(rng, kind, steps, masked)
        moved = [n for n in feeds if n[0] != "w" and n not in ("mask", "lengths")]
        along = {n: rng.uniform(-1, 1, feeds[n].shape) for n in moved}
        with tempfile.TemporaryDirectory() as folder:
            got = computed(wengert, graph, folder, feeds, moved, along)
        for name, want in expected(kind, feeds, moved, along).items():
            compared += 1
            error = np.max(np.abs(got[name] - want)) / max(1, np.max(np.abs(want)))
            if not error <= 1e-12:
                differ += 1
                print("%s, %d steps, stretch %d, masked %s: %s differs by %.3g" % (kind, steps, stretch, masked, name, error))
    print("%d tensors of recurrent layers compared with PyTorch %s, %d differ" % (compared, torch.__version__, differ))
    return 1 if differ or not compared else 0


sys.exit(main())
