#!/usr/bin/env python3
"""Writes real.safetensors: what transformers computes in float32 from real pretrained weights, for texts and for two
pictures of the clip art in examples/vit2cmh/data/clipart.

    tools/get_weights.sh
    python3 -m venv v && v/bin/pip install torch transformers safetensors tokenizers pillow numpy
    v/bin/python tools/make_real_golden.py --weights ~/.cache/hashweave --out tests/golden/real.safetensors

minilm.ids.I, minilm.out.I: token ids and last hidden state of text I. dinov2.{rgb,pixels,out}.J: picture J resized to
112 x 112 (bicubic), normalised, and the last hidden state.
"""
import argparse
import io
import json
import pathlib
import tarfile

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel, Dinov2Config, Dinov2Model

ROOT = pathlib.Path(__file__).resolve().parent.parent
ap = argparse.ArgumentParser()
ap.add_argument("--weights", type=pathlib.Path, required=True)
ap.add_argument("--out", type=pathlib.Path, required=True)
a = ap.parse_args()
tensors = {}

texts = ["A man rides a horse along the beach at sunset.", "Two cats asleep on a red sofa, one of them snoring.",
         "ice cream", "Dinosaur, green, drawing; extinct!", "wagon toy recreation"]
folder = a.weights / "minilm-l6"
config = json.load(open(folder / "config.json"))
bert = BertModel(BertConfig(**{k: v for k, v in config.items() if k not in ("model_type", "architectures")}),
                 add_pooling_layer=False).eval()
assert not bert.load_state_dict(load_file(folder / "model.safetensors"), strict=False).missing_keys
tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
for i, text in enumerate(texts):
    ids = torch.tensor([tokenizer.encode(text).ids])
    with torch.no_grad():
        tensors[f"minilm.out.{i}"] = bert(input_ids=ids).last_hidden_state[0]
    tensors[f"minilm.ids.{i}"] = ids[0]

folder = a.weights / "dinov2-s"
config = json.load(open(folder / "config.json"))
dino = Dinov2Model(Dinov2Config(**{k: v for k, v in config.items() if k not in ("model_type", "architectures")})).eval()


def renamed(name):  # the names that transformers 5 has in memory
    for old, new in (("attention.query", "q_proj"), ("attention.key", "k_proj"), ("attention.value", "v_proj"),
                     ("output.dense", "o_proj")):
        name = name.replace("attention." + old, "attention." + new)
    return name


missing = dino.load_state_dict({renamed(k): v for k, v in load_file(folder / "model.safetensors").items()}, strict=False)
assert missing.missing_keys in ([], ["embeddings.mask_token"]) and not missing.unexpected_keys, missing
mean, std = np.array([.485, .456, .406], np.float32), np.array([.229, .224, .225], np.float32)
pictures = ["00007.jpg", "01200.jpg"]
for j, key in enumerate(pictures):
    for shard in sorted((ROOT / "examples/vit2cmh/data/clipart").glob("*.tar")):
        with tarfile.open(shard) as tar:
            if key in tar.getnames():
                picture = Image.open(io.BytesIO(tar.extractfile(key).read())).convert("RGB")
    rgb = np.asarray(picture.resize((112, 112), Image.BICUBIC), np.float32)
    pixels = torch.from_numpy(((rgb / 255 - mean) / std).transpose(2, 0, 1).copy())[None]
    with torch.no_grad():
        tensors[f"dinov2.out.{j}"] = dino(pixel_values=pixels).last_hidden_state[0]
    tensors[f"dinov2.pixels.{j}"] = pixels[0]
    tensors[f"dinov2.rgb.{j}"] = torch.from_numpy(rgb.astype(np.uint8)).contiguous()
save_file({k: v.contiguous().clone() for k, v in tensors.items()}, str(a.out),
          metadata={"texts": json.dumps(texts), "images": json.dumps(["images/" + p for p in pictures]), "image_size": "112"})
