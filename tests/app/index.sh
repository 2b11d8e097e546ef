#!/usr/bin/env bash
# The app's indexes: built, changed, looked into, searched and exported, with answers compared with naive ones; wrong input
# gives one line and the right exit status.
# usage: index.sh VIT2CMH WORK_DIR
set -euo pipefail
app=$1 work=$2
rm -rf "$work" && mkdir -p "$work" && cd "$work"
fail() { echo "FAILED: $*" >&2; exit 1; }
quietly() { "$@" >log.txt 2>&1 || { cat log.txt >&2; fail "$*"; }; }
# expect STATUS REGEX ARGUMENTS...: that status, and one line on standard error that matches
expect() {
  local status=$1 regex=$2 got=0
  shift 2
  "$app" "$@" >out.txt 2>err.txt || got=$?
  [[ $got -eq $status ]] || { cat err.txt >&2; fail "status $got instead of $status: $*"; }
  [[ $(wc -l <err.txt) -eq 1 || $status -eq 2 ]] || { cat err.txt >&2; fail "not one line: $*"; }
  grep -Eq -e "$regex" err.txt || { cat err.txt >&2; fail "'$regex' not in: $*"; }
}

cat >naive.py <<'PY'
"""Codes and vectors made up, files of them, and the answers that searches must give."""
import array, ast, json, random, struct

