"""Trains a small model in float64 with `wengert train` and with torch.optim, from the same start, and compares the costs
step by step. The entry that the checkpoint keeps of the optimiser is looked at, too.

    torch_optim.py WENGERT [CASE..]
"""
import json
import os
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import torch

STEPS = 40
SIZES = [3, 5, 1]


def sgd(**options):
    return lambda params, lr: torch.optim.SGD(params, lr, **options)


def scheduled(**kinds):
    """A schedule of torch's for the optimiser: name of the class and its arguments."""
    (name, arguments), = kinds.items()
    return lambda optimiser: getattr(torch.optim.lr_scheduler, name)(optimiser, **arguments)


def warmed_up(optimiser):
    """Ten steps up, then half a wave down to 0.001 at step 40."""
    def factor(step):
        if step < 10:
            return (step + 1) / 10
        part = (step - 10) / 30
        return (0.001 + (0.05 - 0.001) / 2 * (1 + np.cos(np.pi * part))) / 0.05
    return torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


o = torch.optim
# name: options of the command, the rate, the optimiser, and of torch's run: schedule, limits
CASES = {
    "sgd": ("--optimizer sgd", 0.1, sgd(), {}),
    "sgd l2": ("--optimizer sgd --l2 0.3", 0.1, sgd(weight_decay=0.3), {}),
    "momentum": ("--optimizer momentum", 0.05, sgd(momentum=0.9), {}),
    "momentum decay": ("--optimizer momentum --momentum 0.7 --l2 0.1", 0.05, sgd(momentum=0.7, weight_decay=0.1), {}),
    "nesterov": ("--optimizer nesterov", 0.05, sgd(momentum=0.9, nesterov=True), {}),
    "adam": ("--optimizer adam", 0.05, o.Adam, {}),
    "adam options": ("--optimizer adam --beta1 0.8 --beta2 0.95 --eps 1e-4 --l2 0.2", 0.05,
                     lambda p, lr: o.Adam(p, lr, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.2), {}),
    "amsgrad": ("--optimizer adam --amsgrad --beta2 0.6", 0.05,
                lambda p, lr: o.Adam(p, lr, betas=(0.9, 0.6), amsgrad=True), {}),
    "adamw": ("--optimizer adamw", 0.05, o.AdamW, {}),
    "adamw decay": ("--optimizer adamw --weight-decay 0.5", 0.05, lambda p, lr: o.AdamW(p, lr, weight_decay=0.5), {}),
    "rmsprop": ("--optimizer rmsprop", 0.02, o.RMSprop, {}),
    "rmsprop options": ("--optimizer rmsprop --alpha 0.9 --eps 1e-3 --momentum 0.6 --centered --l2 0.1", 0.02,
                        lambda p, lr: o.RMSprop(p, lr, 0.9, 1e-3, 0.1, 0.6, True), {}),
    "adagrad": ("--optimizer adagrad", 0.1, o.Adagrad, {}),
    "adadelta": ("--optimizer adadelta", 1.0, o.Adadelta, {}),
    "adadelta options": ("--optimizer adadelta --rho 0.8 --eps 1e-4 --l2 0.1", 2.0,
                         lambda p, lr: o.Adadelta(p, lr, 0.8, 1e-4, 0.1), {}),
    "clip norm": ("--optimizer adam --clip-norm 0.05 --eps 0.1", 0.05, lambda p, lr: o.Adam(p, lr, eps=0.1),
                  {"norm": 0.05}),
    "clip value": ("--optimizer sgd --clip-value 0.02", 1.0, sgd(), {"value": 0.02}),
    "step": ("--optimizer adam --schedule step:7:0.5", 0.05, o.Adam,
             {"schedule": scheduled(StepLR=dict(step_size=7, gamma=0.5))}),
    "cosine": ("--optimizer adam --schedule cosine:0.001:60", 0.05, o.Adam,
               {"schedule": scheduled(CosineAnnealingLR=dict(T_max=60, eta_min=0.001))}),
    "linear": ("--optimizer adam --schedule linear:0.01:20", 0.05, o.Adam,
               {"schedule": scheduled(LinearLR=dict(start_factor=1.0, end_factor=0.2, total_iters=20))}),
    "one cycle": ("--optimizer adam --schedule one_cycle", 0.05, o.Adam,
                  {"schedule": scheduled(OneCycleLR=dict(max_lr=0.05, total_steps=STEPS, cycle_momentum=False))}),
    "one cycle early": ("--optimizer adamw --schedule one_cycle:0.17:55", 0.05, o.AdamW, {"schedule": scheduled(
        OneCycleLR=dict(max_lr=0.05, total_steps=55, pct_start=0.17, cycle_momentum=False))}),
    "warm-up": ("--optimizer adam --schedule cosine:0.001 --warmup 10", 0.05, o.Adam, {"schedule": warmed_up}),
}


