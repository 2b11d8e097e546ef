#!/usr/bin/env bash
# The app on a small slice of the embedded data: a run that is stopped, killed and resumed ends with the same bytes;
# every command gives what docs/app.md says; bad input gives one line and the right exit status.
# usage: run.sh VIT2CMH SOURCE_DIR WORK_DIR [--long]
set -euo pipefail
app=$1 source=$2 work=$3 long=${4:-}
embedded="$source/examples/vit2cmh/data/clipart"
rm -rf "$work" && mkdir -p "$work" && cd "$work"
python3 "$source/tests/app/write_slice.py" "$embedded" slice 200 40 100
clipart="$work/slice"
fail() { echo "FAILED: $*" >&2; exit 1; }
quietly() { "$@" >log.txt 2>&1 || { cat log.txt >&2; fail "$*"; }; }
small=(train --data "$clipart" --model tiny --bits 32 --lr 1e-4 --warmup 4 --limit-train 120 --seed 5)
long_run=("${small[@]}" --epochs 200)
epochs=3 && [[ -z $long ]] || epochs=6
steps=$((4 * epochs)) last=$(printf 'step_%08d' $((4 * epochs)))
small+=(--epochs "$epochs")
sums() { (cd "$1" && sha256sum model.safetensors checkpoints/step_*/model.safetensors checkpoints/step_*/optim.safetensors); }

echo "== a run, and the same on one thread"
quietly "$app" "${small[@]}" --out whole --json whole.json
step_memory() { sed -n 's/.*moments, up to \([0-9]*\) MiB a step.*/\1/p' log.txt; }
plain=$(step_memory)
quietly "$app" "${small[@]}" --out one_thread --threads 1
diff <(sums whole) <(sums one_thread) || fail "one and two threads differ"
python3 - "$steps" <<'PY' || fail "metrics or results are not as promised"
import json, sys
last = int(sys.argv[1])
steps, evaluations = [], []
for line in open("whole/metrics.jsonl"):
    value = json.loads(line)
    (evaluations if "eval" in value else steps).append(value)
assert [s["step"] for s in steps] == list(range(1, last + 1)), steps
assert all({"epoch", "loss", "triplet", "angular", "grad_norm", "lr", "seconds", "pairs_per_second"} <= set(s) for s in steps)
assert [e["step"] for e in evaluations] == list(range(4, last + 1, 4))
result = json.load(open("whole.json"))
assert result["finished"] and result["steps"] == last
for kind in "binary", "asymmetric", "continuous":
    for way in "image_to_text", "text_to_image":
        assert {"r1", "r5", "r10", "median_rank"} == set(result["results"][kind][way])
    assert 0 <= result["results"][kind]["rsum"] <= 600
assert {b["name"] for b in json.load(open("whole/results.json"))["baselines"]} == {"untrained", "random codes"}
PY

echo "== blocks computed again: the same model up to rounding, in less memory"
quietly "$app" "${small[@]}" --out again --recompute
[[ -n $plain && $(step_memory) -lt $plain ]] || { cat log.txt >&2; fail "--recompute saves nothing of $plain MiB"; }
python3 - <<'PY' || fail "--recompute changed the model"
import json
losses = [[v["loss"] for v in map(json.loads, open(f"{run}/metrics.jsonl")) if "loss" in v] for run in ("whole", "again")]
assert len(losses[0]) == len(losses[1]) > 0
assert all(abs(a - b) <= 2e-5 * max(1, abs(a)) for a, b in zip(*losses)), losses
PY

echo "== moments in bfloat16: half the file, the same on one thread and resumed, not mixed with others"
half=("${small[@]}" --moments bf16)
quietly "$app" "${half[@]}" --out half
quietly "$app" "${half[@]}" --out half_again --threads 1 --stop-after-steps 5
quietly "$app" "${half[@]}" --out half_again --resume
diff <(sums half) <(sums half_again) || fail "moments in bfloat16 depend on threads or sittings"
diff <(sums whole) <(sums half) >/dev/null && fail "--moments bf16 changes nothing"
python3 - "$last" <<'PY' || fail "moments in bfloat16 take more than half"
import os, sys
full, half = (os.path.getsize(f"{run}/checkpoints/{sys.argv[1]}/optim.safetensors") for run in ("whole", "half"))
assert 0.45 < half / full < 0.6, (full, half)
PY
refused=0 && "$app" "${small[@]}" --out half --resume >log.txt 2>&1 || refused=$?
[[ $refused == 1 ]] && grep -q moments log.txt || { cat log.txt >&2; fail "a run was resumed with other moments"; }

