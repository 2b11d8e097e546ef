#!/usr/bin/env bash
# Every benchmark program starts and has something to measure.  usage: benchmarks.sh PROGRAM...
set -euo pipefail
for program in "$@"; do
  count=$("$program" --benchmark_list_tests | wc -l)
  echo "$(basename "$program"): $count benchmarks"
  [[ $count -gt 0 ]] || exit 1
done
