#!/usr/bin/env bash
# bsth on made-up features: it learns, a run that was stopped goes on bit for bit, a stored model gives the same figures
# and codes; wrong input gives one line and the right exit status.
# usage: bsth.sh BSTH SOURCE_DIR WORK_DIR
set -euo pipefail
app=$1 source=$2 work=$3
rm -rf "$work" && mkdir -p "$work" && cd "$work"
fail() { echo "FAILED: $*" >&2; exit 1; }
quietly() { "$@" >log.txt 2>&1 || { cat log.txt >&2; fail "$*"; }; }
# expect STATUS REGEX ARGUMENTS...: that status, and a last line on standard error that matches
expect() {
  local status=$1 regex=$2 got=0
  shift 2
  "$app" "$@" >out.txt 2>err.txt || got=$?
  [[ $got -eq $status ]] || { cat err.txt >&2; fail "status $got instead of $status: $*"; }
  tail -n 1 err.txt | grep -Eq -e "$regex" || { cat err.txt >&2; fail "'$regex' not in: $*"; }
}
number() { python3 -c 'import functools, json, sys; print(functools.reduce(lambda x, k: x[k], sys.argv[2:], json.load(open(sys.argv[1]))))' "$@"; }

python3 "$source/tests/app/write_features.py" features.npz
common=(--data features.npz --bits 16 --batch 32 --threads 2 --seed 3 --dropout 0.1 --standardise --schedule cosine
  --beta-codes 1 --gamma-quantisation 1 --gamma-similarity 10 --gamma-balance 0.0001)

echo "it learns"
quietly "$app" train "${common[@]}" --out untrained --epochs 0
quietly "$app" train "${common[@]}" --out run --epochs 5 --val-share 0.1
before=$(number untrained/results.json eval fused_to_fused map_all) after=$(number run/results.json eval fused_to_fused map_all)
python3 -c "import sys; before, after = map(float, sys.argv[1:]); sys.exit(not (before < 0.8 and after > 0.93))" "$before" "$after" ||
  fail "mAP $before untrained, $after trained"
grep -q 'two most alike differ in' log.txt || fail "nothing said of the prototypes"
grep -q '"cosine_targets"' run/metrics.jsonl || fail "the loss's terms are not in the log"

echo "a run that was stopped goes on bit for bit"
quietly "$app" train "${common[@]}" --out cut --epochs 5 --val-share 0.1 --stop-after-steps 9
quietly "$app" train "${common[@]}" --out cut --epochs 5 --val-share 0.1 --resume
cmp run/model.safetensors cut/model.safetensors || fail "another model after --resume"

echo "the stored model"
quietly "$app" eval --checkpoint run --data features.npz --threads 1 --json eval.json
[[ $(number eval.json fused_to_fused map_all) == "$after" ]] || fail "eval gives other figures than train"
quietly "$app" encode --checkpoint run --data features.npz --of fused --split test --out codes.npy
[[ $(wc -l <codes.npy.ids.txt) -eq 80 && $(tail -c 160 codes.npy | wc -c) -eq 160 ]] || fail "codes"
quietly "$app" mean "x=run/results.json" "x=cut/results.json" --json mean.json
[[ $(number mean.json x fused_to_fused map_all mean) == "$after" ]] || fail "mean"

echo "the paper's setting, a last batch of one item, other code lengths"
python3 "$source/tests/app/write_features.py" odd.npz 33 20
quietly "$app" train --data odd.npz --out paper --bits 32 --epochs 2 --batch 32 --prototype-epochs 5 --threads 2
[[ $(wc -l <paper/metrics.jsonl) -eq 2 ]] || fail "a batch of one item was a step"
quietly "$app" train --data odd.npz --out signed --bits 16 --epochs 1 --batch 16 --prototype-epochs 5 --balance signed --threads 2

echo "wrong input"
python3 - <<'PY'
import zipfile
whole = zipfile.ZipFile("features.npz")
def copy(name, rename):
    with zipfile.ZipFile(name, "w") as out:
        for entry in whole.namelist():
            if to := rename(entry): out.writestr(to, whole.read(entry))
copy("swapped.npz", lambda n: {"I": "T", "T": "I", "L": "L"}[n[0]] + n[1:])
copy("images.npz", lambda n: None if n[0] == "T" else n)
copy("unlabelled.npz", lambda n: None if n[0] == "L" else n)
PY
expect 1 'expected one of 16, 32, 64, 128, got 20' train --data features.npz --out x1 --bits 20
expect 1 'kind of code: expected fused' encode --checkpoint run --data features.npz --of image --split test --out y.npy
expect 1 'columns of the image features: expected 40, got 12' eval --checkpoint run --data swapped.npz
expect 1 'at least 2, got 1' train --data features.npz --out x2 --batch 1
expect 1 'text features: expected a matrix' train --data images.npz --out x3
expect 1 'labels: expected at least 1, got 0' train --data unlabelled.npz --out x5
expect 2 '' train --data features.npz --out x4 --balance both
echo "bsth: all well"
