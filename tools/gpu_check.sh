#!/usr/bin/env bash
# Everything that a person with a GPU should run for the CUDA backend, and a report to attach to an issue.
# usage: tools/gpu_check.sh [REPORT]
# The report holds the machine's GPU, driver and compiler, and of each step the outcome and the last lines.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
report=${1:-gpu_report.md}
failed=0

command -v nvidia-smi >/dev/null || { echo "skipped: no nvidia-smi, hence no GPU to check"; exit 77; }
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

architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
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
fi
echo "written: $report"
exit $failed
