#!/usr/bin/env bash
# Compares one transformer block of ours with PyTorch's, in turn on the same threads, and prints a Markdown table.
#   benchmarks/peers/torch_block.sh [--rounds N] [--append]
# --append adds the table to docs/quality.md. PyTorch is installed under build/peers/venv, unless
# HASHWEAVE_TORCH_PYTHON names a python that has it. HASHWEAVE_THREADS: threads of both sides, by default one a core.
# HASHWEAVE_TORCH_COMPILE=0 leaves torch.compile out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benchmarks/peers/common.sh

rounds=8 append=''
read_options "rounds append" "$@"
source benchmarks/peers/torch.sh
build_peer bench block
block=build/bench/bin/peer_block
torch=benchmarks/peers/torch_block.py

"$block" --export build/peers/numbers
difference=$("$python" "$torch" check build/peers/numbers)
rm -r build/peers/numbers

# Each program warms up, then measures each of its parts twice; the programs take turns.
: >build/peers/lines.jsonl
for ((i = 0; i < rounds; ++i)); do
  "$block" 2 >>build/peers/lines.jsonl
  "$python" "$torch" measure 2 >>build/peers/lines.jsonl 2>build/peers/torch.log || { cat build/peers/torch.log && exit 1; }
done
grep 'torch.compile does not work' build/peers/torch.log | sort -u || true

"$python" "$torch" table build/peers/lines.jsonl "$(facts bench)Outputs and all gradients of both sides differ by at most \
$difference of the largest value." >build/peers/torch_block.md
cat build/peers/torch_block.md
if [[ -n $append ]]; then
  append_table "A transformer block beside PyTorch" build/peers/torch_block.md
fi
