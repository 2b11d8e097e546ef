#!/usr/bin/env bash
# nvcc compiles and links the CUDA backend for three generations of GPUs (those of them that it knows) without a warning,
# in a project that uses the installed package; what each kernel takes of a multiprocessor is written down, and none may
# spill registers. The benchmarks of the backend link with the same kernels, have something to measure, and say so where
# there is no GPU; left out where Google Benchmark is not installed.
# usage: nvcc.sh SOURCE_DIR BUILD_DIR WORK_DIR
set -euo pipefail
source=$1 build=$2 work=$3
nvcc=$(command -v nvcc || true)
for place in "${CUDA_HOME:-}" /usr/local/cuda; do
  [[ -z $nvcc && -x $place/bin/nvcc ]] && nvcc=$place/bin/nvcc
done
[[ -n $nvcc ]] || { echo "skipped: nvcc is not installed"; exit 77; }

mkdir -p "$work"
rm -rf "$work/build" "$work/prefix"
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"
known=$("$nvcc" --list-gpu-arch)
architectures=()
for a in 80 90 100; do
  if grep -qx "compute_$a" <<<"$known"; then architectures+=("$a"); fi
done
# refused TEXT OPTION...: so compiled, the definitions stop with this text
refused() {
  local text=$1
  shift
  "$nvcc" -std=c++20 -E -I "$work/prefix/include" "$@" "$source/tests/consumers/cuda/kernels.cu" >/dev/null 2>"$work/refused.log" &&
    { echo "not refused: $*"; exit 1; }
  grep -q "error.*$text" "$work/refused.log" || { tail "$work/refused.log"; exit 1; }
}
refused "needs the legacy default stream" -default-stream per-thread
if grep -qx compute_60 <<<"$known"; then refused "compute capability 7.0 or higher" -arch=sm_60; fi

generator=() benchmarks=()
printf '#include <benchmark/benchmark.h>\n' | c++ -x c++ -E - >/dev/null 2>&1 && benchmarks=(-D BENCHMARKS="$source/benchmarks")
command -v ninja >/dev/null && generator=(-G Ninja)
cmake -S "$source/tests/consumers/cuda" -B "$work/build" "${generator[@]}" -D CMAKE_BUILD_TYPE=Release \
  -D CMAKE_CUDA_COMPILER="$nvcc" -D CMAKE_CUDA_ARCHITECTURES="$(IFS=';'; echo "${architectures[*]/%/-real}")" \
  -D CMAKE_PREFIX_PATH="$work/prefix" -D CMAKE_FIND_USE_PACKAGE_REGISTRY=OFF \
  "${benchmarks[@]}" >"$work/configure.log" 2>&1 ||
  { cat "$work/configure.log"; exit 1; }
cmake --build "$work/build" >"$work/build.log" 2>&1 || { grep -v 'ptxas info' "$work/build.log" | tail -n 60; exit 1; }
"$work/build/consumer"
if ((${#benchmarks[@]})); then
  count=$("$work/build/bench_cuda" --benchmark_list_tests | wc -l)
  [[ $count -gt 0 ]] || { echo "bench_cuda has nothing to measure"; exit 1; }
  status=0
  CUDA_VISIBLE_DEVICES='' "$work/build/bench_cuda" >"$work/bench.log" 2>&1 || status=$?
  [[ $status -eq 77 && $(wc -l <"$work/bench.log") -eq 1 ]] && grep -q '^skipped: no CUDA device' "$work/bench.log" ||
    { echo "bench_cuda without a GPU: status $status, expected 77 and one line:"; cat "$work/bench.log"; exit 1; }
  echo "bench_cuda: $count benchmarks"
else
  echo "bench_cuda: left out, Google Benchmark is not installed"
fi

# Blocks a multiprocessor holds at a time: bounded by its 64 Ki registers, 2048 threads, 32 blocks, and 164 KiB (sm_80)
# or 228 KiB of shared memory, of which each block takes 1 KiB more than it asks for.
c++filt <"$work/build.log" | awk -v out="$work/kernels.md" -v wanted="${architectures[*]}" '
  BEGIN { print "| kernel | architecture | registers | spilled bytes | shared memory | blocks (threads) of a multiprocessor |\n|---|---|---|---|---|---|" >out }
  /Compiling entry function/ {
    name = $0
    sub(/.*entry function ./, "", name)
    arch = name
    sub(/.*for .sm_/, "", arch); sub(/[^0-9].*/, "", arch)
    sub(/. for .sm_.*/, "", name)
    sub(/^void /, "", name)
    gsub(/hashweave::(cuda::)?/, "", name)
    sub(/\(.*/, "", name)
  }
  /bytes spill stores/ { spilled = $5 + $9; stack = $1 }
  /Used [0-9]+ registers/ {
    registers = $0; sub(/.*Used /, "", registers); registers += 0
    shared = 0
    if (match($0, /[0-9]+ bytes smem/)) shared = substr($0, RSTART) + 0
    threads = name ~ /^row_kernel/ ? 128 : 256
    if (match(name, /Fragments<[0-9]+, [0-9]+/)) {  # its second number is that of the warps
      threads = substr(name, RSTART, RLENGTH)
      sub(/.*, /, "", threads)
      threads *= 32
    }
    blocks = int(65536 / (int((registers + 7) / 8) * 8 * threads))
    if (2048 / threads < blocks) blocks = 2048 / threads
    most = int((arch == "80" ? 164 : 228) * 1024 / (shared + 1024))
    if (most < blocks) blocks = most
    printf "| %s | sm_%s | %d | %d | %d | %d (%d) |\n", name, arch, registers, spilled, shared, blocks, blocks * threads >out
    kernels++
    seen[arch] = 1
    if (spilled > 0) { print name " for sm_" arch " spills " spilled " bytes"; faults++ }
    if (blocks < 2) { print name " for sm_" arch ": fewer than two blocks of a multiprocessor"; faults++ }
  }
  END {
    for (a = 1; a <= split(wanted, all, " "); a++) if (!(all[a] in seen)) { print "no kernels for sm_" all[a]; faults++ }
    if (faults > 0) exit 1
    print kernels " kernels compiled, none spills"
  }'
echo "figures: $work/kernels.md"
