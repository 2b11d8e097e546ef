#!/usr/bin/env bash
# Builds vit2cmh, trains it on the embedded clip art, evaluates, searches, and writes a report.
# From a fresh Debian 12 it installs the packages that are missing. Run again, it goes on where it stopped.
#   ./demo.sh [FOLDER]     the run's folder, by default build/demo
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source tools/setup.sh

run=${1:-build/demo}
app=build/release/bin/vit2cmh
data=examples/vit2cmh/data/clipart
mkdir -p build
: >build/times.txt
setup_packages "${packages_build[@]}" python3-venv
timed configure build/configure.log cmake --preset release
timed 'build vit2cmh' build/release/build.log cmake --build --preset release --target vit2cmh convert_weights -j "$(nproc)"

# bf16 where the processor has it: several times faster
precision=f32 part=(--epochs 1 --limit-train 1200)
if "$app" info --json - | grep -q '"bf16": true'; then precision=bf16 part=(--epochs 2); fi
model=(--model dinov2-s+minilm --freeze-towers --head-lr 1e-4 --warmup 50 --precision "$precision" "${part[@]}")
echo
if ! tools/get_weights.sh --converter build/release/bin/convert_weights; then
  echo 'The pretrained towers could not be fetched: a small model is trained from scratch instead; expect little of it.'
  model=(--model tiny --lr 3e-4 --info-nce 1 --triplet 0 --epochs 10)
fi

echo
echo "== training: ${model[*]}"
resume=()
if [[ -f $run/config.json ]]; then resume=(--resume); fi
"$app" train --data "$data" --out "$run" --bits 64 --seed 2023 "${model[@]}" "${resume[@]}" --json "$run.json"

echo
echo '== searching: texts find pictures'
"$app" encode --checkpoint "$run" --data "$data" --split test --modality image --out "$run/pictures.npy" --precision "$precision"
"$app" encode --checkpoint "$run" --data "$data" --split test --modality text --out "$run/captions.npy" --precision "$precision" >"$run/encode.log"
for text in 'a bird' 'a red car'; do
  echo "\"$text\" finds pictures"
  "$app" search --checkpoint "$run" --index "$run/pictures.npy" --text "$text" -k 5
done
echo '== searching: a picture finds captions'
picture=$(tar -tf "$data/clipart-000002.tar" | grep '\.jpg$' | tail -n 1)
tar -xOf "$data/clipart-000002.tar" "$picture" >"$run/query.jpg"
echo "$picture finds captions (by the id of their picture)"
"$app" search --checkpoint "$run" --index "$run/captions.npy" --image "$run/query.jpg" -k 5

cat <<END

The report: $(cd "$run" && pwd)/report.html
Open it in a browser. What to read next: docs/app.md (train your own), examples/ (the course), ./test.sh
END
