#!/usr/bin/env bash
# Fetches the pretrained weights and compares the towers with transformers' values.  usage: real.sh SOURCE_DIR BIN_DIR
set -euo pipefail
source=$1 bin=$2
status=0
"$source/tools/get_weights.sh" --converter "$bin/convert_weights" || status=$?
if [[ $status -eq 69 ]]; then
  echo "skipped: the weights are not in the cache and cannot be fetched"
  exit 77
fi
[[ $status -eq 0 ]] || exit "$status"
"$bin/golden_tests" "[real]"
