#!/usr/bin/env bash
# transhash on a part of the embedded clip art (several labels an image): a run that is stopped and resumed, or computed
# on one thread, ends with the same bytes; every method trains or is fitted; frozen blocks' tokens in memory and in a file
# give the same; bad input gives one line and the right exit status.
# usage: transhash.sh TRANSHASH TRANSHASH_LOGISTIC SOURCE_DIR WORK_DIR
set -euo pipefail
app=$1 logistic=$2 source=$3 work=$4
rm -rf "$work" && mkdir -p "$work" && cd "$work"
fail() { echo "FAILED: $*" >&2; exit 1; }
quietly() { "$@" >log.txt 2>&1 || { cat log.txt >&2; fail "$*"; }; }
python3 "$source/tests/app/write_slice.py" "$source/examples/vit2cmh/data/clipart" slice 640 20 60
data=(--data slice)
small=(train "${data[@]}" --model tiny --bits 16 --batch 32 --val-share 0 --seed 5)
sums() { (cd "$1" && sha256sum model.safetensors checkpoints/step_*/model.safetensors checkpoints/step_*/optim.safetensors); }

echo "== a run, the same on one thread, and the same stopped and resumed"
run=("${small[@]}" --epochs 1)
quietly "$app" "${run[@]}" --out whole --json whole.json
quietly "$app" "${run[@]}" --out one_thread --threads 1
diff <(sums whole) <(sums one_thread) || fail "one and two threads differ"
quietly "$app" "${run[@]}" --out stopped --stop-after-steps 11
quietly "$app" "${run[@]}" --out stopped --resume
diff <(sums whole | grep -v step_00000011) <(sums stopped | grep -v step_00000011) || fail "stopped and resumed"
diff <(grep -o '"loss":[^,]*' whole/metrics.jsonl) <(grep -o '"loss":[^,]*' stopped/metrics.jsonl) || fail "losses after a stop"
quietly "$app" eval --checkpoint whole "${data[@]}" --json eval.json
quietly "$app" encode --checkpoint whole "${data[@]}" --split test --out codes.npy
python3 - <<'PY' || fail "results are not as promised"
import json
steps = [v for v in map(json.loads, open("whole/metrics.jsonl")) if "loss" in v]
assert [s["step"] for s in steps] == list(range(1, 21)), len(steps)
assert all(abs(s["cauchy"] + 0.1 * s["cauchy_quantisation"] - s["loss"]) < 1e-4 * s["loss"] for s in steps)
assert steps[1]["lr"] > steps[0]["lr"] and steps[-1]["lr"] < steps[10]["lr"]  # warm-up, then a cosine
result, again = json.load(open("whole/results.json"))["eval"], json.load(open("eval.json"))
assert result == again and json.load(open("whole.json"))["results"] == again
figures = again["image_to_image"]
assert figures["queries"] == 60 and figures["database"] == 640 and 0 < figures["map_all"] < 1
split = json.load(open("whole/split.json"))
assert len(split["classes"]) == 28 and split["train"]["items"] == 640 and split["query"]["items"] == 60
head = open("codes.npy", "rb").read(128)
assert b"(60, 2)" in head and b"'|u1'" in head, head
PY

echo "== every method, every ablation"
for method in hashnet dch dpsh dsh csq greedyhash; do
  quietly "$app" "${small[@]}" --method $method --bits 48 --epochs 1 --stop-after-steps 3 --out "m_$method"
done
for flag in no-cauchy no-dual-stream no-quantisation; do
  quietly "$app" "${small[@]}" --$flag --bits 32 --epochs 1 --stop-after-steps 3 --out "a_$flag"
done
for method in itq lsh; do
  quietly "$app" "${small[@]}" --method $method --epochs 0 --out "m_$method"
  grep -q map_all "m_$method/results.json" || fail "$method has no results"
done
python3 - <<'PY' || fail "losses are not as promised"
import json, math
def first(run): return json.loads(open(run + "/metrics.jsonl").readline())
terms = {"m_hashnet": {"logistic"}, "m_dch": {"cauchy", "cauchy_quantisation"}, "m_dpsh": {"logistic", "quantisation"},
         "m_dsh": {"contrastive", "quantisation"}, "m_csq": {"central", "quantisation"},
         "m_greedyhash": {"cross_entropy", "quantisation"}, "a_no-cauchy": {"logistic", "cauchy_quantisation"},
         "a_no-dual-stream": {"cauchy", "cauchy_quantisation"}, "a_no-quantisation": {"cauchy", "cauchy_quantisation"}}
