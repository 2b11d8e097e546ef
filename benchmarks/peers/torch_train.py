"""The PyTorch side of torch_train.sh: the whole job, from pictures and captions to recalls on the test split.

  torch_train.py run DATASET.json WEIGHTS EPOCHS SEED PRECISION TOWERS OUT.json   TOWERS: frozen or trained
  torch_train.py table FACTS OUR_RUN OUR_SECONDS THEIRS.json THEIR_SECONDS        a Markdown table

DATASET.json: as Karpathy's, with the pictures in `images` beside it. WEIGHTS: the folder with dinov2-s and minilm-l6. The same
settings as `vit2cmh train` is given by the script: batch 30, the triplet and angular loss over pairs of different pictures, Adam
with 100 steps of warm-up and a tenth of the rate after two thirds, clipping at 2, dropout 0.1 in the trunk, captions cut at 32
tokens. Tokens of frozen towers' pictures are kept after the first epoch, as `vit2cmh` keeps them.
"""

import json
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F
from torch_vit2cmh import MODELS, PAIRS, Vit2Cmh, loss_of, padded, read_safetensors

MODEL = MODELS["dinov2-s+minilm"]
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def hf_layer(values, at, attention, output, norms, mlp):
    """One block's parameters by our names, from Hugging Face's."""
    block = {}
    for kind in ("weight", "bias"):
        block[f"attn.qkv.{kind}"] = torch.cat([values[f"{at}.{attention}.{part}.{kind}"] for part in ("query", "key", "value")])
        block[f"attn.proj.{kind}"] = values[f"{at}.{output}.{kind}"]
        for own, name in zip(("norm1", "norm2", "mlp.fc1", "mlp.fc2"), (*norms, *mlp)):
            block[f"{own}.{kind}"] = values[f"{at}.{name}.{kind}"]
    return block


def load_towers(model, weights):
    """Pretrained weights into the towers; DINOv2's positions are brought to this number of patches."""
    v = read_safetensors(os.path.join(weights, "dinov2-s", "model.safetensors"))
    side = MODEL["side"] // MODEL["patch"]
    positions = v["embeddings.position_embeddings"][0]
    known = round((len(positions) - 1) ** 0.5)
    grid = positions[1:].reshape(1, known, known, -1).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, size=(side, side), mode="bicubic", align_corners=False)
    image = {"conv.weight": v["embeddings.patch_embeddings.projection.weight"],
             "conv.bias": v["embeddings.patch_embeddings.projection.bias"],
             "cls_token": v["embeddings.cls_token"][0],
             "pos_embed": torch.cat([positions[:1], grid.flatten(2)[0].T]),
             "norm.weight": v["layernorm.weight"], "norm.bias": v["layernorm.bias"]}
    for i in range(12):
        at = f"encoder.layer.{i}"
        block = hf_layer(v, at, "attention.attention", "attention.output.dense", ("norm1", "norm2"), ("mlp.fc1", "mlp.fc2"))
        block |= {f"ls{n}.gamma": v[f"{at}.layer_scale{n}.lambda1"] for n in (1, 2)}
        image |= {f"blocks.{i}.{name}": value for name, value in block.items()}
    model.image.tower.load_state_dict(image)

    v = read_safetensors(os.path.join(weights, "minilm-l6", "model.safetensors"))
    text = {"embed_word.weight": v["embeddings.word_embeddings.weight"],
            "embed_position.weight": v["embeddings.position_embeddings.weight"],
            "embed_type.weight": v["embeddings.token_type_embeddings.weight"],
            "norm.weight": v["embeddings.LayerNorm.weight"], "norm.bias": v["embeddings.LayerNorm.bias"]}
    for i in range(MODEL["text_blocks"]):
        block = hf_layer(v, f"encoder.layer.{i}", "attention.self", "attention.output.dense",
                         ("attention.output.LayerNorm", "output.LayerNorm"), ("intermediate.dense", "output.dense"))
        text |= {f"blocks.{i}.{name}": value for name, value in block.items()}
    model.text.tower.load_state_dict(text)


