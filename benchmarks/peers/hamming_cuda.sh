#!/usr/bin/env bash
# Compares our Hamming search on a GPU with FAISS's, in turn on the same codes, and prints a Markdown table. 77: no GPU is
# visible, or FAISS for one cannot be had.
#   benchmarks/peers/hamming_cuda.sh [--append]
# --append adds the table to docs/quality.md. FAISS comes from PyPI into build/peers/faiss-gpu-venv, unless
# HASHWEAVE_FAISS_GPU_PYTHON names a python that has faiss and numpy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benchmarks/peers/common.sh

append=''
read_options "append" "$@"
need_gpu
package=faiss-gpu-cu12==1.14.1.post1
python=${HASHWEAVE_FAISS_GPU_PYTHON:-build/peers/faiss-gpu-venv/bin/python}
if [[ -z ${HASHWEAVE_FAISS_GPU_PYTHON:-} ]] && ! "$python" -c 'import faiss, numpy' 2>/dev/null; then
  python3 -m venv build/peers/faiss-gpu-venv
  build/peers/faiss-gpu-venv/bin/pip install --quiet "$package" 'numpy>=2,<3' >build/peers/pip.log 2>&1 ||
    { echo "skipped: $package cannot be fetched: $(tail -n 1 build/peers/pip.log)" && exit 77; }
fi
script=benchmarks/peers/hamming_cuda.py results=build/peers/hamming_cuda.json
faiss=$("$python" "$script" device) || { status=$? && echo "$faiss" && exit "$status"; }
build_gpu_peer hamming_cuda
"$python" "$script" measure build/cuda/bin/peer_hamming_cuda build/peers/hamming_cuda "$results"
rm -r build/peers/hamming_cuda

"$python" "$script" table "$results" "$(gpu); $faiss; $(sources_and_compiler build/cuda include benchmarks/peers benchmarks/support); \
$(date -u +%Y-%m-%d). Codes: 1,000 centres, each bit flipped with probability 0.15. All answers were compared: the distances are \
equal." | tee build/peers/hamming_cuda.md
if [[ -n $append ]]; then
  append_table "Hamming search on a GPU beside FAISS" build/peers/hamming_cuda.md
fi
