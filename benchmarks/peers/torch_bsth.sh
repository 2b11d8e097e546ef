#!/usr/bin/env bash
# Compares BSTH's whole job, from features to the mAP of fused codes, with the same in PyTorch, one after the other on the same
# threads: PyTorch in the paper's setting, ours in that and in the shorter one (docs/bsth.md). Prints a Markdown table.
#   benchmarks/peers/torch_bsth.sh --data FOLDER/I_tr.npy [--bits 64] [--seed 1] [--precision f32|bf16] [--settings "short paper"]
# FOLDER: features and labels as the Wikipedia set has them. PyTorch and NumPy are installed under build/peers/venv, unless
# HASHWEAVE_TORCH_PYTHON names a python that has them. HASHWEAVE_THREADS: threads of both sides, by default one a core.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benchmarks/peers/common.sh

data='' bits=64 seed=1 precision=bf16 settings='short paper'
read_options "data bits seed precision settings" "$@"
[[ -n $data ]] || usage

source benchmarks/peers/torch.sh
need_packages numpy
build_program release bsth

work=$(mktemp -d -p build/peers)
trap 'rm -rf "$work"' EXIT
theirs=$(seconds "$python" benchmarks/peers/torch_bsth.py run "$data" "$bits" "$seed" "$precision" "$work/torch.json")
runs=()
for setting in $settings; do
  runs+=("setting \`$setting\`" "$work/${setting}_${bits}bits_seed$seed" "$(seconds examples/bsth/experiments/wikipedia.sh --data "$data" \
    --out "$work" --settings "$setting" --bits "$bits" --seeds "$seed" --threads "$HASHWEAVE_THREADS" -- --precision "$precision")")
done
"$python" benchmarks/peers/torch_bsth.py table "$(facts release)$precision, $bits bits, seed $seed." "$work/torch.json" "$theirs" "${runs[@]}"
