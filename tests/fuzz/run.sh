#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a while.  usage: run.sh SECONDS [BUILD_DIR [TARGET...]]
# Starts from the files below tests/io/data and tests/fuzz/corpus. What it finds is left in BUILD_DIR/found/: once the
# fault is mended, the file belongs into tests/fuzz/corpus/, where the unit tests read it for ever.
set -euo pipefail
seconds=${1:?usage: run.sh SECONDS [BUILD_DIR]}
source="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
build=${2:-$source/build/fuzz}
clang=$(command -v clang++-14 || command -v clang++) || { echo "skipped: no clang++"; exit 77; }
formats=("${@:3}")
[[ ${#formats[@]} -gt 0 ]] || formats=(safetensors npy npz onnx mat5 config wordpiece image dataset tar faiss_binary
  code_lines postgres_copy)
cd "$source"
mkdir -p "$build/found"
cmake --preset fuzz -B "$build" -D CMAKE_CXX_COMPILER="$clang" >"$build/configure.log" 2>&1 || { cat "$build/configure.log"; exit 1; }
cmake --build "$build" --target "${formats[@]/#/fuzz_}"

# Fixed addresses: the sanitizers' shadow memory clashes with very random ones.
fixed=()
setarch "$(uname -m)" -R true 2>/dev/null && fixed=(setarch "$(uname -m)" -R)
status=0
for format in "${formats[@]}"; do
  mkdir -p "$build/corpus/$format"
  seeds=("$source/tests/fuzz/corpus/$format")
  [[ ! -d "$source/tests/io/data/$format" ]] || seeds+=("$source/tests/io/data/$format")
  # memory: no more than 512 MiB in all and 64 MiB at once, whatever a file says of its sizes
  "${fixed[@]}" "$build/bin/fuzz_$format" -max_total_time="$seconds" -max_len=4096 -timeout=5 -rss_limit_mb=512 -malloc_limit_mb=64 \
    -artifact_prefix="$build/found/$format-" -print_final_stats=1 \
    "$build/corpus/$format" "${seeds[@]}" \
    >"$build/$format.log" 2>&1 || status=1
  printf '%-12s %s runs, %s files\n' "$format" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$format.log")" \
    "$(find "$build/corpus/$format" -type f | wc -l)"
done
if compgen -G "$build/found/*" >/dev/null || [[ $status -ne 0 ]]; then
  echo "found:"
  ls "$build/found"
  tail -n 30 "$build"/*.log
  exit 1
fi
echo "nothing found"
