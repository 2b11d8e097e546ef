"""The PyTorch side of torch_bsth.sh: BSTH from features to the mAP of its codes.

  torch_bsth.py run FEATURES BITS SEED PRECISION OUT.json            FEATURES: I_tr.npy beside T_tr, L_tr, I_te, T_te, L_te
  torch_bsth.py table FACTS PEER.json PEER_SECONDS [NAME RUN SECONDS]...   a Markdown table

In the paper's setting, as docs/bsth.md has it, written from the paper. All bits' networks are one product each: a module a
bit, run one after the other, would take several times as long.
"""

import json
import math
import os
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn import functional as F

CONCEPT, BATCH, EPOCHS, PROTOTYPE_EPOCHS, RATE, DROPOUT = 128, 1024, 140, 100, 1e-3, 0.5


class TanhMlp(nn.Sequential):
    def __init__(self, features, hidden):
        super().__init__(nn.Linear(features, hidden), nn.BatchNorm1d(hidden), nn.Tanh(),
                         nn.Linear(hidden, CONCEPT), nn.BatchNorm1d(CONCEPT), nn.Tanh())


def encoder(width, ffn, blocks):
    layer = nn.TransformerEncoderLayer(width, 1, ffn, DROPOUT, "gelu", batch_first=True)
    return nn.TransformerEncoder(layer, blocks, nn.LayerNorm(width), enable_nested_tensor=False)


class Concepts(nn.Module):
    """Features -> one token a bit."""

    def __init__(self, features, hidden, bits):
        super().__init__()
        self.mlp, self.linear = TanhMlp(features, hidden), nn.Linear(CONCEPT, bits * CONCEPT)
        angle = torch.arange(bits)[:, None] * torch.exp(torch.arange(0, CONCEPT, 2) * (-math.log(10000.0) / CONCEPT))
        self.register_buffer("positions", torch.stack([angle.sin(), angle.cos()], 2).flatten(1))
        self.dropout, self.blocks = nn.Dropout(DROPOUT), encoder(CONCEPT, CONCEPT, 2)

    def forward(self, x):
        tokens = self.linear(self.mlp(x)).unflatten(1, self.positions.shape)
        return self.blocks(self.dropout(tokens + self.positions))


class BitwiseLinear(nn.Module):
    """A Linear a bit: (samples, bits, inputs) -> (samples, bits, outputs)."""

    def __init__(self, bits, inputs, outputs):
        super().__init__()
        limit = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(bits, inputs, outputs).uniform_(-limit, limit))
        self.bias = nn.Parameter(torch.empty(bits, 1, outputs).uniform_(-limit, limit))

    def forward(self, x):
        return torch.baddbmm(self.bias.to(x.dtype), x.transpose(0, 1), self.weight.to(x.dtype)).transpose(0, 1)


