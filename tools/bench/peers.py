"""NumPy or PyTorch as a peer of `wengert bench --against`: one case at a time, timed when we are asked to.

Spoken on standard input and output, a line each way:
    case KIND MODEL OPTIMIZER M N K TRANSPOSE_A TRANSPOSE_B DTYPE NAME   ->  ready | skip WHY
    run TIMES                                                            ->  SECONDS
The first line that we say is who we are. KIND is train, infer, depth, chain, matmul, operator, compile, save or load.
"""
import os
import sys
import tempfile
import time

PEER, THREADS, CLOCK = sys.argv[1], int(sys.argv[2]), sys.argv[3]

DENSE = {"a": ([2, 4, 1], 32), "b": ([12288, 20, 7, 5, 1], 209), "c": ([784, 512, 256, 10], 128),
         "d": ([1024, 2048, 2048, 1024, 1], 256)}
RATE = 0.001


class Case:
    def __init__(self, words):
        self.kind, self.model, self.optimizer = words[0:3]
        self.m, self.n, self.k = (int(w) for w in words[3:6])
        self.transpose_a, self.transpose_b = (w == "T" for w in words[6:8])
        self.dtype, self.name = words[8:10]
        # Operands of an operator: "2048x4096" of floats, "8192:1024" of indices below 1024.
        self.operands = [w.split(":") for w in words[10:]]

    def layers(self):
        """Widths of a dense model, its input's first, and the batch."""
        if self.kind == "depth":
            return [256] * (self.m + 1) + [1], 64
        widths, batch = DENSE[self.model]
        return widths, self.m if self.kind == "infer" else batch


class Peer:
    path = None  # of a file that a case has made

    def scratch_file(self):
        descriptor, self.path = tempfile.mkstemp(suffix=".npz")
        os.close(descriptor)
        return self.path

    def forget(self):
        if self.path:
            os.unlink(self.path)
        self.path = None


# ---- NumPy --------------------------------------------------------------------------------------------------------------