class Data:
    def __init__(self, path, weights):
        from tokenizers import BertWordPieceTokenizer

        self.images = json.load(open(path, encoding="utf8"))["images"]
        self.folder = os.path.join(os.path.dirname(path), "images")
        tokenizer = BertWordPieceTokenizer(os.path.join(weights, "minilm-l6", "vocab.txt"), lowercase=True)
        tokenizer.enable_truncation(32)
        self.captions = []  # (picture, ids)
        for i, image in enumerate(self.images):
            encoded = tokenizer._tokenizer.encode_batch([s["raw"] for s in image["sentences"]])
            self.captions += [(i, e.ids) for e in encoded]

    def of(self, split):
        images = [i for i, image in enumerate(self.images) if image["split"] == split]
        kept = set(images)
        return images, [c for c in self.captions if c[0] in kept]

    def pixels(self, items):
        import numpy
        from PIL import Image

        side, out = MODEL["side"], []
        for i in items:
            picture = Image.open(os.path.join(self.folder, self.images[i]["filename"])).convert("RGB")
            scale = side / min(picture.size)
            w, h = (max(side, round(length * scale)) for length in picture.size)
            picture = picture.resize((w, h), Image.Resampling.BICUBIC)
            left, top = round((w - side) / 2), round((h - side) / 2)
            out.append(numpy.asarray(picture.crop((left, top, left + side, top + side))))
        x = torch.from_numpy(numpy.stack(out)).permute(0, 3, 1, 2).float() / 255
        return (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]


def batch_of_ids(captions):
    lengths = [len(ids) for _, ids in captions]
    ids = torch.zeros(len(captions), max(lengths), dtype=torch.int64)
    for row, (_, values) in enumerate(captions):
        ids[row, : len(values)] = torch.tensor(values)
    return ids, padded(lengths)


class Job:
    def __init__(self, data, weights, precision, frozen):
        self.data, self.frozen, self.kept = data, frozen, {}
        self.autocast = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
        self.model = Vit2Cmh(MODEL)
        load_towers(self.model, weights)
        if frozen:
            for tower in (self.model.image.tower, self.model.text.tower):
                tower.requires_grad_(False)

    def image_codes(self, items):
        if not self.frozen:
            return self.model.image_codes(self.data.pixels(items))
        missing = [i for i in dict.fromkeys(items) if i not in self.kept]
        if missing:
            with torch.no_grad():
                for i, tokens in zip(missing, self.model.image.tower(self.data.pixels(missing)).float()):
                    self.kept[i] = tokens
        return self.model.trunk(self.model.image.proj(torch.stack([self.kept[i] for i in items])))

    def encode(self, split):
        """Codes before the sign: of pictures, of captions, and the captions' pictures by place."""
        images, captions = self.data.of(split)
        place = {item: i for i, item in enumerate(images)}
        self.model.eval()
        with torch.inference_mode(), self.autocast:
            u = [self.image_codes(images[i : i + 64]) for i in range(0, len(images), 64)]
            v = [self.model.text_codes(*batch_of_ids(captions[i : i + 64])) for i in range(0, len(captions), 64)]
        self.model.train()
        return torch.cat(u).float(), torch.cat(v).float(), torch.tensor([place[item] for item, _ in captions])

    def evaluate(self, split):
        u, v, owner = self.encode(split)
        return {"binary": recalls(u.sign(), v.sign(), owner), "continuous": recalls(F.normalize(u), F.normalize(v), owner)}


def recalls(u, v, owner):
    """R@1, 5, 10 in percent: pictures to captions (any of its own), captions to pictures. Equal scores go by place."""
    order = (u @ v.T).argsort(dim=1, descending=True, stable=True)
    ranks = [(owner[order] == torch.arange(len(u))[:, None]).int().argmax(1)]
    order = (v @ u.T).argsort(dim=1, descending=True, stable=True)
    ranks.append((order == owner[:, None]).int().argmax(1))
    return [100 * float((r < k).float().mean()) for r in ranks for k in (1, 5, 10)]


