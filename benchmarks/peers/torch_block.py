"""The PyTorch side of torch_block.sh, and its table.

  torch_block.py measure ROUNDS     one JSON line a measurement, as peer_block prints them
  torch_block.py check DIR          compares with what `peer_block --export DIR` wrote
  torch_block.py table FILE [FACTS] the Markdown table of the JSON lines in FILE
"""

import json
import os
import statistics
import sys
import time

SEQUENCES, TOKENS, WIDTH, HEADS, HIDDEN = 8, 197, 768, 12, 3072
ROWS = SEQUENCES * TOKENS
FORWARD_FLOP = 2 * ROWS * (3 * WIDTH * WIDTH + WIDTH * WIDTH + 2 * WIDTH * HIDDEN) + 4 * ROWS * TOKENS * WIDTH


def modules():
    """The same block twice: written by hand, and PyTorch's own layer."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class ByHand(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.fc1, self.fc2 = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

        def forward(self, x):
            b, t, _ = x.shape
            qkv = self.qkv(self.norm1(x)).view(b, t, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
            o = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2])
            x = x + self.proj(o.transpose(1, 2).reshape(b, t, WIDTH))
            return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))

    own = nn.TransformerEncoderLayer(
        WIDTH, HEADS, HIDDEN, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
    return {"by_hand": ByHand(), "encoder_layer": own}


# Our names of the parameters, and the two modules'.
NAMES = {
    "norm1.weight": ("norm1.weight", "norm1.weight"),
    "norm1.bias": ("norm1.bias", "norm1.bias"),
    "attn.qkv.weight": ("qkv.weight", "self_attn.in_proj_weight"),
    "attn.qkv.bias": ("qkv.bias", "self_attn.in_proj_bias"),
    "attn.proj.weight": ("proj.weight", "self_attn.out_proj.weight"),
    "attn.proj.bias": ("proj.bias", "self_attn.out_proj.bias"),
    "norm2.weight": ("norm2.weight", "norm2.weight"),
    "norm2.bias": ("norm2.bias", "norm2.bias"),
    "mlp.fc1.weight": ("fc1.weight", "linear1.weight"),
    "mlp.fc1.bias": ("fc1.bias", "linear1.bias"),
    "mlp.fc2.weight": ("fc2.weight", "linear2.weight"),
    "mlp.fc2.bias": ("fc2.bias", "linear2.bias"),
}


def parts(module, x, dy, bf16):
    """What is timed of one module."""
    import torch

    def call():
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return module(x)

    def infer():
        with torch.inference_mode():
            call()

    def training():
        module.zero_grad(set_to_none=True)
        x.grad = None
        call().backward(dy)

    return {"infer": (infer, True, 1), "forward": (call, False, 1), "training": (training, False, 3)}


def measure(rounds):
    import torch

    torch.set_num_threads(int(os.environ.get("HASHWEAVE_THREADS", os.cpu_count())))
    torch.manual_seed(2022)
    x = torch.randn(SEQUENCES, TOKENS, WIDTH, requires_grad=True)
    dy = torch.randn(SEQUENCES, TOKENS, WIDTH)
    todo = {name: (module, False) for name, module in modules().items()}
    todo["by_hand_bf16"] = (todo["by_hand"][0], True)
    if os.environ.get("HASHWEAVE_TORCH_COMPILE", "1") != "0":
        todo["compiled"] = (torch.compile(todo["by_hand"][0]), False)
        todo["compiled_bf16"] = (torch.compile(modules()["by_hand"]), True)

    def run(module, call, evaluating):
        module.train(not evaluating)
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    for name in list(todo):  # the first calls choose kernels and compile
        try:
            for call, evaluating, _ in parts(todo[name][0], x, dy, todo[name][1]).values():
                run(todo[name][0], call, evaluating)
                run(todo[name][0], call, evaluating)
        except Exception as e:  # torch.compile needs a C++ compiler and more
            if not name.startswith("compiled"):
                raise
            print(f"torch.compile does not work here: {str(e).splitlines()[0]}", file=sys.stderr)
            del todo[name]
    for _ in range(rounds):
        for name, (module, bf16) in todo.items():
            for part, (call, evaluating, factor) in parts(module, x, dy, bf16).items():
                seconds = run(module, call, evaluating)
                print(json.dumps({"side": name, "part": part, "seconds": round(seconds, 6),
                                  "gflops": round(factor * FORWARD_FLOP / seconds * 1e-9, 1)}), flush=True)


def check(folder):
    import torch

    def load(name, shape):
        with open(os.path.join(folder, name + ".f32"), "rb") as f:
            return torch.frombuffer(bytearray(f.read()), dtype=torch.float32).view(shape)

    worst = 0.0
    for which, module in enumerate(modules().values()):
        own = dict(module.named_parameters())
        for ours, theirs in NAMES.items():
            own[theirs[which]].data.copy_(load(ours, own[theirs[which]].shape))
        shape = (SEQUENCES, TOKENS, WIDTH)
        x = load("x", shape).requires_grad_()
        y = module(x)
        y.backward(load("dy", shape))
        pairs = {"y": (load("y", shape), y.detach()), "dx": (load("dx", shape), x.grad)}
        for ours, theirs in NAMES.items():
            grad = own[theirs[which]].grad
            pairs["d " + ours] = (load(ours + ".grad", grad.shape), grad)
        for name, (a, b) in pairs.items():
            worst = max(worst, float((a - b).abs().max() / b.abs().max()))
    print(f"{worst:.1e}")
    if worst > 1e-4:
        sys.exit("both sides do not compute the same")


def table(file, facts):
    lines = [json.loads(line) for line in open(file) if line.startswith("{")]
    times = {}
    for line in lines:
        times.setdefault((line["side"], line["part"]), []).append(line["seconds"])
    flop = {"infer": FORWARD_FLOP, "forward": FORWARD_FLOP, "training": 3 * FORWARD_FLOP}
    label = {"infer": "inference", "forward": "forward, kept for backward", "training": "forward and backward"}
    sides = {"by_hand": "PyTorch, by hand with scaled_dot_product_attention",
             "encoder_layer": "PyTorch, nn.TransformerEncoderLayer",
             "compiled": "PyTorch, by hand, torch.compile"}
    sides_bf16 = {"by_hand_bf16": "PyTorch, by hand, autocast",
                  "compiled_bf16": "PyTorch, by hand, autocast, torch.compile"}
    rounds = len(times["hashweave", "infer"])
    if facts:
        print(facts + "\n")
    print(f"TransformerBlock<{WIDTH}, {HEADS}, {HIDDEN}>, {SEQUENCES} x {TOKENS} tokens; {rounds} rounds a side, in "
          "turn; milliseconds, best and (median).\nRatio: PyTorch's time over ours, best over best and (median over "
          "median): above 1, we are faster.\n")

    def show(t):
        return f"{1e3 * min(t):.1f} ({1e3 * statistics.median(t):.1f})"

    def compare(precision, ours, others):
        others = {side: text for side, text in others.items() if (side, "infer") in times}
        if (ours, "infer") not in times:
            return
        print(f"| {precision} | hashweave | GFLOP/s | " + " | ".join(f"{t} | ratio" for t in others.values()) + " |")
        print("|---|--:|--:|" + "--:|--:|" * len(others))
        for part, text in label.items():
            own = times[ours, part]
            cells = [text, show(own), f"{flop[part] / min(own) * 1e-9:.0f}"]
            for side in others:
                t = times[side, part]
                cells += [show(t), f"{min(t) / min(own):.2f} ({statistics.median(t) / statistics.median(own):.2f})"]
            print("| " + " | ".join(cells) + " |")
        print()

    compare("f32", "hashweave", sides)
    compare("bf16", "hashweave_bf16", sides_bf16)

    products = FORWARD_FLOP - 4 * ROWS * TOKENS * WIDTH
    forward, backward = times["hashweave", "eigen_forward"], times["hashweave", "eigen_backward"]
    rate = {"forward": products / min(forward),
            "training": 3 * products / (min(forward) + min(backward))}
    rate["infer"] = rate["forward"]
    wanted = {"infer": 0.75, "forward": 0.75, "training": 0.70}
    print("The whole block in f32 against Eigen's own products of the same shapes (public expressions, the same threads, "
          "measured in between):\n")
    print("| part | Eigen's products, GFLOP/s | the block, GFLOP/s | best over best | median over median | wanted |")
    print("|---|--:|--:|--:|--:|--:|")
    for part, text in label.items():
        own = times["hashweave", part]
        eigen = forward if part != "training" else [a + b for a, b in zip(forward, backward)]
        done = flop[part] / (3 if part == "training" else 1) / products
        middle = done * statistics.median(eigen) / statistics.median(own)
        print(f"| {text} | {rate[part] * 1e-9:.0f} | {flop[part] / min(own) * 1e-9:.0f} | "
              f"{flop[part] / min(own) / rate[part]:.0%} | {middle:.0%} | {wanted[part]:.0%} |")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure", rounds]:
            measure(int(rounds))
        case ["check", folder]:
            check(folder)
        case ["table", file, *facts]:
            table(file, " ".join(facts))
        case _:
            sys.exit(__doc__)