def start(seed):
    """The parameters as --init numpy:SEED draws them."""
    np.random.seed(seed)
    params = []
    for before, size in zip(SIZES, SIZES[1:]):
        params.append(torch.tensor(np.random.randn(size, before) / np.sqrt(before)))
        params.append(torch.zeros(size, 1, dtype=torch.float64))
    return [p.requires_grad_() for p in params]


def costs_by_torch(x, y, lr, make, further):
    params = start(3)
    optimiser = make(params, lr)
    schedule = further["schedule"](optimiser) if "schedule" in further else None
    costs = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        hidden = torch.tanh(params[0] @ x.T + params[1])
        cost = torch.nn.functional.mse_loss(params[2] @ hidden + params[3], y.T)
        costs.append(cost.item())
        cost.backward()
        if "norm" in further:
            torch.nn.utils.clip_grad_norm_(params, further["norm"])
        if "value" in further:
            torch.nn.utils.clip_grad_value_(params, further["value"])
        optimiser.step()
        if schedule:
            schedule.step()
    return np.array(costs)


def costs_by_wengert(command, options, lr):
    subprocess.run([command, "train", "--layers", "3,5,1", "--x", "x.npy", "--y", "y.npy", "--hidden", "tanh", "--loss",
                    "mse", "--init", "numpy:3", "--dtype", "f64", "--steps", str(STEPS), "--log", "log.tsv", "--log-every",
                    "1", "--quiet", "--save", "m.npz", "--lr", str(lr)] + options, check=True, stdout=subprocess.DEVNULL)
    return np.loadtxt("log.tsv", skiprows=1)[:, 1]


def entry_is_right(options, lr):
    """The entry tells what the command line said."""
    entry = json.loads(zipfile.ZipFile("m.npz").read("graph.json"))["entries"]["train"]["optimizer"]
    expected = {"lr": lr}
    words = iter(options)
    for word in words:
        name = word[2:].replace("-", "_")
        if name in ("amsgrad", "centered"):
            expected[name] = True
        else:
            value = next(words)
            expected["name" if name == "optimizer" else name] = (
                value if name in ("optimizer", "schedule") else float(value))
    return entry == expected


def main():
    command, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    torch.manual_seed(0)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        x = np.random.RandomState(1).randn(30, SIZES[0])
        y = np.sin(x @ [[1.0], [-2.0], [0.5]]) + 0.3
        np.save("x.npy", x)
        np.save("y.npy", y)
        for name, (options, lr, make, further) in CASES.items():
            if wanted and name not in wanted:
                continue
            ours = costs_by_wengert(command, options.split(), lr)
            theirs = costs_by_torch(torch.tensor(x), torch.tensor(y), lr, make, further)
            # torch's clipping adds 1e-6 to the norm
            error, limit = np.max(np.abs(ours - theirs) / theirs), 1e-4 if "norm" in further else 1e-9
            moved = abs(theirs[-1] - theirs[0]) / theirs[0]
            good = error < limit and moved > 0.01 and entry_is_right(options.split(), lr)
            failed += not good
            print(f"{'ok  ' if good else 'FAIL'} {name:18} differs by {error:.1e} after {STEPS} steps, cost "
                  f"{theirs[0]:.4f} to {theirs[-1]:.4f}")
    sys.exit(failed != 0)


main()
