#!/usr/bin/env bash
# Compares the whole job, `vit2cmh train` from pictures and captions to recalls on the test split, with the same in PyTorch, one
# after the other on the same threads, and prints a Markdown table.
#   benchmarks/peers/torch_train.sh --data DATASET.json [--epochs 2] [--seed 1] [--precision f32|bf16] [--towers frozen|trained]
# DATASET.json: as Karpathy's, the pictures in `images` beside it. PyTorch, Pillow and tokenizers are installed under
# build/peers/venv, unless HASHWEAVE_TORCH_PYTHON names a python that has them. HASHWEAVE_THREADS: threads of both sides, by
# default one a core.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benchmarks/peers/common.sh

data='' epochs=2 seed=1 precision=bf16 towers=frozen
read_options "data epochs seed precision towers" "$@"
[[ -n $data ]] || usage

source benchmarks/peers/torch.sh
need_packages pillow numpy tokenizers
build_program release vit2cmh
tools/get_weights.sh >/dev/null
weights=${HASHWEAVE_CACHE:-$HOME/.cache/hashweave}

work=$(mktemp -d -p build/peers)
trap 'rm -rf "$work"' EXIT
frozen=() && [[ $towers == trained ]] || frozen=(--freeze-towers)
ours=$(seconds build/release/bin/vit2cmh train --data "$data" --out "$work/run" --model dinov2-s+minilm "${frozen[@]}" --bits 64 --batch 30 \
  --epochs "$epochs" --lr 1e-5 --head-lr 1e-4 --margin 0.2 --eta 0.1 --alpha 45 --warmup 100 --clip 2 --dropout 0.1 \
  --max-tokens 32 --seed "$seed" --precision "$precision" --threads "$HASHWEAVE_THREADS")
theirs=$(seconds "$python" benchmarks/peers/torch_train.py run "$data" "$weights" "$epochs" "$seed" "$precision" "$towers" "$work/torch.json")
"$python" benchmarks/peers/torch_train.py table "$(facts release)${precision}, towers $towers, seed $seed." "$work/run" "$ours" \
  "$work/torch.json" "$theirs"
