#!/usr/bin/env bash
# Compares the work of the app's models with PyTorch's, in turn on the same threads, and prints Markdown tables.
#   benchmarks/peers/torch_vit2cmh.sh [--parts "NAME NAME"] [--precisions "f32 bf16"] [--rounds N] [--append]
# --append adds the tables to docs/quality.md. PyTorch is installed under build/peers/venv, unless
# HASHWEAVE_TORCH_PYTHON names a python that has it. HASHWEAVE_THREADS: threads of both sides, by default one a core.
# Behind them: each layer of ours against the roofline of the machine (peer_layers).
# HASHWEAVE_TORCH_COMPILE=1 measures torch.compile too (codes only; it compiles for minutes).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benchmarks/peers/common.sh

parts='' precisions='' rounds=3 append=''
read_options "parts precisions rounds append" "$@"
source benchmarks/peers/torch.sh
# the models are the app's: they are compiled there
build_peer release vit2cmh -D HASHWEAVE_BUILD_BENCHMARKS=ON
build_peer release layers -D HASHWEAVE_BUILD_BENCHMARKS=ON
ours=build/release/bin/peer_vit2cmh theirs=benchmarks/peers/torch_vit2cmh.py

parts=${parts:-$("$ours" parts)}
lines=build/peers/vit2cmh.jsonl
"$ours" machine >"$lines"
if [[ -z $precisions ]]; then precisions=$(sed -n 's/.*"precision": "\([a-z0-9]*\)".*/\1/p' "$lines" | sort -ru | paste -sd ' '); fi
difference=''
for model in vit-b16+bert-base dinov2-s+minilm; do
  "$ours" export build/peers/numbers "$model"
  difference+=", $("$python" "$theirs" check build/peers/numbers "$model")"
  rm -r build/peers/numbers
done

their() { "$python" "$theirs" "$@" >>"$lines" 2>build/peers/torch.log; }
for part in $parts; do
  lengths=$("$ours" lengths "$([[ $part == *step ]] && echo 30 || echo 64)")
  for precision in $precisions; do
    for ((i = 0; i < rounds; ++i)); do
      "$ours" measure "$part" "$precision" 2 >>"$lines"
      their measure "$part" "$precision" 2 "$lengths" || { cat build/peers/torch.log && exit 1; }
      if [[ ${HASHWEAVE_TORCH_COMPILE:-0} != 0 && $part != *step ]]; then
        their measure "$part" "$precision-compiled" 2 "$lengths" || echo "torch.compile does not work here: $part $precision"
      fi
    done
    if [[ $part == *step ]]; then
      "$ours" memory "$part" "$precision" >>"$lines"
      "$ours" memory "$part" "$precision" recompute >>"$lines"
      "$ours" memory "$part" "$precision" recompute half-moments >>"$lines"
      their memory "$part" "$precision" "$lengths" || { cat build/peers/torch.log && exit 1; }
    fi
  done
  "$ours" machine >>"$lines"
done

"$python" "$theirs" table "$lines" "$(facts release)Codes, loss and the gradient's norm of both sides differ by at most \
${difference:2} of the largest value. $rounds rounds of two measurements a side, each after two others." >build/peers/vit2cmh.md
for precision in $precisions; do
  echo
  build/release/bin/peer_layers "$precision"
done >>build/peers/vit2cmh.md
cat build/peers/vit2cmh.md
if [[ -n $append ]]; then
  append_table "The whole models beside PyTorch" build/peers/vit2cmh.md
fi
