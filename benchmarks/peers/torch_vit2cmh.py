"""The PyTorch side of torch_vit2cmh.sh, and its tables.

  torch_vit2cmh.py measure PART PRECISION ROUNDS LENGTHS   JSON lines, as `peer_vit2cmh measure` prints them
  torch_vit2cmh.py memory PART PRECISION LENGTHS           the largest resident size of two steps
  torch_vit2cmh.py check DIR MODEL                         compares with what `peer_vit2cmh export` wrote
  torch_vit2cmh.py table FILE [FACTS]                      the Markdown tables of the JSON lines in FILE

LENGTHS: tokens of each caption of the batch, a JSON list. The model is written as one would in PyTorch: captions padded
to the longest of the batch, nn.Linear and scaled_dot_product_attention, the trunk over all tokens.
"""

import json
import os
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BITS, WIDTH, PAIRS = 64, 1024, 30
MODELS = {
    "vit-b16+bert-base": {"side": 224, "patch": 16, "width": 768, "heads": 12, "scale": False, "eps": 1e-12,
                          "text": 768, "text_heads": 12, "text_blocks": 12},
    "dinov2-s+minilm": {"side": 224, "patch": 14, "width": 384, "heads": 6, "scale": True, "eps": 1e-6,
                        "text": 384, "text_heads": 12, "text_blocks": 6},
}
PARTS = {
    "vit_b16_images": ("vit-b16+bert-base", "images"),
    "bert_base_captions": ("vit-b16+bert-base", "captions"),
    "vit_bert_step": ("vit-b16+bert-base", "step"),
    "dinov2_s_112_images": ("dinov2-s+minilm", "images"),
    "dinov2_s_images": ("dinov2-s+minilm", "images"),
    "minilm_captions": ("dinov2-s+minilm", "captions"),
    "dinov2_minilm_step": ("dinov2-s+minilm", "step"),
    "dinov2_minilm_head_step": ("dinov2-s+minilm", "head_step"),
}
VOCABULARY, POSITIONS = 30522, 512
REGISTERS = "multiply-adds between registers"  # as peer_vit2cmh names it


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, mask):
        b, t, d = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.proj(y.transpose(1, 2).reshape(b, t, d))


class Mlp(nn.Module):
    def __init__(self, width, hidden, relu, dropout):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.act, self.drop = F.relu if relu else F.gelu, nn.Dropout(dropout)

    def forward(self, x):
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))


class Block(nn.Module):
    """Pre-norm, or post-norm as BERT's; with DINOv2's LayerScale."""

    def __init__(self, width, heads, hidden, eps, post=False, scale=False, relu=False, dropout=0.0):
        super().__init__()
        self.post, self.scale = post, scale
        self.norm1, self.norm2 = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)
        self.attn, self.mlp = Attention(width, heads), Mlp(width, hidden, relu, dropout)
        self.drop = nn.Dropout(dropout)
        if scale:
            self.ls1, self.ls2 = (nn.ParameterDict({"gamma": nn.Parameter(torch.ones(width))}) for _ in range(2))

    def forward(self, x, mask=None):
        if self.post:
            x = self.norm1(x + self.drop(self.attn(x, mask)))
            return self.norm2(x + self.mlp(x))
        a = self.drop(self.attn(self.norm1(x), mask))
        x = x + (a * self.ls1["gamma"] if self.scale else a)
        m = self.mlp(self.norm2(x))
        return x + (m * self.ls2["gamma"] if self.scale else m)