class Bsth(nn.Module):
    def __init__(self, image, text, bits, classes):
        super().__init__()
        self.image, self.text = Concepts(image, 2048, bits), Concepts(text, 1024, bits)
        self.fc1, self.fc2 = BitwiseLinear(bits, CONCEPT, CONCEPT // 2), BitwiseLinear(bits, CONCEPT // 2, 1)
        self.bn, self.classifier = nn.BatchNorm1d(bits * CONCEPT // 2), nn.Linear(bits, classes)

    def forward(self, image, text):
        y = self.fc1(self.image(image) + self.text(text))
        y = torch.tanh(self.bn(y.flatten(1))).unflatten(1, y.shape[1:])
        codes = torch.tanh(self.fc2(y).squeeze(2))
        return codes, torch.sigmoid(self.classifier(codes))


class Prototypes(nn.Module):
    def __init__(self, bits, classes):
        super().__init__()
        self.embed, self.block = nn.Embedding(classes, bits), encoder(bits, bits, 1)
        self.head, self.classifier = BitwiseLinear(classes, bits, bits), nn.Linear(bits, classes)

    def forward(self, labels):
        tokens = self.block(self.embed.weight[None])
        p = torch.tanh(self.head(tokens)[0])
        codes = labels @ p
        return p, codes, torch.sigmoid(self.classifier(codes))


def cosines(x):
    x = F.normalize(x, eps=1e-12)
    return x @ x.T


def learn_prototypes(labels, bits):
    model = Prototypes(bits, labels.shape[1])
    adam = torch.optim.Adam(model.parameters(), RATE)
    together = labels.T @ labels / len(labels)
    together.fill_diagonal_(1)
    for _ in range(PROTOTYPE_EPOCHS):
        p, h, predicted = model(labels)
        balance = h.sum(0).square().sum() / len(h)
        loss = (0.001 * F.mse_loss(predicted, labels) + 100 * F.mse_loss(h, h.detach().sign())
                + F.mse_loss(cosines(p), together) + 0.01 * balance)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
    model.eval()
    with torch.inference_mode():
        return model(labels)[1].sign()


def encode(model, image, text):
    model.eval()
    with torch.inference_mode():
        codes = [model(image[i : i + 256], text[i : i + 256])[0].float() for i in range(0, len(image), 256)]
    model.train()
    return torch.cat(codes)


def mean_average_precision(queries, database, query_labels, labels):
    """Over the whole database, ties by its order; queries with nothing relevant are left out."""
    order = (queries.sign() @ database.sign().T).argsort(dim=1, descending=True, stable=True)
    hits = (query_labels @ labels.T > 0).gather(1, order).double()
    places = torch.arange(1, hits.shape[1] + 1, dtype=torch.float64)
    precision = (hits.cumsum(1) / places * hits).sum(1)
    found = hits.sum(1)
    return float((precision / found)[found > 0].mean())


def run(features, bits, seed, precision, out):
    torch.manual_seed(seed)
    folder = os.path.dirname(features)

    def read(kind, part):
        values = torch.from_numpy(numpy.load(os.path.join(folder, f"{kind}_{part}.npy")))
        return F.one_hot(values.long()).float() if values.ndim == 1 else values.float()  # classes 0, 1, ... or a column each

    (image, text, labels), (query_image, query_text, query_labels) = ([read(kind, part) for kind in "ITL"] for part in ("tr", "te"))
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
    targets = learn_prototypes(labels, bits)
    model = Bsth(image.shape[1], text.shape[1], bits, labels.shape[1])
    adam = torch.optim.Adam(model.parameters(), RATE, fused=True)
    start = time.perf_counter()
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(labels)).split(BATCH):
            with autocast:
                h, predicted = model(image[rows], text[rows])
            h, predicted, l = h.float(), predicted.float(), labels[rows]
            similar = 2 / (1 + torch.exp(-(l @ l.T))) - 1
            loss = F.mse_loss(predicted, l) + 0.01 * F.mse_loss(h, targets[rows]) + F.mse_loss(cosines(h), similar)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
    seconds = time.perf_counter() - start
    with autocast:
        database, queries = encode(model, image, text), encode(model, query_image, query_text)
    value = mean_average_precision(queries, database, query_labels, labels)
    json.dump({"seconds": seconds, "map": value}, open(out, "w"))


def table(facts, peer, peer_seconds, runs):
    peer = json.load(open(peer))
    print(f"{facts}\n\n| | the whole command, s | ratio | mAP@all |\n|---|--:|--:|--:|")
    print(f"| PyTorch, the paper's setting (second stage {peer['seconds']:.0f} s) | {peer_seconds:.1f} | 1 | {peer['map']:.3f} |")
    for name, path, seconds in runs:
        results = json.load(open(os.path.join(path, "results.json")))
        value = results["eval"]["fused_to_fused"]["map_all"]
        print(f"| hashweave, {name} | {seconds} | {peer_seconds / float(seconds):.1f} | {value:.3f} |")


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("HASHWEAVE_THREADS", os.cpu_count())))
    match sys.argv[1:]:
        case ["run", features, bits, seed, precision, out]:
            run(features, int(bits), int(seed), precision, out)
        case ["table", facts, peer, seconds, *runs] if len(runs) % 3 == 0:
            table(facts, peer, float(seconds), list(zip(*[iter(runs)] * 3)))
        case _:
            sys.exit(__doc__)