for run, names in terms.items():
    line = first(run)
    assert names == set(line) - {"step", "epoch", "loss", "grad_norm", "lr", "seconds"}, (run, line)
    assert math.isfinite(line["loss"]) and line["grad_norm"] > 0
assert first("a_no-quantisation")["loss"] == first("a_no-quantisation")["cauchy"]
PY

echo "== frozen blocks: tokens in memory, in a file, and taken from the file"
frozen=("${small[@]}" --freeze-common yes --epochs 1)
quietly "$app" "${frozen[@]}" --out memory
quietly "$app" "${frozen[@]}" --tokens kept --out file
diff <(sums memory | grep step) <(sums file | grep step) || fail "tokens in memory and in a file differ"
[[ $(ls kept | wc -l) == 1 ]] || fail "more than one file of tokens"
before=$(stat -c '%i %Y' kept/*)
quietly "$app" "${frozen[@]}" --tokens kept --out again
[[ $before == "$(stat -c '%i %Y' kept/*)" ]] || fail "the tokens were computed again"
quietly "$app" "${frozen[@]}" --tokens kept --seed 6 --stop-after-steps 1 --out other
[[ $(ls kept | wc -l) == 2 ]] || fail "tokens of other parameters were taken"
quietly "$app" eval --checkpoint file "${data[@]}" --json eval.json
quietly "$logistic" "${data[@]}" --model tiny --epochs 3 --tokens kept --seed 5 --json logistic.json
grep -q '"accuracy"' logistic.json || fail "no accuracy"
[[ $(ls kept | wc -l) == 2 ]] || fail "the regression does not take the same tokens"

echo "== bad input"
refused() {  # STATUS PATTERN COMMAND...
  local status=$1 pattern=$2 got=0
  shift 2
  "$@" >log.txt 2>&1 || got=$?
  [[ $got == "$status" ]] || { cat log.txt >&2; fail "status $got, expected $status: $*"; }
  grep -q -- "$pattern" log.txt || { cat log.txt >&2; fail "no '$pattern': $*"; }
}
refused 1 "code length: expected 16, 32, 48 or 64, got 24" "$app" "${small[@]}" --bits 24 --out bad
refused 1 "no-cauchy: method: expected transhash, got dch" "$app" "${small[@]}" --method dch --no-cauchy --out bad
refused 1 "epochs of itq, which is not trained: expected 0" "$app" "${small[@]}" --method itq --epochs 3 --out bad
refused 2 "method" "$app" "${small[@]}" --method sift --out bad
refused 1 "pretrained weights" env HASHWEAVE_CACHE="$work/none" "$app" "${small[@]}" --model dinov2-s --out bad
refused 1 "in the query and the database set" "$app" "${small[@]}" --query train --database train --out bad
mkdir two && cp "$source"/tests/fuzz/corpus/image/tiny.png two/a.png && echo broken >two/b.png
line() { echo "{\"image\": \"$1.png\", \"split\": \"$2\"${3:-}}"; }
{ line a train ', "id": 1'; line a test ', "id": 2'; } >two/dataset.jsonl
refused 1 "labels: expected at least 1, got 0" "$app" train --data two --model tiny --out bad
{ line a train ', "id": 1, "labels": ["x"]'; line a train ', "id": 2, "labels": ["y"]'; line b train ', "id": 3, "labels": ["x"]'
  line a test ', "id": 4, "labels": ["z"]'; line a rest ', "id": 5, "labels": ["x", "z"]'; } >two/dataset.jsonl
refused 1 "b.png" "$app" train --data two --model tiny --batch 2 --epochs 1 --bits 16 --out bad_image
cp two/a.png two/b.png  # now a query's class is none of the training's, and some batches have no similar pair
quietly "$app" train --data two --model tiny --batch 2 --epochs 2 --bits 16 --out unseen_class
echo "ok"
