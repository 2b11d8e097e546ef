#!/usr/bin/env python3
"""Packs a folder with dataset.jsonl and images/ into WebDataset shards; the same input gives the same bytes.

usage: pack_clipart.py SOURCE_DIR OUT_DIR [--items-per-shard N] [--name NAME]

Every item becomes two members: KEY.jpg, the image as it is, and KEY.json with captions, labels, split, id, author and
source. SOURCE_DIR is checked: every item must say that it is in the public domain.
"""
import argparse
import hashlib
import io
import json
import pathlib
import tarfile


def members(item, source):
    image = source / item["image"]
    licence = item.get("license", "")
    if licence != "Public Domain":
        raise SystemExit(f"{image}: licence: expected 'Public Domain', got '{licence}'")
    data = image.read_bytes()
    if not data.startswith(b"\xff\xd8\xff"):
        raise SystemExit(f"{image}: expected a JPEG file")
    key = f"{item['id']:05d}"
    fields = {name: item[name] for name in ("id", "captions", "labels", "split", "author", "source") if name in item}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return [(f"{key}.jpg", data), (f"{key}.json", text.encode())]


def add(tar, name, data):
    info = tarfile.TarInfo(name)  # mode 0644, owner 0, time 0
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--items-per-shard", type=int, default=1000)
    parser.add_argument("--name", default="clipart")
    args = parser.parse_args()

    lines = (args.source / "dataset.jsonl").read_text(encoding="utf-8").splitlines()
    items = sorted((json.loads(line) for line in lines if line.strip()), key=lambda item: item["id"])
    args.out.mkdir(parents=True, exist_ok=True)
    for shard, first in enumerate(range(0, len(items), args.items_per_shard)):
        path = args.out / f"{args.name}-{shard:06d}.tar"
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
            for item in items[first : first + args.items_per_shard]:
                for name, data in members(item, args.source):
                    add(tar, name, data)
        data = path.read_bytes()
        print(f"{path.name}  {len(data)} bytes  sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
