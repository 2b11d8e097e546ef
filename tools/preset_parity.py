#!/usr/bin/env python3
"""Compares the presets with Hugging Face's image processors, on Pillow and on torchvision.
    pip install torch torchvision transformers pillow numpy
    tools/preset_parity.py [--images 60]
Images: random sizes; noise that was blurred, so that every scale has detail. Our side is tools/preset_parity.cpp, built here
with $CXX (g++). Prints, for each processor, the largest difference of the values and the share of values that differ."""
import argparse
import os
import pathlib
import subprocess
import tempfile

import numpy as np
import transformers
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
ap = argparse.ArgumentParser()
ap.add_argument("--images", type=int, default=60)
a = ap.parse_args()
dinov2 = dict(size={"shortest_edge": 256}, crop_size={"height": 224, "width": 224}, resample=3, do_convert_rgb=True,
              image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
processors = [("vit", "ViTImageProcessor", {}), ("clip", "CLIPImageProcessor", {}), ("dinov2", "BitImageProcessor", dinov2)]

random = np.random.default_rng(1)
images = []
for i in range(a.images):
    height, width = (int(n) for n in random.integers(20, 700, 2))
    small = random.integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    noise = random.integers(-20, 21, (height, width, 3))
    images.append(np.clip(np.asarray(Image.fromarray(small).resize((width, height), Image.BICUBIC)) + noise, 0, 255).astype(np.uint8))

with tempfile.TemporaryDirectory() as folder:
    program = pathlib.Path(folder) / "preset_parity"
    subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O2", f"-I{ROOT / 'include'}", str(ROOT / "tools/preset_parity.cpp"),
                    "-o", str(program)], check=True)
    print(f"transformers {transformers.__version__}, {len(images)} images")
    for preset, name, options in processors:
        for backend in ("Pil", ""):
            processor = getattr(transformers, name + backend)(**options)
            frames = b"".join(f"{preset} 224 {i.shape[0]} {i.shape[1]}\n".encode() + i.tobytes() for i in images)
            out = subprocess.run([program], input=frames, stdout=subprocess.PIPE, check=True).stdout
            ours = np.frombuffer(out, np.float32).reshape(-1, 3, 224, 224)
            worst, differ, alike = 0.0, 0, 0
            for mine, image in zip(ours, images):
                theirs = np.asarray(processor(images=Image.fromarray(image), return_tensors="np")["pixel_values"][0])
                difference = np.abs(mine - theirs)
                worst, differ = max(worst, float(difference.max())), differ + int((difference > 1e-5).sum())
                alike += int((difference <= 1e-5).all())
            print(f"{name + backend}: largest difference {worst:.3g}, {differ / ours.size:.3%} of the values above 1e-5, "
                  f"{alike} images all equal", flush=True)