class NumPy(Peer):
    """As a textbook has it: one example a column, dot products, each step of the chain rule a line."""

    def __init__(self):
        import numpy
        self.np = numpy
        self.what = "NumPy " + numpy.__version__

    def shape(self, text):
        return tuple(int(n) for n in text.split("x"))

    def operand(self, spec, dtype):
        shape = self.shape(spec[0])
        if len(spec) > 1:
            return self.np.random.randint(0, int(spec[1]), shape)
        return self.np.random.uniform(-1, 1, shape).astype(dtype)

    def make(self, case):
        np = self.np
        dtype = np.float32 if case.dtype == "f32" else np.float64
        if case.kind in ("train", "depth") and (case.model in DENSE or case.kind == "depth"):
            return self.training(case, dtype)
        if case.kind == "infer":
            return self.inference(case, dtype)
        if case.kind == "matmul":
            a = np.random.uniform(-1, 1, (case.k, case.m) if case.transpose_a else (case.m, case.k)).astype(dtype)
            b = np.random.uniform(-1, 1, (case.n, case.k) if case.transpose_b else (case.k, case.n)).astype(dtype)
            a, b = a.T if case.transpose_a else a, b.T if case.transpose_b else b
            return lambda: np.matmul(a, b)
        if case.kind == "operator":
            return self.operator(case, dtype)
        if case.kind in ("save", "load"):
            return self.file(case, dtype)
        return None

    def parameters(self, widths, dtype):
        np = self.np
        w = [(np.random.randn(n, m) * (2 / m) ** 0.5).astype(dtype) for m, n in zip(widths, widths[1:])]
        return w, [np.zeros((n, 1), dtype) for n in widths[1:]]

    def forward(self, w, b, x):
        """What each layer sees, and the last layer's sums."""
        np, seen = self.np, [x]
        for i, (wi, bi) in enumerate(zip(w, b)):
            z = np.dot(wi, seen[-1]) + bi
            seen.append(np.maximum(z, 0) if i + 1 < len(w) else z)
        return seen

    def training(self, case, dtype):
        np = self.np
        if case.optimizer != "sgd":
            return None
        widths, batch = case.layers()
        w, b = self.parameters(widths, dtype)
        x = np.random.uniform(-1, 1, (widths[0], batch)).astype(dtype)
        classes = widths[-1]
        labels = np.random.randint(0, max(classes, 2), batch)
        truth = np.eye(classes, dtype=dtype)[:, labels] if classes > 1 else labels.astype(dtype).reshape(1, batch)
        rate = dtype(RATE)

        def step():
            seen = self.forward(w, b, x)
            z = seen.pop()
            if classes > 1:
                e = np.exp(z - z.max(axis=0, keepdims=True))
                p = e / e.sum(axis=0, keepdims=True)
                cost = -np.log(p[labels, np.arange(batch)]).mean()
            else:
                p = 1 / (1 + np.exp(-z))
                cost = -(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean()
            d = (p - truth) / dtype(batch)
            for i in reversed(range(len(w))):
                below = np.dot(w[i].T, d) * (seen[i] > 0) if i else None
                w[i] -= rate * np.dot(d, seen[i].T)
                b[i] -= rate * d.sum(axis=1, keepdims=True)
                d = below
            return cost

        return step

    def inference(self, case, dtype):
        np = self.np
        widths, batch = case.layers()
        w, b = self.parameters(widths, dtype)
        x = np.random.uniform(-1, 1, (widths[0], batch)).astype(dtype)

        def forward():
            z = self.forward(w, b, x)[-1]
            if widths[-1] == 1:
                return 1 / (1 + np.exp(-z))
            e = np.exp(z - z.max(axis=0, keepdims=True))
            return e / e.sum(axis=0, keepdims=True)

        return forward

    def operator(self, case, dtype):
        np = self.np
        if len(case.operands) == 2 and case.name != "take" and len(case.operands[1]) > 1:
            return None
        x = [self.operand(o, dtype) for o in case.operands]
        of = {
            "add": lambda: x[0] + x[1], "add_row": lambda: x[0] + x[1], "mul": lambda: x[0] * x[1],
            "div": lambda: x[0] / x[1], "relu": lambda: np.maximum(x[0], 0), "exp": lambda: np.exp(x[0]),
            "sigmoid": lambda: 1 / (1 + np.exp(-x[0])), "tanh": lambda: np.tanh(x[0]), "sum": lambda: x[0].sum(),
            "sum_columns": lambda: x[0].sum(axis=0), "sum_rows": lambda: x[0].sum(axis=1),
            "argmax": lambda: x[0].argmax(axis=1), "cumsum": lambda: x[0].cumsum(axis=1),
            "transpose": lambda: np.ascontiguousarray(x[0].T), "take": lambda: x[0].take(x[1], axis=0),
            "sort": lambda: np.sort(x[0], axis=1), "matmul_batched": lambda: np.matmul(x[0], x[1]),
        }
        return of.get(case.name)

    def file(self, case, dtype):
        np = self.np
        count = case.m * 1000000 // 10 // np.dtype(dtype).itemsize
        values = {"w%d" % i: (np.random.randn(count) * 0.05).astype(dtype) for i in range(10)}
        path = self.scratch_file()
        np.savez_compressed(path, **values)
        if case.kind == "save":
            return lambda: np.savez_compressed(path, **values)

        def load():
            with np.load(path, allow_pickle=False) as f:
                return [f[name] for name in f.files]

        return load


# ---- PyTorch ------------------------------------------------------------------------------------------------------------


class PyTorch(Peer):
    """As its users write it: modules, a loss of torch.nn.functional, an optimiser of torch.optim."""

    def __init__(self):
        import torch
        torch.set_num_threads(THREADS)
        self.torch = torch
        self.what = "PyTorch " + torch.__version__

    def operand(self, spec, dtype):
        shape = [int(n) for n in spec[0].split("x")]
        if len(spec) > 1:
            return self.torch.randint(0, int(spec[1]), shape)
        return self.torch.empty(shape, dtype=dtype).uniform_(-1, 1)

    def make(self, case):
        torch = self.torch
        dtype = torch.float32 if case.dtype == "f32" else torch.float64
        torch.set_default_dtype(dtype)
        if case.kind in ("train", "depth"):
            return self.training(case, dtype)
        if case.kind == "infer":
            return self.inference(case, dtype)
        if case.kind == "chain":
            return self.chain(case)
        if case.kind == "matmul":
            a = torch.empty((case.k, case.m) if case.transpose_a else (case.m, case.k)).uniform_(-1, 1)
            b = torch.empty((case.n, case.k) if case.transpose_b else (case.k, case.n)).uniform_(-1, 1)
            a, b = a.t() if case.transpose_a else a, b.t() if case.transpose_b else b
            return lambda: torch.mm(a, b)
        if case.kind == "operator":
            return self.operator(case, dtype)
        return None

    def dense(self, widths):
        nn = self.torch.nn
        parts = []
        for m, n in zip(widths, widths[1:]):
            parts += [nn.Linear(m, n), nn.ReLU()]
        return nn.Sequential(*parts[:-1])

    def model(self, case):
        """The module, its input, its labels and its loss."""
        torch, nn, f = self.torch, self.torch.nn, self.torch.nn.functional
        if case.model == "e" and case.kind == "train":
            net = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
                                nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))
            return net, torch.rand(64, 1, 28, 28), torch.randint(0, 10, (64,)), f.cross_entropy
        if case.model == "f" and case.kind == "train":
            return self.block(), torch.randn(8, 128, 256), torch.randn(8, 128, 256), f.mse_loss
        widths, batch = case.layers()
        x = torch.rand(batch, widths[0])
        if widths[-1] > 1:
            return self.dense(widths), x, torch.randint(0, widths[-1], (batch,)), f.cross_entropy
        y = torch.randint(0, 2, (batch, 1)).to(x.dtype)
        return self.dense(widths), x, y, f.binary_cross_entropy_with_logits

    def block(self, width=256, heads=8):
        torch, nn, f = self.torch, self.torch.nn, self.torch.nn.functional

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
                self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
                self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

            def attention(self, x):
                batch, length = x.shape[:2]
                parts = self.qkv(x).view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
                q, k, v = parts[0], parts[1], parts[2]
                if hasattr(f, "scaled_dot_product_attention"):
                    mixed = f.scaled_dot_product_attention(q, k, v, is_causal=True)
                else:
                    later = torch.ones(length, length, dtype=torch.bool).triu(1)
                    scores = torch.matmul(q, k.transpose(2, 3)) / (width // heads) ** 0.5
                    mixed = torch.matmul(scores.masked_fill(later, -float("inf")).softmax(3), v)
                return self.out(mixed.transpose(1, 2).reshape(batch, length, width))

            def forward(self, x):
                x = x + self.attention(self.norm1(x))
                return x + self.down(f.gelu(self.up(self.norm2(x))))

        return Block()

    def training(self, case, dtype):
        torch = self.torch
        net, x, y, loss = self.model(case)
        net.to(dtype)
        kind = torch.optim.Adam if case.optimizer == "adam" else torch.optim.SGD
        optimizer = kind(net.parameters(), lr=RATE)

        def step():
            optimizer.zero_grad(set_to_none=True)
            loss(net(x), y).backward()
            optimizer.step()

        return step

    def inference(self, case, dtype):
        torch = self.torch
        net, x, _, loss = self.model(case)
        last = torch.nn.Softmax(1) if loss is torch.nn.functional.cross_entropy else torch.nn.Sigmoid()
        net = torch.nn.Sequential(net, last).to(dtype).eval()

        def forward():
            with torch.no_grad():
                return net(x)

        return forward

    def chain(self, case):
        torch = self.torch
        x, b = torch.rand(8), torch.full((8,), 0.01, requires_grad=True)

        def step():
            y = x
            for _ in range(case.m // 2):
                y = torch.relu(y + b)
            b.grad = None
            y.sum().backward()

        return step

    def operator(self, case, dtype):
        torch, f = self.torch, self.torch.nn.functional
        x = [self.operand(o, dtype) for o in case.operands]
        of = {
            "add": lambda: x[0] + x[1], "add_row": lambda: x[0] + x[1], "mul": lambda: x[0] * x[1],
            "div": lambda: x[0] / x[1], "relu": lambda: torch.relu(x[0]), "exp": lambda: torch.exp(x[0]),
            "sigmoid": lambda: torch.sigmoid(x[0]), "tanh": lambda: torch.tanh(x[0]), "gelu": lambda: f.gelu(x[0]),
            "dropout": lambda: f.dropout(x[0], 0.5, True), "sum": lambda: x[0].sum(), "sum_columns": lambda: x[0].sum(0),
            "sum_rows": lambda: x[0].sum(1), "argmax": lambda: x[0].argmax(1), "softmax": lambda: x[0].softmax(1),
            "layer_norm": lambda: f.layer_norm(x[0], x[0].shape[1:]), "cumsum": lambda: x[0].cumsum(1),
            "transpose": lambda: x[0].t().contiguous(), "take": lambda: x[0].index_select(0, x[1]),
            "sort": lambda: x[0].sort(1), "cross_entropy": lambda: f.cross_entropy(x[0], x[1]),
            "matmul_batched": lambda: torch.bmm(x[0], x[1]), "conv2d": lambda: f.conv2d(x[0], x[1]),
            "max_pool2d": lambda: f.max_pool2d(x[0], 2), "attention": lambda: self.attend(*x),
        }
        do = of.get(case.name)

        def timed():
            with torch.no_grad():
                return do()

        return timed if do else None

    def attend(self, q, k, v):
        torch, f = self.torch, self.torch.nn.functional
        if hasattr(f, "scaled_dot_product_attention"):
            return f.scaled_dot_product_attention(q, k, v, is_causal=True)
        later = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).triu(1)
        scores = torch.matmul(q, k.transpose(-2, -1)) / q.shape[-1] ** 0.5
        return torch.matmul(scores.masked_fill(later, -float("inf")).softmax(-1), v)


# ---- answering ----------------------------------------------------------------------------------------------------------


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def timed(run, times):
    clock = time.process_time if CLOCK == "processor" else time.perf_counter
    begun = clock()
    for _ in range(times):
        run()
    return clock() - begun


def main():
    try:
        peer = {"numpy": NumPy, "pytorch": PyTorch}[PEER]()
    except ImportError as error:
        say("missing " + str(error))
        return
    say(peer.what)
    run = None
    for line in sys.stdin:
        words = line.split()
        try:
            if words[0] == "case":
                peer.forget()
                run = peer.make(Case(words[1:]))
                say("ready" if run else "skip")
            else:
                say("%.9g" % timed(run, int(words[1])))
        except Exception as error:  # told to the user; the next case may do better
            say("failed " + " ".join(str(error).split()))
    peer.forget()


main()
