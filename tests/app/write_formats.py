"""Thirty pictures with two captions each, in every format of data sets.  usage: write_formats.py SHARD.tar FOLDER"""
import csv
import io
import json
import os
import sys
import tarfile

shard, folder = sys.argv[1:]
with tarfile.open(shard) as tar:
    members = {m.name: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}
items = []
for name in sorted(n for n in members if n.endswith(".json"))[:30]:
    key = name[: -len(".json")]
    caption = " ".join(json.loads(members[name])["captions"][0].split())
    items.append((key + ".jpg", [caption, "a picture of " + caption]))
pairs = [(name, place, text) for name, captions in items for place, text in enumerate(captions)]


def write(path, content):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


for name, _ in items:
    write("images/" + name, members[name])
write("dataset.jsonl", "".join(
    json.dumps({"id": i, "image": name, "captions": captions, "split": "test"}) + "\n"
    for i, (name, captions) in enumerate(items)))
write("karpathy/dataset_pictures.json", json.dumps({"images": [
    {"filename": name, "imgid": i, "split": "test", "sentences": [{"raw": text} for text in captions]}
    for i, (name, captions) in enumerate(items)]}))
write("coco/captions_test2017.json", json.dumps({
    "images": [{"id": i, "file_name": name} for i, (name, _) in enumerate(items)],
    "annotations": [{"id": 2 * i + place, "image_id": i, "caption": text}
                    for i, (_, captions) in enumerate(items) for place, text in enumerate(captions)]}))
write("flickr/results.token", "".join(f"{name}#{place}\t{text}\n" for name, place, text in pairs))
write("flickr/pictures.testImages.txt", "".join(name + "\n" for name, _ in items))
table = io.StringIO()
rows = csv.writer(table)
rows.writerow(["image", "caption", "split"])
rows.writerows([name, text, "test"] for name, _, text in pairs)
write("table/captions.csv", table.getvalue())
archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode="w") as tar:
    for i, (name, captions) in enumerate(items):
        about = json.dumps({"id": i, "captions": captions, "split": "test"}).encode()
        for member, data in ((name, members[name]), (name[: -len(".jpg")] + ".json", about)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
write("shards/pictures-test-0.tar", archive.getvalue())
