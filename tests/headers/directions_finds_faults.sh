#!/usr/bin/env bash
# directions.sh finds each fault it is there to find, and none in sound headers.
set -euo pipefail
directions="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/directions.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# expects OUTCOME FILE TEXT: writes TEXT as the only header and runs the check.
expects() {
  rm -rf "$work/include"
  mkdir -p "$(dirname "$work/include/hashweave/$2")"
  printf '%b' "$3" >"$work/include/hashweave/$2"
  local got=sound
  "$directions" "$work" >"$work/log" 2>&1 || got=fault
  if [[ $got != "$1" ]]; then
    echo "expected $1, got $got: $2: $3"
    sed 's/^/  /' "$work/log"
    status=1
  fi
}

once='#pragma once\n'
expects sound core/a.hpp "$once#include <vector>\n#include <hashweave/core/b.hpp>\n"
expects sound core/a.hpp "// a comment\n\n$once"
expects sound core/a.hpp "/* a comment\n over lines */\n$once"
expects sound core/a.hpp "$once#include <hashweave/version.hpp>\n#define HASHWEAVE_A 1\n"
expects sound cmh/a.hpp "$once#include <hashweave/nn/b.hpp>\n#include <hashweave/compose/b.hpp>\n"
expects sound eval/a.hpp "$once#include <hashweave/index/b.hpp>\n"
expects sound cuda/a.hpp "$once#include <hashweave/index/b.hpp>\n"
expects sound cpu/a.hpp "$once#include <Eigen/Core>\n"
expects sound data/a.hpp "$once#include <range/v3/all.hpp>\n#include <stb/stb_image.h>\n"
expects sound io/a.hpp "$once#include <zlib.h>\n#include <nlohmann/json.hpp>\n#include <hashweave/core/b.hpp>\n"
expects sound all.hpp "$once#include <hashweave/cpu/b.hpp>\n#include <hashweave/nn/b.hpp>\n"

for room in core compose nn cmh optim index eval; do
  expects fault $room/a.hpp "$once#include <hashweave/cpu/b.hpp>\n"
  expects fault $room/a.hpp "$once#include <hashweave/cuda/b.hpp>\n"
  expects fault $room/a.hpp "$once#include <Eigen/Dense>\n"
  expects fault $room/a.hpp "$once  #  include <unsupported/Eigen/CXX11/Tensor>\n"
  expects fault $room/a.hpp "$once#include <range/v3/view.hpp>\n"
  expects fault $room/a.hpp "$once#include <stb/stb_image.h>\n"
  expects fault $room/a.hpp "$once#include <hashweave/hashweave.hpp>\n"
done
for room in core compose nn cmh optim; do
  expects fault $room/a.hpp "$once#include <nlohmann/json.hpp>\n"
done
expects sound cuda/a.cuh "$once#include <cuda_runtime.h>\n#include <cublasLt.h>\n#include <hashweave/core/b.hpp>\n"
for room in io text data cpu; do
  expects fault $room/a.hpp "$once#include <hashweave/cuda/b.hpp>\n"
  expects fault $room/a.hpp "$once#include <cuda_runtime.h>\n"
done
for room in compose nn cmh optim cpu; do
  expects fault cuda/a.cuh "$once#include <hashweave/$room/b.hpp>\n"
done
expects fault cuda/a.hpp "$once#include <Eigen/Core>\n"
expects fault core/a.hpp "$once#include <zlib.h>\n"
expects fault io/a.hpp "$once#include <hashweave/nn/b.hpp>\n"
expects fault nn/a.hpp "$once#include <hashweave/cmh/b.hpp>\n"
expects fault core/a.hpp "$once#include <hashweave/nn/b.hpp>\n"
expects fault eval/a.hpp "$once#include <hashweave/cmh/b.hpp>\n"
expects fault index/a.hpp "$once#include <hashweave/eval/b.hpp>\n"
expects fault all.hpp "$once#include <Eigen/Core>\n"
expects fault attic/a.hpp "$once"
expects fault core/a.hpp "#include <vector>\n$once"
expects fault core/a.hpp "// nothing else\n"
expects fault core/a.hpp "$once#define TWICE(x) ((x) + (x))\n"
expects fault core/a.hpp "$once#include \"b.hpp\"\n"
expects sound core/a.hpp "$once$(printf '\\n%.0s' {1..299})"
expects fault core/a.hpp "$once$(printf '\\n%.0s' {1..300})"

[[ $status -eq 0 ]] && echo "every planted fault was found"
exit $status