class ImageTower(nn.Module):
    def __init__(self, m):
        super().__init__()
        d, p = m["width"], m["patch"]
        self.conv = nn.Conv2d(3, d, p, p)
        self.cls_token = nn.Parameter(torch.zeros(1, d))
        self.pos_embed = nn.Parameter(torch.randn((m["side"] // p) ** 2 + 1, d) * 0.02)
        self.blocks = nn.ModuleList(Block(d, m["heads"], 4 * d, m["eps"], scale=m["scale"]) for _ in range(12))
        self.norm = nn.LayerNorm(d, m["eps"])

    def forward(self, pixels):
        x = self.conv(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), 1, -1), x], 1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class TextTower(nn.Module):
    def __init__(self, m):
        super().__init__()
        d = m["text"]
        self.embed_word, self.embed_position = nn.Embedding(VOCABULARY, d), nn.Embedding(POSITIONS, d)
        self.embed_type = nn.Embedding(2, d)
        self.norm = nn.LayerNorm(d, 1e-12)
        self.blocks = nn.ModuleList(
            Block(d, m["text_heads"], 4 * d, 1e-12, post=True) for _ in range(m["text_blocks"]))

    def forward(self, ids, mask):
        x = self.embed_word(ids) + self.embed_position.weight[: ids.shape[1]] + self.embed_type.weight[0]
        x = self.norm(x)
        for block in self.blocks:
            x = block(x, mask)
        return x


class Strand(nn.Module):
    def __init__(self, tower, width):
        super().__init__()
        self.tower, self.proj = tower, nn.Linear(width, WIDTH)


class Trunk(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.blocks = nn.ModuleList(Block(WIDTH, 4, 2048, 1e-5, relu=True, dropout=dropout) for _ in range(2))
        self.linear = nn.Linear(WIDTH, BITS)

    def forward(self, x, mask=None):
        for block in self.blocks:
            x = block(x, mask)
        out = self.linear(x[:, 0])
        return torch.tanh(out - out.softmax(1).median(1, keepdim=True).values)


class Vit2Cmh(nn.Module):
    def __init__(self, m, dropout=0.1):
        super().__init__()
        self.image, self.text = Strand(ImageTower(m), m["width"]), Strand(TextTower(m), m["text"])
        self.trunk = Trunk(dropout)

    def image_codes(self, pixels):
        return self.trunk(self.image.proj(self.image.tower(pixels)))

    def text_codes(self, ids, mask):
        return self.trunk(self.text.proj(self.text.tower(ids, mask)), mask)

    def codes_of_tokens(self, image_tokens, text_tokens, mask):
        return self.trunk(self.image.proj(image_tokens)), self.trunk(self.text.proj(text_tokens), mask)


def loss_of(h_image, h_text, margin=0.2, eta=0.1, same=None):
    """Triplet with the hardest negatives and angular loss (45 degrees, so that tan is 1), sums over the batch.
    same: pairs (batch, batch) that are no negatives, by default each pair with itself."""
    u, v = F.normalize(h_image), F.normalize(h_text)
    s = u @ v.T
    same = torch.eye(len(u), dtype=torch.bool, device=u.device) if same is None else same
    positive = s.diagonal()
    hardest = s.masked_fill(same, -torch.inf)
    triplet = F.relu(margin - positive + hardest.amax(1)) + F.relu(margin - positive + hardest.amax(0))
    # F(a, p, n) = 4 (a + p) n - 4 a p
    of_image = 4 * (s + v @ v.T) - 4 * positive[:, None]
    of_text = 4 * (s.T + u @ u.T) - 4 * positive[:, None]
    angular = sum(F.softplus(f.masked_fill(same, -torch.inf).amax(1)) for f in (of_image, of_text))
    return (triplet + eta * angular).sum()


def padded(lengths):
    """Mask of attention (batch, 1, 1, longest)."""
    return (torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None])[:, None, None]


def part_of(name, precision, lengths, device="cpu", images=None):
    """What is measured: a function without arguments, and how many samples it takes. What it works on lies on the host,
    and what comes of it is read there. images: of a batch, by default 8, or 30 of a step."""
    model_name, kind = PARTS[name]
    m = dict(MODELS[model_name])
    if name == "dinov2_s_112_images":
        m["side"] = 112
    model = Vit2Cmh(m).to(device)
    autocast = torch.autocast(device, torch.bfloat16, enabled=precision.startswith("bf16"))
    compiled = precision.endswith("compiled")
    mask = padded(lengths)
    ids = torch.randint(VOCABULARY, (len(lengths), max(lengths)))
    images = images or (PAIRS if kind.endswith("step") else 8)
    pixels = torch.randn(images, 3, m["side"], m["side"])
    if kind in ("images", "captions"):
        model.eval()
        call, arguments = (model.image_codes, (pixels,)) if kind == "images" else (model.text_codes, (ids, mask))
        if compiled:
            call = torch.compile(call)

        def run():
            with torch.inference_mode(), autocast:
                return call(*(a.to(device) for a in arguments)).cpu()

        return run, len(arguments[0])

    tokens = (m["side"] // m["patch"]) ** 2 + 1
    mask = mask.to(device)
    arguments = (pixels, ids) if kind == "step" else (torch.randn(images, tokens, m["width"]),
                                                      torch.randn(*ids.shape, m["text"]))
    if kind == "head_step":
        for tower in (model.image.tower, model.text.tower):
            tower.requires_grad_(False)
    trained = [p for p in model.parameters() if p.requires_grad]
    adam = torch.optim.Adam(trained, 1e-5, fused=True)

    def both(images, texts):
        if kind == "step":
            return model.image_codes(images), model.text_codes(texts, mask)
        return model.codes_of_tokens(images, texts, mask)

    call = torch.compile(both) if compiled else both

    def run():
        adam.zero_grad(set_to_none=True)
        with autocast:
            h_image, h_text = call(*(a.to(device) for a in arguments))
        loss = loss_of(h_image.float(), h_text.float())
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 2.0)
        adam.step()
        return loss.item()

    return run, images


def measure(name, precision, rounds, lengths):
    run, samples = part_of(name, precision, lengths)
    run()
    run()
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        seconds = time.perf_counter() - start
        print(json.dumps({"side": "PyTorch", "part": name, "precision": precision, "seconds": round(seconds, 6),
                          "samples": samples}), flush=True)


def memory(name, precision, lengths):
    run, _ = part_of(name, precision, lengths)
    run()
    run()
    print(json.dumps({"side": "PyTorch", "part": name, "precision": precision,
                      "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


def read_safetensors(path):
    with open(path, "rb") as f:
        data = f.read()
    end = 8 + int.from_bytes(data[:8], "little")
    types = {"F32": torch.float32, "F64": torch.float64, "I32": torch.int32, "I64": torch.int64}
    out = {}
    for name, entry in json.loads(data[8:end]).items():
        if name != "__metadata__":
            begin, stop = (end + offset for offset in entry["data_offsets"])
            flat = torch.frombuffer(bytearray(data[begin:stop]), dtype=types[entry["dtype"]])
            out[name] = flat.view(entry["shape"])
    return out


def our_name(name):
    """Our name of a parameter of `Vit2Cmh`."""
    for theirs, ours in ((".conv.", ".patch_embed.proj."), (".tower.cls_token", ".tower.patch_embed.cls_token"),
                         (".tower.pos_embed", ".tower.patch_embed.pos_embed"),
                         (".embed_word.weight", ".embed.word"),
                         (".embed_position.weight", ".embed.position"), (".embed_type.weight", ".embed.type"),
                         ("trunk.blocks.", "trunk.shared."),
                         ("trunk.linear.", "trunk.hash.linear.")):
        name = name.replace(theirs, ours)
    return name


def check(folder, model_name):
    torch.manual_seed(2022)
    model = Vit2Cmh(MODELS[model_name], dropout=0.0)
    values = read_safetensors(os.path.join(folder, "model.safetensors"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(values.pop(our_name(name)).view(parameter.shape))
    if values:
        sys.exit(f"PyTorch's model lacks {sorted(values)}")
    batch = read_safetensors(os.path.join(folder, "batch.safetensors"))
    offsets = batch["offsets"].tolist()
    lengths = [b - a for a, b in zip(offsets, offsets[1:])]
    ids = torch.zeros(len(lengths), max(lengths), dtype=torch.int64)
    for row, (a, b) in enumerate(zip(offsets, offsets[1:])):
        ids[row, : b - a] = batch["ids"][a:b]
    image, text = model.image_codes(batch["pixels"]), model.text_codes(ids, padded(lengths))
    loss = loss_of(image, text)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 2.0)
    pairs = {"image codes": (batch["image_codes"], image), "captions' codes": (batch["text_codes"], text),
             "loss": (batch["step"][0], loss), "norm of the gradient": (batch["step"][1], norm)}
    worst = {name: float((a - b.detach()).abs().max() / b.detach().abs().max()) for name, (a, b) in pairs.items()}
    print(f"{max(worst.values()):.1e}")
    if max(worst.values()) > 1e-3:
        sys.exit(f"both sides do not compute the same: {worst}")


def table(file, facts):
    lines = [json.loads(line) for line in open(file) if line.startswith("{")]
    times, samples, flop, peaks, rates, bandwidth = {}, {}, {}, {}, {}, 0
    for line in lines:
        if "seconds" in line:
            key = line["part"], line["precision"]
            times.setdefault((line["side"], *key), []).append(line["seconds"])
            samples[line["part"]] = line["samples"]
            if "flop" in line:
                flop[line["part"]] = line["flop"]
        elif "peak_mib" in line:
            peaks[line["side"], line["part"], line["precision"]] = line["peak_mib"]
        elif "gflops" in line:
            of = rates.setdefault(line["precision"], {})
            of[line["rate"]] = max(of.get(line["rate"], 0), line["gflops"])
        else:
            bandwidth = max(bandwidth, line["gbytes"])
    print(facts + "\n")
    print("Samples a second: images, captions, or pairs of a training step; best and (median). Ratio: PyTorch's time over "
          "ours, best over best and (median over median): above 1, we are faster. GFLOP/s: products and attention of ours, "
          "which leave out padding and, in the trunk's last block, all but the first token; in percent of the fastest large "
          "product (below).\n")
    for precision in ("f32", "bf16"):
        peak = max((rate for name, rate in rates.get(precision, {}).items() if name != REGISTERS), default=0)
        compiled = any(key == ("PyTorch", part, f"{precision}-compiled") for part in samples for key in times)
        columns = ["part", f"{precision}: hashweave", "GFLOP/s", "PyTorch", "ratio"]
        columns += ["torch.compile", "ratio"] if compiled else []
        rows = []
        for part in PARTS:
            own = times.get(("hashweave", part, precision))
            if not own:
                continue

            def show(t):
                return f"{samples[part] / min(t):.3g} ({samples[part] / statistics.median(t):.3g})"

            done = flop[part] * 1e-9 / min(own)
            cells = [part, show(own), f"{done:.0f}, {done / peak:.0%}"]
            for variant in (precision, f"{precision}-compiled")[: 2 if compiled else 1]:
                t = times.get(("PyTorch", part, variant))
                cells += [show(t), f"{min(t) / min(own):.2f} ({statistics.median(t) / statistics.median(own):.2f})"
                          ] if t else ["", ""]
            rows.append("| " + " | ".join(cells) + " |")
        if rows:
            print("| " + " | ".join(columns) + " |\n|---|" + "--:|" * (len(columns) - 1))
            print("\n".join(rows) + "\n")
    if peaks:
        print("Largest resident size of two training steps, MiB, and in percent of PyTorch's:\n")
        sides = ["hashweave", "hashweave --recompute", "hashweave --recompute --moments bf16"]
        print("| part | precision | hashweave | --recompute | --recompute --moments bf16 | PyTorch |\n|---|---|--:|--:|--:|--:|")
        for part, precision in dict.fromkeys((part, precision) for _, part, precision in peaks):
            theirs = peaks["PyTorch", part, precision]
            cells = [peaks.get((side, part, precision)) for side in sides]
            cells = ["" if c is None else f"{c:,}, {c / theirs:.0%}" for c in cells]
            print(f"| {part} | {precision} | {' | '.join(cells)} | {theirs:,} |")
        print()
    if rates:
        found = [f"{rate} {gflops:.0f} ({precision})" for precision in rates for rate, gflops in rates[precision].items()]
        print(f"The machine, the best of measurements before, between and after the parts: products of 2048 x 3072, depth 768, in GFLOP/s: "
              f"{', '.join(found)}; memory {bandwidth:.1f} GB/s.")


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("HASHWEAVE_THREADS", os.cpu_count())))
    match sys.argv[1:]:
        case ["measure", part, precision, rounds, lengths]:
            measure(part, precision, int(rounds), json.loads(lengths))
        case ["memory", part, precision, lengths]:
            memory(part, precision, json.loads(lengths))
        case ["check", folder, model]:
            check(folder, model)
        case ["table", file, *facts]:
            table(file, " ".join(facts))
        case _:
            sys.exit(__doc__)
