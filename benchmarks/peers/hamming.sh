#!/usr/bin/env bash
# Compares our Hamming search with FAISS's and usearch's, in turn on the same codes, and prints Markdown tables.
#   benchmarks/peers/hamming.sh [--largest CODES] [--append]
# --largest: leaves out what has more codes (default 100,000,000, which takes 8 GB of memory). --append adds the tables
# to docs/quality.md and writes docs/hamming_peers.svg. The others come from PyPI into build/peers/hamming-venv, unless
# HASHWEAVE_FAISS_PYTHON names a python that has faiss, usearch and numpy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benchmarks/peers/common.sh

largest=100000000 append=''
read_options "largest append" "$@"

python=${HASHWEAVE_FAISS_PYTHON:-build/peers/hamming-venv/bin/python}
if ! "$python" -c 'import faiss, usearch, numpy' 2>/dev/null; then
  [[ -z ${HASHWEAVE_FAISS_PYTHON:-} ]] || { echo "$python lacks faiss, usearch or numpy" >&2 && exit 1; }
  python3 -m venv build/peers/hamming-venv
  build/peers/hamming-venv/bin/pip install --quiet faiss-cpu==1.15.1 usearch==2.26.6 'numpy>=2,<3'
fi
build_peer bench hamming

script=benchmarks/peers/hamming.py results=build/peers/hamming.json
"$python" "$script" measure build/bench/bin/peer_hamming build/peers/hamming "$results" "$largest"
rm -r build/peers/hamming

facts="$(processor), $(nproc) cores; $(sources_and_compiler build/bench include benchmarks/peers); \
FAISS $("$python" -c 'import faiss; print(faiss.__version__, faiss.get_compile_options().strip())'); \
usearch $("$python" -c 'import usearch; print(usearch.__version__)'); $(date -u +%Y-%m-%d). Codes: 1,000 centres, each bit flipped \
with probability 0.15. All answers were compared: the distances of ours and FAISS's are equal."
"$python" "$script" table "$results" "$facts" | tee build/peers/hamming.md
if [[ -n $append ]]; then
  "$python" "$script" plot "$results" docs/hamming_peers.svg
  append_table "Hamming search beside FAISS and usearch" build/peers/hamming.md
fi
