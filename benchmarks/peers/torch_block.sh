#!/usr/bin/env bash
# Compares one transformer block of ours with PyTorch's, in turn on the same threads, and prints a Markdown table.
#   benchmarks/peers/torch_block.sh [--rounds N] [--append]
# --append adds the table to docs/quality.md. PyTorch is installed under build/peers/venv, unless
# HASHWEAVE_TORCH_PYTHON names a python that has it. HASHWEAVE_THREADS: threads of both sides, by default one a core.
# HASHWEAVE_TORCH_COMPILE=0 leaves torch.compile out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rounds=8 append=''
while [[ $# -gt 0 ]]; do
  case $1 in
    --rounds) rounds=$2 && shift ;;
    --append) append=1 ;;
    *) sed -n '2,6s/^# //p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
  esac
  shift
done
export HASHWEAVE_THREADS=${HASHWEAVE_THREADS:-$(nproc)}
export OMP_NUM_THREADS=$HASHWEAVE_THREADS

mkdir -p build/peers
python=${HASHWEAVE_TORCH_PYTHON:-build/peers/venv/bin/python}
if ! "$python" -c 'import torch' 2>/dev/null; then
  [[ -z ${HASHWEAVE_TORCH_PYTHON:-} ]] || { echo "$python has no torch" >&2 && exit 1; }
  python3 -m venv build/peers/venv
  build/peers/venv/bin/pip install --quiet torch
fi
cmake --preset bench >build/peers/configure.log || { cat build/peers/configure.log && exit 1; }
cmake --build --preset bench --target peer_block >build/peers/build.log || { cat build/peers/build.log && exit 1; }
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

cache=build/bench/CMakeCache.txt
compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[^=]*=//p' "$cache")
eigen_dir=$(sed -n 's/^Eigen3_DIR:[^=]*=//p' "$cache")
eigen=$(sed -n 's/^ *set *(PACKAGE_VERSION "\(.*\)").*/\1/p' "$eigen_dir/Eigen3ConfigVersion.cmake" | head -n 1)
commit=$(git rev-parse --short HEAD 2>/dev/null || echo none)
[[ -z $(git status --porcelain -- include benchmarks/peers benchmarks/support 2>/dev/null) ]] || commit+=" and changes"
facts="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $HASHWEAVE_THREADS threads; \
commit $commit; $("$compiler" --version | head -n 1); Eigen ${eigen:-unknown}; \
PyTorch $("$python" -c 'import torch; print(torch.__version__)'); $(date -u +%Y-%m-%d). \
Outputs and all gradients of both sides differ by at most $difference of the largest value."
"$python" "$torch" table build/peers/lines.jsonl "$facts" >build/peers/torch_block.md
cat build/peers/torch_block.md
if [[ -n $append ]]; then
  mkdir -p docs
  { printf '\n## A transformer block beside PyTorch\n\n' && cat build/peers/torch_block.md; } >>docs/quality.md
fi