def run(path, weights, epochs, seed, precision, towers, out):
    torch.manual_seed(seed)
    data = Data(path, weights)
    job = Job(data, weights, precision, towers == "frozen")
    model = job.model
    head = [p for name, p in model.named_parameters() if ".tower." not in name]
    tower = [p for name, p in model.named_parameters() if ".tower." in name and p.requires_grad]
    groups = [{"params": head, "lr": 1e-4}] + ([{"params": tower, "lr": 1e-5}] if tower else [])
    adam = torch.optim.Adam(groups, fused=True)
    _, captions = data.of("train")
    steps = epochs * (len(captions) // PAIRS)

    def rate(step):
        return min(1.0, (step + 1) / min(100, steps // 2)) * (0.1 if step >= -(-2 * steps // 3) else 1.0)

    schedule = torch.optim.lr_scheduler.LambdaLR(adam, rate)
    log, best = [], (-1.0, None)
    for epoch in range(epochs):
        start, losses = time.perf_counter(), []
        order = torch.randperm(len(captions)).tolist()
        for first in range(0, len(order) - PAIRS + 1, PAIRS):
            batch = [captions[i] for i in order[first : first + PAIRS]]
            owners = torch.tensor([item for item, _ in batch])
            adam.zero_grad(set_to_none=True)
            with job.autocast:
                u = job.image_codes(owners.tolist())
                v = model.text_codes(*batch_of_ids(batch))
            loss = loss_of(u.float(), v.float(), same=owners[:, None] == owners[None])
            loss.backward()
            nn.utils.clip_grad_norm_(head + tower, 2.0)
            adam.step()
            schedule.step()
            losses.append(loss.item() / PAIRS)
        seconds = time.perf_counter() - start
        val = job.evaluate("val")
        log.append({"epoch": epoch + 1, "seconds": seconds, "loss": sum(losses) / len(losses), "val": val})
        print(json.dumps(log[-1]), file=sys.stderr, flush=True)
        if sum(val["binary"]) > best[0]:
            best = sum(val["binary"]), {k: p.detach().clone() for k, p in model.named_parameters() if p.requires_grad}
    model.load_state_dict(best[1], strict=False)
    json.dump({"epochs": log, "test": job.evaluate("test")}, open(out, "w"))


def table(facts, our_run, our_seconds, theirs, their_seconds):
    lines = [json.loads(line) for line in open(os.path.join(our_run, "metrics.jsonl"))]
    results = json.load(open(os.path.join(our_run, "results.json")))
    seconds, loss, val = {}, {}, {}
    for line in lines:
        if "eval" in line:
            val[line["epoch"]] = line["eval"]["binary"]["rsum"]
        elif "loss" in line:
            seconds[line["epoch"]] = seconds.get(line["epoch"], 0) + line["seconds"]
            loss.setdefault(line["epoch"], []).append(line["loss"])
    peer = json.load(open(theirs))
    print(facts + "\n")
    print("| | hashweave | PyTorch | ratio |\n|---|--:|--:|--:|")
    for e in peer["epochs"]:
        n = e["epoch"]
        print(f"| epoch {n}, s | {seconds[n]:.0f} | {e['seconds']:.0f} | {e['seconds'] / seconds[n]:.2f} |")
    print(f"| the whole command, s | {our_seconds:.0f} | {their_seconds:.0f} | {their_seconds / our_seconds:.2f} |")
    for e in peer["epochs"]:
        n = e["epoch"]
        print(f"| epoch {n}: loss a pair; binary rsum on val | {sum(loss[n]) / len(loss[n]):.3f}; {val[n]:.1f} | "
              f"{e['loss']:.3f}; {sum(e['val']['binary']):.1f} | |")
    for kind in ("binary", "continuous"):
        print(f"| test, the epoch best on val: {kind} rsum | {results['eval'][kind]['rsum']:.1f} | {sum(peer['test'][kind]):.1f} | |")


if __name__ == "__main__":
    # the package `tokenizers`, not the comparison of that name beside this file
    sys.path = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]
    torch.set_num_threads(int(os.environ.get("HASHWEAVE_THREADS", os.cpu_count())))
    match sys.argv[1:]:
        case ["run", path, weights, epochs, seed, precision, ("frozen" | "trained") as towers, out]:
            run(path, weights, int(epochs), int(seed), precision, towers, out)
        case ["table", facts, our_run, our_seconds, theirs, their_seconds]:
            table(facts, our_run, float(our_seconds), theirs, float(their_seconds))
        case _:
            sys.exit(__doc__)