def write_npy(name, descr, width, data):
    size = {"|u1": 1, "<f4": 4}[descr]
    head = repr({"descr": descr, "fortran_order": False, "shape": (len(data) // width // size, width)}).encode()
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    open(name, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data)

def read_npy(name):
    data = open(name, "rb").read()
    end = 10 + int.from_bytes(data[8:10], "little")
    (rows, width) = ast.literal_eval(data[10:end].decode())["shape"]
    return [data[end + width * i:end + width * (i + 1)] for i in range(rows)]

def lines(name, values):
    open(name, "w").write("".join(f"{value}\n" for value in values))

def packed(row):
    return bytes(sum((row[8 * k + j] > 0) << (7 - j) for j in range(8)) for k in range(len(row) // 8))

draw = random.Random(7)
vectors = lambda n: [[draw.uniform(-1, 1) for _ in range(64)] for _ in range(n)]
floats = lambda rows: array.array("f", [x for row in rows for x in row])
centres = vectors(12)
near = lambda c: [x + draw.gauss(0, 0.4) for x in c]
gallery = [near(draw.choice(centres)) for _ in range(700)]
questions = [near(c) for c in centres[:6]]
ids = draw.sample(range(-1000, 5000), 700)
codes = dict(zip(ids, map(packed, gallery)))
first, more = ids[:600], ids[600:]

def naive(items, query, k=None, radius=64):
    distance = lambda code: bin(int.from_bytes(code, "big") ^ int.from_bytes(query, "big")).count("1")
    hits = sorted((d, id) for id, code in items.items() if (d := distance(code)) <= radius)
    return hits if k is None else hits[:k]

def check(name, items, **how):
    results = json.load(open(name))["results"]
    assert [r["query"] for r in results] == list(range(len(questions)))
    for result, question in zip(results, questions):
        assert [h["rank"] for h in result["hits"]] == list(range(1, len(result["hits"]) + 1))
        got = [(h["distance"], h["id"]) for h in result["hits"]]
        assert got == naive(items, packed(question), **how), (name, got, naive(items, packed(question), **how))

def make_files():
    write_npy("codes.npy", "|u1", 8, b"".join(codes[i] for i in first))
    lines("codes.npy.ids.txt", first)
    write_npy("more.npy", "|u1", 8, b"".join(codes[i] for i in more))
    lines("more.ids", more)
    write_npy("queries.npy", "|u1", 8, b"".join(map(packed, questions)))
    write_npy("queries_f.npy", "<f4", 64, floats(questions).tobytes())
    write_npy("vectors.npy", "<f4", 64, floats(gallery).tobytes())
    lines("vectors.npy.ids.txt", ids)
    write_npy("named.npy", "|u1", 8, b"".join(codes[i] for i in first[:20]))
    lines("named.npy.ids.txt", [f"a folder/picture {i}.jpg" for i in range(20)])
    write_npy("owned.npy", "|u1", 8, b"".join(codes[i] for i in first[:20]))
    lines("owned.npy.ids.txt", [i // 5 for i in range(20)])
    write_npy("wide.npy", "|u1", 16, bytes(16 * 9))
    write_npy("odd.npy", "|u1", 5, bytes(5 * 9))
    write_npy("none.npy", "|u1", 8, b"")
    lines("twice.ids", [1] + list(range(1, 600)))
    lines("short.ids", range(599))
    lines("gone.ids", first[100:250] + [9999])
PY
cat >make.py <<'PY'
from naive import *
make_files()
PY
python3 make.py

echo "== build: the same answers from codes, indexes with and without tables, and FAISS's file"
quietly "$app" index build --codes codes.npy --out scan.idx --search scan --json built.json
quietly "$app" index build --codes codes.npy --out mih.idx --search mih
quietly "$app" index build --codes codes.npy --out codes.faiss --format faiss
for file in codes.npy scan.idx mih.idx codes.faiss; do
  quietly "$app" search --index "$file" --codes queries.npy -k 7 --json "$file.k.json"
  quietly "$app" search --index "$file" --codes queries_f.npy --radius 20 --threads 2 --json "$file.radius.json"
  quietly "$app" search --index "$file" --codes queries.npy -k 100000 --threads 1 --json "$file.all.json"
  quietly "$app" index info --index "$file" --json "$file.info.json"
  quietly "$app" index verify --index "$file"
done

echo "== add and remove, exports"
for file in scan.idx mih.idx; do
  cp "$file" "changed.$file"
  quietly "$app" index add --index "changed.$file" --codes more.npy --ids more.ids --json added.json
  quietly "$app" index remove --index "changed.$file" --ids gone.ids --json removed.json
  quietly "$app" index verify --index "changed.$file"
  quietly "$app" index info --index "changed.$file" --json "changed.$file.info.json"
  quietly "$app" search --index "changed.$file" --codes queries.npy -k 30 --json "changed.$file.json"
done
cp changed.mih.idx one.idx
quietly "$app" index remove --index one.idx --ids "$(sed -n 1p gone.ids),$(sed -n 1p more.ids),9999" --json one.json
quietly "$app" index add --index one.idx --codes named.npy --json one_added.json  # ids follow the largest ever
for format in npy faiss postgres jsonl; do
  quietly "$app" index export --index changed.mih.idx --format "$format" --out "out.$format"
  quietly "$app" index verify --index "out.$format"
  quietly "$app" index build --codes "out.$format" --out "back.$format.idx"
  quietly "$app" search --index "back.$format.idx" --codes queries.npy -k 30 --json "back.$format.json"
done
cmp <("$app" index export --index codes.faiss --format jsonl --out a.jsonl >/dev/null; cat a.jsonl) \
  <("$app" index export --index codes.npy --format jsonl --out b.jsonl >/dev/null; cat b.jsonl) || fail "exports differ"

echo "== names: kept beside the index, by id"
quietly "$app" index build --codes named.npy --out named.idx
quietly "$app" index build --codes owned.npy --out owned.idx
quietly "$app" search --index named.idx --codes queries.npy -k 3 --json named.json
quietly "$app" search --index named.npy --codes queries.npy -k 3 --json named_npy.json
quietly "$app" search --index owned.idx --codes queries.npy -k 3 --json owned.json
"$app" search --index named.idx --codes queries.npy -k 1 | grep -q 'picture' || fail "no names in the output"
cp named.idx grown.idx && cp named.idx.names.txt grown.idx.names.txt
seq 100 119 | sed 's/^/a cat, number /' >cats.txt
quietly "$app" index add --index grown.idx --codes named.npy --names cats.txt
quietly "$app" index remove --index grown.idx --ids 0,25,39
quietly "$app" index export --index grown.idx --format npy --out grown.npy
quietly "$app" index build --codes none.npy --out none.idx
quietly "$app" search --index none.idx --codes queries.npy --json none.json
quietly "$app" index info --index none.idx

echo "== re-ranking"
quietly "$app" search --index scan.idx --codes queries_f.npy -k 5 --rerank asymmetric --json asymmetric.json
quietly "$app" search --index mih.idx --codes queries_f.npy -k 5 --rerank vectors.npy --shortlist 40 --json cosine.json

cat >check.py <<'PY'
from naive import *
import math
half = {id: codes[id] for id in first}
for file in "codes.npy", "scan.idx", "mih.idx", "codes.faiss":
    check(file + ".k.json", half, k=7)
    check(file + ".radius.json", half, radius=20)
    check(file + ".all.json", half)
    info = json.load(open(file + ".info.json"))
    assert (info["codes"], info["bits"], info["names"]) == (600, 64, 0), info
    assert info["bytes_per_code"] == info["bytes"] / 600
    assert info["format"] == {"npy": "npy", "idx": "hashweave", "faiss": "faiss"}[file.split(".")[1]]
assert json.load(open("codes.npy.k.json"))["k"] == 7
built = json.load(open("built.json"))
assert (built["codes"], built["bits"], built["format"], built["file"]) == (600, 64, "hashweave", "scan.idx")
info = json.load(open("mih.idx.info.json"))
assert info["version"] == 1 and info["generation"] == 1 and len(info["parts"]) == 1
assert info["parts"][0]["tables"]["chunks"] * info["parts"][0]["tables"]["width"] <= 64
assert json.load(open("scan.idx.info.json"))["parts"] == [{"codes": 600, "removed": 0, "tables": None}]

added, removed = json.load(open("added.json")), json.load(open("removed.json"))
assert (added["added"], added["codes"]) == (100, 700), added
assert (removed["removed"], removed["missing"], removed["codes"]) == (150, 1, 550), removed
now = {id: code for id, code in codes.items() if id not in first[100:250]}
for file in "changed.scan.idx", "changed.mih.idx":
    check(file + ".json", now, k=30)
    info = json.load(open(file + ".info.json"))
    assert info["generation"] == 3 and info["codes"] == 550, info
    assert sum(part["codes"] for part in info["parts"]) == 550
for format in "npy", "faiss", "postgres", "jsonl":
    check(f"back.{format}.json", now, k=30)
assert read_npy("out.npy") == [now[id] for id in sorted(now)]
one = json.load(open("one.json"))
assert (one["removed"], one["missing"]) == (1, 2), one
largest = max(ids)
names = dict(line.rstrip("\n").split("\t") for line in open("one.idx.names.txt"))
assert names == {str(largest + 1 + i): f"a folder/picture {i}.jpg" for i in range(20)}, names

twenty = dict(enumerate(codes[id] for id in first[:20]))
for file in "named", "named_npy", "owned":
    check(file + ".json", twenty, k=3)
    for result in json.load(open(file + ".json"))["results"]:
        for hit in result["hits"]:
            assert hit["name"] == (str(hit["id"] // 5) if file == "owned" else f"a folder/picture {hit['id']}.jpg")
names = dict(line.rstrip("\n").split("\t") for line in open("grown.npy.names.txt"))
expected = {i: f"a folder/picture {i}.jpg" for i in range(20)} | {i: f"a cat, number {i + 80}" for i in range(20, 40)}
for id in 0, 25, 39:
    del expected[id]
assert names == {str(id): name for id, name in expected.items()}, names
assert [int(line) for line in open("grown.npy.ids.txt")] == sorted(expected)
assert json.load(open("none.json"))["results"] == [{"query": q, "hits": []} for q in range(6)]

def reranked(question, score, shortlist, k):
    hits = [(id, d, score(id)) for d, id in naive(half, packed(question), shortlist)]
    return sorted(hits, key=lambda h: (-h[2], h[1], h[0]))[:k]
def asymmetric(question):
    sign = lambda code, j: 1 if code[j // 8] >> (7 - j % 8) & 1 else -1
    return lambda id: sum(x * sign(codes[id], j) for j, x in enumerate(question)) / 64
def cosine(question):
    rows = dict(zip(ids, gallery))
    norm = lambda v: math.sqrt(sum(x * x for x in v))
    return lambda id: sum(a * b for a, b in zip(question, rows[id])) / norm(question) / norm(rows[id])
for file, score, shortlist in ("asymmetric.json", asymmetric, 50), ("cosine.json", cosine, 40):
    for result, question in zip(json.load(open(file))["results"], questions):
        wanted = reranked(question, score(question), shortlist, 5)
        assert [(h["id"], h["distance"]) for h in result["hits"]] == [h[:2] for h in wanted], (file, result, wanted)
        assert all(abs(h["score"] - w[2]) < 1e-5 for h, w in zip(result["hits"], wanted)), (file, result, wanted)
PY
python3 check.py || fail "answers or files are not as promised"

echo "== wrong input"
expect 2 'required' index build --codes codes.npy
expect 2 'subcommand' index
expect 2 'format' index build --codes codes.npy --out bad.idx --format zip
expect 2 'search' index build --codes codes.npy --out bad.idx --search magic
expect 2 'of --format hashweave' index build --codes codes.npy --out bad.idx --format faiss --search mih
expect 1 'missing.npy' index build --codes missing.npy --out bad.idx
expect 1 'make.py: kind of file' index build --codes make.py --out bad.idx
expect 1 'twice.ids: ids: expected each once, got 1 twice' index build --codes codes.npy --ids twice.ids --out bad.idx
expect 1 'short.ids: lines, one a code: expected 600, got 599' index build --codes codes.npy --ids short.ids --out bad.idx
expect 1 'cats.txt: lines, one a code: expected 600, got 20' index build --codes codes.npy --names cats.txt --out bad.idx
expect 1 'named.npy.ids.txt, line 1: id' index build --codes named.npy --ids named.npy.ids.txt --out bad.idx
expect 1 'odd.npy: .*bits of the codes: expected one of 16, .*, got 40' index build --codes odd.npy --out bad.idx
expect 1 'no/such/folder' index build --codes codes.npy --out no/such/folder/bad.idx
[[ ! -e bad.idx && ! -e bad.idx.names.txt ]] || fail "something was left under the name of a file that failed"
cp scan.idx kept.idx && sum=$(sha256sum <kept.idx)
expect 1 'kept.idx: .*ids: expected each once' index add --index kept.idx --codes codes.npy
expect 1 'kept.idx: .*bits of the codes: expected 64, got 128' index add --index kept.idx --codes wide.npy
expect 1 'codes.faiss: kind of file to change: expected hashweave' index add --index codes.faiss --codes more.npy
expect 1 'missing.idx' index remove --index missing.idx --ids 1
expect 1 '--ids: ids: expected a file .*1,x' index remove --index kept.idx --ids 1,x
exec 9<kept.idx && flock -x 9
expect 1 'kept.idx: others who write to the file: expected none, got one' index add --index kept.idx --codes more.npy
expect 1 'kept.idx: others who write' index remove --index kept.idx --ids "$(sed -n 1p gone.ids)"
quietly "$app" search --index kept.idx --codes queries.npy
exec 9<&-
[[ $(sha256sum <kept.idx) == "$sum" ]] || fail "a change that failed changed the file"
expect 1 'make.py: kind of file' search --index make.py --codes queries.npy
expect 1 'missing.idx' search --index missing.idx --codes queries.npy
expect 1 'missing.npy' search --index scan.idx --codes missing.npy
expect 1 'scan.idx: bits of the codes.*: expected 128, got 64' search --index scan.idx --codes wide.npy
expect 2 'k' search --index scan.idx --codes queries.npy -k 0
expect 2 'radius' search --index scan.idx --codes queries.npy --radius -1
expect 2 'one of --codes' search --index scan.idx
expect 2 'need --checkpoint' search --index scan.idx --text 'a frog'
expect 2 'radius' search --index scan.idx --codes queries_f.npy --radius 3 --rerank asymmetric
expect 1 're-ranking: queries: expected real-valued' search --index scan.idx --codes queries.npy --rerank asymmetric
expect 1 'queries.npy: array: expected float32' search --index scan.idx --codes queries_f.npy --rerank queries.npy
expect 1 'id of a hit: expected one with a vector' search --index named.idx --codes queries_f.npy --rerank vectors.npy
expect 2 'format' index export --index scan.idx --out bad.zip --format zip
for at in 8 5000 8200 8800; do  # the head, the unused second head, codes
  cp mih.idx damaged.idx
  printf '\xa5' | dd of=damaged.idx bs=1 seek="$at" conv=notrunc status=none
  [[ $at -eq 5000 ]] || expect 1 'damaged.idx' index verify --index damaged.idx
done
for size in 0 4 4096 9000; do
  head -c "$size" mih.idx >cut.idx
  expect 1 'cut.idx' index verify --index cut.idx
  expect 1 'cut.idx' index info --index cut.idx
  expect 1 'cut.idx' search --index cut.idx --codes queries.npy
done
printf 'no tab\n' >kept.idx.names.txt
expect 1 'kept.idx.names.txt, line 1: line: expected id<TAB>name' index verify --index kept.idx
cp named.idx full.idx && cp named.idx.names.txt full.idx.names.txt && sum=$(cat full.idx* | sha256sum)
(trap '' XFSZ && ulimit -f 4 && expect 3 'full.idx: writing' index build --codes codes.npy --out full.idx)
[[ $(cat full.idx* | sha256sum) == "$sum" ]] || fail "a build without room on the disk changed the index"
! compgen -G '.*tmp*' >/dev/null || fail "temporary files were left"
echo "the index's checks passed"
