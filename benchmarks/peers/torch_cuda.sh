#!/usr/bin/env bash
# Compares steps of training and codes of ViT-B/16 and BERT-base on a GPU with PyTorch's (eager, with its fused attention, and
# compiled), in turn, and prints a Markdown table. 77: no GPU is visible, or PyTorch sees none.
#   benchmarks/peers/torch_cuda.sh [--parts "NAME NAME"] [--precisions "bf16 f32"] [--batches "30 256"] [--rounds N] [--append]
# --append adds the table to docs/quality.md. PyTorch is installed under build/peers/venv, unless HASHWEAVE_TORCH_PYTHON names a
# python that has it. HASHWEAVE_TORCH_COMPILE=0 leaves torch.compile out, which compiles for minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benchmarks/peers/common.sh

parts='vit_bert_step vit_b16_images bert_base_captions' precisions=bf16 batches='30 256' rounds=3 append=''
read_options "parts precisions batches rounds append" "$@"
need_gpu
source benchmarks/peers/torch.sh
theirs=benchmarks/peers/torch_cuda.py
torch=$("$python" "$theirs" device) || { status=$? && echo "$torch" && exit "$status"; }
build_gpu_peer vit2cmh
ours=build/cuda/bin/peer_vit2cmh
export HASHWEAVE_BACKEND=cuda
"$ours" export build/peers/numbers vit-b16+bert-base
difference=$("$python" benchmarks/peers/torch_vit2cmh.py check build/peers/numbers vit-b16+bert-base)
rm -r build/peers/numbers

variants='eager sdpa compile' && [[ ${HASHWEAVE_TORCH_COMPILE:-1} != 0 ]] || variants='eager sdpa'
lines=build/peers/torch_cuda.jsonl
: >"$lines"
for part in $parts; do
  for batch in $batches; do
    lengths=$("$ours" lengths "$batch")
    for precision in $precisions; do
      for ((i = 0; i < rounds; ++i)); do
        "$ours" measure "$part" "$precision" 3 "$batch" >>"$lines"
        for variant in $variants; do
          "$python" "$theirs" measure "$part" "$variant" "$precision" 3 "$lengths" >>"$lines" 2>build/peers/torch.log ||
            { [[ $variant == compile ]] && echo "torch.compile does not work here: $part $precision"; } ||
            { cat build/peers/torch.log && exit 1; }
        done
      done
    done
  done
done

"$python" "$theirs" table "$lines" "$(gpu); $torch; $(sources_and_compiler build/cuda include examples benchmarks/peers \
  benchmarks/support); $(date -u +%Y-%m-%d). Codes, loss and the gradient's norm in f32, ours on the GPU and PyTorch's on the CPU, differ \
by at most $difference of the largest value. $rounds rounds of three measurements a side." >build/peers/torch_cuda.md
cat build/peers/torch_cuda.md
if [[ -n $append ]]; then
  append_table "The whole model on a GPU beside PyTorch" build/peers/torch_cuda.md
fi
