#!/usr/bin/env bash
# Builds vit2cmh, trains it on the embedded clip art, evaluates, writes a report, builds an index and searches it.
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

# bf16 where the processor has it: several times faster. Without it there is time for forty steps only, which the paper's
# triplets hardly begin to learn in: InfoNCE, and larger steps.
precision=f32 part=(--epochs 1 --limit-train 1200 --head-lr 3e-4 --warmup 10 --triplet 0 --info-nce 1)
if "$app" info --json - | grep -q '"bf16": true'; then precision=bf16 part=(--epochs 2 --head-lr 1e-4 --warmup 50); fi
model=(--model dinov2-s+minilm --freeze-towers --precision "$precision" "${part[@]}")
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
echo '== an index of the test pictures, named by their captions'
for shard in "$data"/*.tar; do tar -xOf "$shard" --wildcards '*.json'; done | sed 's/}{/}\n{/g' |
  sed -nE 's/.*"captions":\["([^"]*)".*"split":"test".*/\1/p' >"$run/captions.txt"
"$app" encode --checkpoint "$run" --data "$data" --split test --modality image --out "$run/pictures.npy" --precision "$precision"
"$app" index build --codes "$run/pictures.npy" --names "$run/captions.txt" --out "$run/pictures.index"
for text in 'a bird' 'a red car'; do
  echo
  echo "== searching: the text \"$text\" finds pictures"
  "$app" search --index "$run/pictures.index" --checkpoint "$run" --text "$text" -k 5 --precision "$precision"
done
echo
picture=$(tar -tf "$data/clipart-000002.tar" | grep '\.jpg$' | tail -n 1)
tar -xOf "$data/clipart-000002.tar" "$picture" >"$run/query.jpg"
echo "== searching: the picture $picture finds pictures"
"$app" search --index "$run/pictures.index" --checkpoint "$run" --image "$run/query.jpg" -k 5 --precision "$precision"

cat <<END

The report: $(cd "$run" && pwd)/report.html
Open it in a browser. A page to search on: $app serve --index $run/pictures.index --checkpoint $run --data $data
What to read next: docs/app.md (train your own), examples/ (the course), ./test.sh
END
