#!/usr/bin/env bash
# satah on made-up features: it learns, each method and ablation trains, a run that was stopped goes on bit for bit, on any
# number of threads; a stored model gives the same figures and codes; wrong input gives one line and the right status.
# usage: satah.sh SATAH SOURCE_DIR WORK_DIR
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
  grep -Eq -e "$regex" err.txt || { cat err.txt >&2; fail "'$regex' not in: $*"; }
}
number() { python3 -c 'import functools, json, sys; print(functools.reduce(lambda x, k: x[k], sys.argv[2:], json.load(open(sys.argv[1]))))' "$@"; }
holds() { python3 -c "import sys; a = [float(x) for x in sys.argv[1:]]; sys.exit(not ($1))" "${@:2}"; }

python3 "$source/tests/app/write_features.py" features.npz
common=(--data features.npz --bits 16 --batch 32 --threads 2 --seed 3 --rate 1e-3 --label-epochs 2)

echo "it learns"
quietly "$app" train "${common[@]}" --out untrained --epochs 0
quietly "$app" train "${common[@]}" --out run --epochs 3 --val-share 0.1 --dropout 0.2
for way in image_to_text text_to_image; do
  before=$(number untrained/results.json eval $way map_all) after=$(number run/results.json eval $way map_all)
  holds 'a[0] < 0.75 and a[1] > 0.85' "$before" "$after" || fail "$way: mAP $before untrained, $after trained"
done
for term in triplet alignment quantisation adversarial discriminators; do
  grep -q "\"$term\":[0-9]" run/metrics.jsonl || fail "no $term in the log"
done

echo "a run that was stopped goes on bit for bit, on another number of threads"
quietly "$app" train "${common[@]}" --out cut --epochs 3 --val-share 0.1 --dropout 0.2 --stop-after-steps 8
quietly "$app" train "${common[@]}" --out cut --epochs 3 --val-share 0.1 --dropout 0.2 --resume --threads 1
cmp run/model.safetensors cut/model.safetensors || fail "another model after --resume"
cmp <(grep -o '"loss":[^,]*' run/metrics.jsonl) <(grep -o '"loss":[^,]*' cut/metrics.jsonl) || fail "other losses"

echo "the stored model"
quietly "$app" eval --checkpoint run --data features.npz --threads 1 --json eval.json
[[ $(number eval.json text_to_image map_all) == "$(number run/results.json eval text_to_image map_all)" ]] ||
  fail "eval gives other figures than train"
quietly "$app" encode --checkpoint run --data features.npz --of text --split test --out codes.npy
[[ $(wc -l <codes.npy.ids.txt) -eq 80 && $(tail -c 160 codes.npy | wc -c) -eq 160 ]] || fail "codes"

echo "ablations"
declare -A without=([no-triplet]=triplet [no-semantic-alignment]=alignment [no-quantisation]=quantisation [no-gan]=adversarial)
for flag in "${!without[@]}"; do
  quietly "$app" train "${common[@]}" --out "$flag" --epochs 1 --$flag
  holds 'all(x == 0 for x in a)' $(grep -o "\"${without[$flag]}\":[^,}]*" "$flag/metrics.jsonl" | cut -d: -f2) || fail "$flag"
done
grep -q discriminators no-gan/metrics.jsonl && fail "--no-gan trained discriminators"
quietly "$app" train "${common[@]}" --out no-label-network --epochs 2 --no-label-network --hardest --ungraded --root
holds 'a[0] < 0.2' "$(number no-label-network/results.json prepared_seconds)" || fail "--no-label-network trained one"

echo "rivals, other code lengths"
lengths=(32 64 128 16)
for method in dcmh triplet infonce vit2cmh-loss; do
  quietly "$app" train "${common[@]}" --bits "${lengths[0]}" --out "$method" --epochs 1 --method "$method"
  holds 'a[0] > 0.5' "$(number "$method/results.json" eval image_to_text map_all)" || fail "$method"
  lengths=("${lengths[@]:1}")
done
quietly "$app" mean "a=dcmh/results.json" "b=run/results.json" "b=cut/results.json" --json mean.json
[[ $(number mean.json b image_to_text map_all mean) == "$(number run/results.json eval image_to_text map_all)" ]] || fail "mean"

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
expect 1 'kind of code: expected image or text, got fused' encode --checkpoint run --data features.npz --of fused --split test --out y.npy
expect 1 'columns of the image features: expected 40, got 12' eval --checkpoint run --data swapped.npz
expect 1 'at least 2, got 1' train --data features.npz --out x2 --batch 1
expect 1 'text features: expected a matrix' train --data images.npz --out x3
expect 1 'labels: expected at least 1, got 0' train --data unlabelled.npz --out x4
expect 1 'share: expected 0 to 1, got 2' train --data features.npz --out x5 --blend 2
expect 1 'margin: expected more than 0' train --data features.npz --out x6 --margin 0
expect 2 'hashnet' train --data features.npz --out x7 --method hashnet
echo "satah: all well"
