"""The first items of the embedded clip art's splits, in two shards.  usage: write_slice.py CLIPART_FOLDER FOLDER TRAIN VAL TEST"""
import glob
import json
import os
import sys
import tarfile

clipart, folder, *counts = sys.argv[1:]
os.makedirs(folder)
for shard in sorted(glob.glob(os.path.join(clipart, "*.tar")))[:2]:
    left = {split: int(count) // 2 for split, count in zip(("train", "val", "test"), counts)}
    with tarfile.open(shard) as tar, tarfile.open(os.path.join(folder, os.path.basename(shard)), "w") as out:
        files = {m.name: m for m in tar.getmembers() if m.isfile()}
        for name in sorted(n for n in files if n.endswith(".json")):
            split = json.load(tar.extractfile(files[name]))["split"]
            if left[split] == 0:
                continue
            left[split] -= 1
            for member in files[name[: -len("json")] + "jpg"], files[name]:
                out.addfile(member, tar.extractfile(member))
    assert not any(left.values()), left
