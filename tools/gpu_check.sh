#!/usr/bin/env bash
# Everything that a person with a GPU should run for the CUDA backend, and a report to attach to an issue.
# usage: tools/gpu_check.sh [REPORT]
# The report holds the machine's GPU, driver and compiler, of each step the outcome and the last lines, the benchmarks' times,
# and the tables beside PyTorch and FAISS, which are fetched from PyPI.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
report=${1:-gpu_report.md}
failed=0

source benchmarks/peers/common.sh
need_gpu
export PATH="$PATH:/usr/local/cuda/bin"
{
  echo "# hashweave on a GPU"
  echo
  echo "commit $(git rev-parse HEAD 2>/dev/null || echo unknown)$(git diff --quiet 2>/dev/null || echo ', changed')"
  echo '```'
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit --format=csv
  nvcc --version | tail -n 2
  echo '```'
} >"$report"

# step NAME LINES COMMAND...: runs it, writes the outcome and its last lines.
step() {
  local name=$1 lines=$2 log outcome=passed status=0
  shift 2
  log=$(mktemp)
  echo "$name ..."
  "$@" >"$log" 2>&1 || status=$?
  [[ $status -eq 77 ]] && outcome=skipped
  [[ $status -ne 0 && $status -ne 77 ]] && { outcome="failed ($status)"; failed=1; }
  { echo; echo "## $name: $outcome"; echo '```'; tail -n "$lines" "$log"; echo '```'; } >>"$report"
  rm "$log"
  [[ $status -eq 0 ]]
}

architecture=$(gpu_capability)
if step configure 15 cmake --preset cuda -D CMAKE_CUDA_ARCHITECTURES="$architecture-real" &&
  step build 15 cmake --build --preset cuda; then
  tests=build/cuda/bin/cuda_device_tests
  step "tests on the GPU" 40 "$tests"
  step "seconds of each test" 400 "$tests" --durations yes
  if command -v compute-sanitizer >/dev/null; then
    for tool in memcheck racecheck initcheck synccheck; do
      step "compute-sanitizer, $tool" 40 compute-sanitizer --tool "$tool" --error-exitcode 1 "$tests" "[cuda]"
    done
  else
    { echo; echo "## compute-sanitizer: skipped, not installed"; } >>"$report"
  fi
  # the app: the same training on both backends; losses agree until rounding has had time to grow
  train_on() {
    build/cuda/bin/vit2cmh train --data examples/vit2cmh/data/clipart --model tiny --bits 32 --lr 1e-4 --warmup 4 \
      --limit-train 120 --epochs 3 --dropout 0.1 --seed 5 --backend "$1" --out "$apps/$1"
  }
  same_losses() {
    python3 - "$apps" <<'END'
import json, sys
runs = [[json.loads(line) for line in open(f"{sys.argv[1]}/{b}/metrics.jsonl")] for b in ("cpu", "cuda")]
losses = [[step["loss"] for step in run if "loss" in step] for run in runs]
worst = max(abs(a - b) / a for a, b in zip(*losses))
print(f"{len(losses[0])} steps; largest difference of the loss: {worst:.2e} of it")
sys.exit(not (len(losses[0]) == len(losses[1]) == 12 and worst < 1e-2))
END
  }
  apps=$(mktemp -d)
  step "vit2cmh train --backend cpu" 10 train_on cpu && step "vit2cmh train --backend cuda" 10 train_on cuda &&
    step "the same losses" 3 same_losses
  rm -rf "$apps"
  # times. A comparison with other software is a table of its own; where that cannot be had, one line says so
  if [[ -x build/cuda/bin/bench_cuda ]]; then
    step "benchmarks on the GPU" 400 build/cuda/bin/bench_cuda --benchmark_counters_tabular=true
  else
    { echo; echo "## benchmarks on the GPU: skipped, Google Benchmark is not installed"; } >>"$report"
  fi
  compare() {  # what it says is of interest where there is no table
    local said status=0
    said=$("benchmarks/peers/$1.sh" 2>&1) || status=$?
    [[ $status -eq 0 ]] || echo "$said"
    return "$status"
  }
  for peer in torch_cuda hamming_cuda; do
    step "benchmarks/peers/$peer.sh" 20 compare "$peer" && { echo; cat "build/peers/$peer.md"; } >>"$report"
  done
fi
echo "written: $report"
exit $failed
