#!/usr/bin/env bash
# g++ makes vector code of loops over the elementary functions, for processors with and without mask registers.
# usage: run.sh COMPILER SOURCE_DIR
set -euo pipefail
compiler=$1 source=$2
file="$source/tests/vector/loops.cpp"
"$compiler" --version 2>/dev/null | grep -q 'Free Software Foundation' || { echo "skipped: no g++"; exit 77; }
for level in x86-64-v2 x86-64-v3 x86-64-v4; do
  said=$("$compiler" -std=c++20 -O3 "-march=$level" -I"$source/include" -c "$file" -o /dev/null -fopt-info-vec-optimized 2>&1) ||
    { echo "skipped: $compiler does not compile for $level"; exit 77; }
  for line in $(grep -n '// loop$' "$file" | cut -d: -f1); do
    grep -qE "loops\.cpp:$line:.*loop vectorized" <<<"$said" || { echo "$level: not vector code: $(sed -n "${line}p" "$file")"; failed=1; }
  done
done
exit "${failed:-0}"
