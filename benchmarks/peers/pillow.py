#!/usr/bin/env python3
"""Pillow's and NumPy's side of pillow.sh.
   pillow.py photo FILE            makes the picture: 640 x 480, quality 85, 4:2:0
   pillow.py measure FILE THREADS  measures as peer_pillow does, one JSON line a part
   pillow.py check FILE RAW        prints the largest difference between peer_pillow's numbers and Pillow's
   pillow.py table LINES FACTS     prints the table"""
import io, json, sys, threading, time
import numpy as np
import PIL
from PIL import Image, features

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def photo(path):
    """Smooth areas, edges, texture and grain, about as many bytes a pixel as a photograph."""
    draw, height, width = np.random.default_rng(7), 480, 640

    def octave(cell):
        small = draw.integers(0, 256, (height // cell + 1, width // cell + 1, 3), dtype=np.uint8)
        return np.asarray(Image.fromarray(small).resize((width, height), Image.BICUBIC), np.float32) - 128

    x = 128 + sum(octave(cell) * a for cell, a in ((160, .55), (64, .35), (24, .25), (8, .15), (3, .10)))
    x += draw.normal(0, 3, (height, width, 1))
    Image.fromarray(np.clip(x, 0, 255).astype(np.uint8)).save(path, quality=85, subsampling=2)


def decode(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")  # convert() would copy


def finish(image):
    width, height = image.size
    size = (256, int(256 * height / width)) if width <= height else (int(256 * width / height), 256)
    image = image.resize(size, Image.BICUBIC)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    pixels = np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32)
    return np.ascontiguousarray(((pixels / 255 - MEAN) / DEVIATION).transpose(2, 0, 1))


def show(part, threads, per_second, cpu_ms):
    print(json.dumps(dict(side="Pillow", part=part, threads=threads, per_second=per_second, cpu_ms=cpu_ms)), flush=True)


def measure_one(part, work):
    best = best_cpu = 1e9
    begin = time.perf_counter()
    while time.perf_counter() - begin < 0.333:
        start, cpu = time.perf_counter(), time.thread_time()
        for _ in range(10):
            work()
        best = min(best, (time.perf_counter() - start) / 10)
        best_cpu = min(best_cpu, (time.thread_time() - cpu) / 10)
    show(part, 1, 1 / best, 1e3 * best_cpu)


def measure(path, threads):
    data = open(path, "rb").read()
    if threads == 1:
        image = decode(data)
        measure_one("decode", lambda: decode(data))
        measure_one("scale, crop, normalise", lambda: finish(image))
        measure_one("whole", lambda: finish(decode(data)))
        return
    done, start = [0] * threads, time.perf_counter()

    def work(t):
        while time.perf_counter() - start < 0.5:
            finish(decode(data))
            done[t] += 1

    workers = [threading.Thread(target=work, args=(t,)) for t in range(threads)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    show("whole", threads, sum(done) / (time.perf_counter() - start), 0)


def check(path, raw):
    ours = np.fromfile(raw, np.float32).reshape(3, 224, 224)
    print(f"{np.abs(ours - finish(decode(open(path, 'rb').read()))).max():.1e}")


def table(lines, facts):
    best = {}
    for line in map(json.loads, open(lines)):
        key = line["part"], line["threads"], line["side"]
        rate, cpu = best.get(key, (0, 1e9))
        best[key] = max(rate, line["per_second"]), min(cpu, line["cpu_ms"])
    print("| part | threads | hashweave, images/s | Pillow, images/s | ratio | processor time, ms: hashweave | Pillow | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for part, threads, side in best:
        if side != "hashweave":
            continue
        (ours, our_cpu), (theirs, their_cpu) = best[part, threads, side], best[part, threads, "Pillow"]
        cpu = f"{our_cpu:.2f} | {their_cpu:.2f} | {their_cpu / our_cpu:.2f}" if threads == 1 else "| |"
        print(f"| {part} | {threads} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.2f} | {cpu} |")
    print(f"\n{facts}; Pillow {PIL.__version__} with libjpeg-turbo {features.version('libjpeg_turbo')}, NumPy {np.__version__}.")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "measure":
        rest[1] = int(rest[1])
    {"photo": photo, "measure": measure, "check": check, "table": table}[command](*rest)