echo "== stopped and resumed"
final() { (cd "$1" && sha256sum model.safetensors "checkpoints/$last"/*.safetensors); }
stops=(1 5 8) && [[ -z $long ]] || mapfile -t stops < <(seq 20)
for stop in "${stops[@]}"; do
  rm -rf stopped
  quietly "$app" "${small[@]}" --out stopped --stop-after-steps "$stop"
  quietly "$app" "${small[@]}" --out stopped --resume
  diff <(final whole) <(final stopped) || fail "stopped after $stop steps"
  diff <(grep -o '"loss":[^,]*' whole/metrics.jsonl) <(grep -o '"loss":[^,]*' stopped/metrics.jsonl) || fail "losses after $stop"
done

echo "== killed and resumed"
kills=4 && [[ -z $long ]] || kills=25
rm -rf killed
for ((kill = 0; kill < kills; ++kill)); do
  resume=() && [[ ! -f killed/config.json ]] || resume=(--resume)
  "$app" "${small[@]}" --out killed --checkpoint-every 1 "${resume[@]}" >log.txt 2>&1 &
  sleep "$((RANDOM % 3)).$((RANDOM % 10))"
  kill -9 $! 2>/dev/null || true
  wait $! 2>/dev/null || true
done
quietly "$app" "${small[@]}" --out killed --checkpoint-every 1 --resume
diff <(final whole) <(final killed) || fail "killed $kills times"

echo "== a full disk ends the run and leaves the last checkpoint"
rm -rf full
quietly "$app" "${small[@]}" --out full --stop-after-steps 5
kept() { (cd full && find checkpoints -type f -exec sha256sum {} + | sort); }
before=$(kept)
full=0  # files of at most 12 MiB: room for the model, none for the moments
(trap '' XFSZ && ulimit -f 12288 && exec "$app" "${small[@]}" --out full --resume) >log.txt 2>err.txt || full=$?
[[ $full -eq 3 ]] || { cat err.txt >&2; fail "a full disk: exit status $full"; }
[[ $(grep '^vit2cmh: ' err.txt) == *optim.safetensors*File\ too\ large* ]] || { cat err.txt >&2; fail "a full disk: not one line that says so"; }
[[ $(kept) == "$before" ]] || fail "a full disk changed a checkpoint"
quietly "$app" "${small[@]}" --out full --resume
diff <(final whole) <(final full) || fail "resumed after a full disk"

echo "== a signal ends the run after its step; a damaged checkpoint is passed over"
rm -rf signalled
"$app" "${long_run[@]}" --checkpoint-every 1 --out signalled >log.txt 2>&1 &
checkpoints() { find signalled/checkpoints -maxdepth 1 -name 'step_????????' 2>/dev/null | wc -l; }
for ((wait = 0; wait < 600; ++wait)); do
  [[ $(checkpoints) -lt 2 ]] || break
  sleep 0.2
done
kill -TERM $! && wait $! || { cat log.txt >&2; fail "SIGTERM: exit status $?"; }
newest=$(ls -d signalled/checkpoints/step_* | tail -n 1)
printf 'x' | dd of="$newest/model.safetensors" bs=1 seek=5000 conv=notrunc status=none
"$app" "${long_run[@]}" --out signalled --resume --stop-after-steps 1 >log.txt 2>&1 || { cat log.txt; fail "resume"; }
grep -q "passed over: $(basename "$newest")" log.txt || { cat log.txt >&2; fail "the damage was not seen"; }

echo "== eval, encode, search, tokenize, info, report"
quietly "$app" eval --checkpoint whole --data "$clipart" --split test --folds 5 --ties expected --json eval.json
quietly "$app" encode --checkpoint whole --data "$clipart" --split test --modality image --out images.npy
quietly "$app" encode --checkpoint whole --data "$clipart" --split test --modality text --out texts.npy
for part in 0 1 2; do
  quietly "$app" encode --checkpoint whole --data "$clipart" --split test --modality image --shard "$part/3" --out "part$part.npy"
done
quietly "$app" search --index images.npy --codes texts.npy -k 7 --json hits.json
quietly "$app" search --index images.npy --checkpoint whole --text "a frog" --json one.json
quietly "$app" encode --checkpoint whole --data "$clipart" --split test --modality image --continuous --out relaxed.npy
quietly "$app" index build --codes images.npy --out images.index
quietly "$app" search --index images.index --codes texts.npy -k 7 --json index_hits.json
cmp hits.json index_hits.json || fail "codes and the index of them give other answers"
quietly "$app" search --index images.index --checkpoint whole --text "a frog" --json index_one.json
cmp one.json index_one.json || fail "codes and the index of them give another answer to a text"
quietly "$app" search --index images.index --checkpoint whole --text "a frog" -k 3 --rerank relaxed.npy --json cosine.json
quietly "$app" search --index images.index --checkpoint whole --text "a frog" -k 3 --rerank asymmetric --json asymmetric.json
mkdir -p pictures
tar -xf "$embedded/clipart-000000.tar" -C pictures 00000.jpg 00001.jpg 00002.jpg
printf '%s\n' pictures/00002.jpg "$PWD/pictures/00000.jpg" >list.txt
quietly "$app" encode --checkpoint whole --images pictures --out folder.npy
quietly "$app" encode --checkpoint whole --images list.txt --out list.npy
quietly "$app" index build --codes folder.npy --out folder.index
quietly "$app" search --index folder.index --checkpoint whole --image pictures/00001.jpg -k 1 --json picture.json
printf 'A frog, a cat.\n\nhello\n' | "$app" tokenize --vocab whole/vocab.txt >ids.txt
quietly "$app" info --json info.json
quietly "$app" report --run whole --out page.html
python3 - <<'PY' || fail "what the commands write is not as promised"
import ast, json
def npy(name):
    data = open(name, "rb").read()
    size = int.from_bytes(data[8:10], "little")
    head = ast.literal_eval(data[10:10 + size].decode())
    assert head["descr"] == "|u1" and not head["fortran_order"]
    return head["shape"], data[10 + size:]
(n, width), images = npy("images.npy")
(m, _), texts = npy("texts.npy")
assert width == 4
assert b"".join(npy(f"part{i}.npy")[1] for i in range(3)) == images, "the parts are not the whole"
ids = [int(line) for line in open("images.npy.ids.txt")]
row = lambda data, i: int.from_bytes(data[4 * i:4 * i + 4], "big")
hits = json.load(open("hits.json"))
assert hits["k"] == 7 and len(hits["results"]) == m
place = {id: i for i, id in enumerate(ids)}
for q, result in enumerate(hits["results"][:50]):
    distances = sorted((bin(row(texts, q) ^ row(images, d)).count("1"), d) for d in range(n))[:7]
    assert [(h["distance"], place[h["id"]]) for h in result["hits"]] == distances, q
    assert [h["rank"] for h in result["hits"]] == list(range(1, 8))
assert len(json.load(open("one.json"))["results"][0]["hits"]) == 10
for name in "cosine.json", "asymmetric.json":
    scores = [h["score"] for h in json.load(open(name))["results"][0]["hits"]]
    assert len(scores) == 3 and scores == sorted(scores, reverse=True) and -1 <= scores[2] <= scores[0] <= 1, scores
head = open("folder.npy", "rb").read()[:128].replace(b"(3, 4),", b"(1,16),")
open("wide.npy", "wb").write(head + bytes(16))
_, folder = npy("folder.npy")
assert npy("list.npy")[1] == folder[8:] + folder[:4], "a list gives other codes than a folder"
assert open("folder.npy.ids.txt").read().split("\n")[:2] == ["pictures/00000.jpg", "pictures/00001.jpg"]
nearest = json.load(open("picture.json"))["results"][0]["hits"][0]
assert nearest["distance"] == 0 and nearest["name"] == f"pictures/0000{nearest['id']}.jpg", nearest
lines = open("ids.txt").read().split("\n")
assert len(lines) == 4 and lines[1] == "2 3" and lines[0].startswith("2 ") and lines[0].endswith(" 3"), lines
assert len(json.load(open("eval.json"))["binary"]["folds"]) == 5
assert "tiny" in json.load(open("info.json"))["models"]
page = open("page.html").read()
assert page.startswith("<!DOCTYPE html>") or page.startswith("<!doctype html>")
PY

echo "== the same pictures and captions in every format of data sets give the same figures"
python3 "$source/tests/app/write_formats.py" "$embedded/clipart-000000.tar" formats
for format in dataset.jsonl karpathy coco/captions_test2017.json flickr table/captions.csv shards; do
  quietly "$app" eval --checkpoint whole --data "formats/$format" --images formats/images --json formats.json
  python3 -c 'import json; e = json.load(open("formats.json")); assert (e["images"], e["captions"]) == (30, 60), e' ||
    fail "$format: not all items"
  [[ -f first_format.json ]] || cp formats.json first_format.json
  cmp formats.json first_format.json || fail "$format gives other figures than dataset.jsonl"
done

echo "== codes that are centred and rotated"
quietly "$app" rotate --checkpoint whole --data "$clipart" --iterations 20 --out turned/model.safetensors --json turned.json
quietly "$app" encode --checkpoint turned/model.safetensors --data "$clipart" --split test --modality image --continuous --out turned.npy
quietly "$app" eval --checkpoint turned/model.safetensors --data "$clipart" --split test
quietly "$app" search --index images.npy --checkpoint turned/model.safetensors --text 'a frog'
python3 - <<'PY' || fail "rotate"
import array, ast, json
def relaxed(name):
    data = open(name, "rb").read()
    end = 10 + int.from_bytes(data[8:10], "little")
    rows, width = ast.literal_eval(data[10:end].decode())["shape"]
    values = array.array("f", data[end:])
    return [values[width * i:width * (i + 1)] for i in range(rows)]
result = json.load(open("turned.json"))
assert 0 < result["error_after"] < result["error_before"], result
before, after = relaxed("relaxed.npy"), relaxed("turned.npy")
assert len(before) == len(after) == 100
apart = lambda rows, i, j: sum((x - y) ** 2 for x, y in zip(rows[i], rows[j])) ** 0.5
assert any(abs(x - y) > 0.01 for x, y in zip(before[0], after[0])), "nothing was changed"
for i in range(0, 100, 7):  # a rotation: images are as far apart as before
    assert abs(apart(before, i, 99) - apart(after, i, 99)) < 1e-3, i
PY

echo "== bad input"
# expect STATUS REGEX ARGUMENTS...: that status, and one line on standard error that matches
expect() {
  local status=$1 regex=$2 got=0
  shift 2
  "$app" "$@" >out.txt 2>err.txt || got=$?
  [[ $got -eq $status ]] || { cat err.txt >&2; fail "status $got instead of $status: $*"; }
  [[ $(grep -c '^vit2cmh: ' err.txt) -eq 1 || $status -eq 2 ]] || { cat err.txt >&2; fail "not one line: $*"; }
  grep -Eq -e "$regex" err.txt || { cat err.txt >&2; fail "'$regex' not in: $*"; }
}
tiny=(--model tiny --out bad)
expect 1 'nowhere' train --data nowhere "${tiny[@]}"
grep -q '"cuda"' info.json ||
  expect 1 'model: backend: expected one that this program was built with: cpu' train --data "$clipart" "${tiny[@]}" --backend cuda
expect 1 'bits: expected one of 16' train --data "$clipart" "${tiny[@]}" --bits 48
expect 1 'name: expected one of tiny' train --data "$clipart" --model huge --out bad
expect 2 'backend' train --data "$clipart" "${tiny[@]}" --backend tpu
expect 2 'data' train "${tiny[@]}"
expect 2 'subcommand' frobnicate
expect 1 'or --resume to go on' "${small[@]}" --out whole
expect 1 '--bits of the run that goes on: expected 32, got 64' train --data "$clipart" --model tiny --bits 64 --lr 1e-4 \
  --warmup 4 --limit-train 120 --epochs "$epochs" --seed 5 --out whole --resume
expect 1 'whole.json' train --data "$clipart" --model dinov2-s+minilm --image-weights "$work/whole.json" \
  --text-weights "$work/whole.json" --out bad
mkdir -p set && printf 'not an image' >set/broken.png
line() { printf '{"id": %d, "image": "%s", "captions": ["%s"], "split": "%s"}\n' "$@"; }
for i in $(seq 0 40); do line "$i" broken.png "a thing number $i" train; done >set/dataset.jsonl
expect 1 'broken.png' train --data set "${tiny[@]}"
expect 1 'split test: expected at least 1 item' eval --checkpoint whole --data set --split test
expect 1 'at least 1 item|data set|items' train --data set "${tiny[@]}" --on-bad-item skip
tar -xf "$embedded/clipart-000000.tar" -C set --wildcards '*00.jpg' 2>/dev/null || true
picture=$(cd set && ls ./*.jpg | head -n 1)
words=$(for i in $(seq 5000); do printf 'word%d ' "$i"; done)
{ for i in $(seq 0 40); do line "$i" "$picture" "thing $i" train; done; line 41 "$picture" "$words" test; } >set/dataset.jsonl
quietly "$app" train --data set --model tiny --out long_caption --epochs 1
expect 1 'model.safetensors|run folder' eval --checkpoint set --data "$clipart"
head -c 2000 whole/model.safetensors >cut.safetensors
expect 1 'cut.safetensors' eval --checkpoint cut.safetensors --data "$clipart"
expect 1 'whole.json' search --index whole.json --codes texts.npy
expect 1 'missing.npy' search --index missing.npy --codes texts.npy
expect 1 'missing' encode --checkpoint whole --images missing --out bad.npy
expect 2 'one of --data, --images and --texts' encode --checkpoint whole --images pictures --texts list.txt --out bad.npy
expect 1 'bits of the codes.*: expected 32, got 128' search --index wide.npy --checkpoint whole --text 'a frog'
expect 1 'missing' eval --checkpoint missing --data "$clipart"
expect 1 'codes of the model: expected as they were trained, got rotated ones' rotate --checkpoint turned/model.safetensors \
  --data "$clipart" --out again.safetensors
echo "the app's checks passed"
