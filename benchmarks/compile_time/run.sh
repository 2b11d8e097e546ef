#!/usr/bin/env bash
# Measures what it takes to compile the examples and the files of this folder: seconds and peak memory, with each
# compiler, without ccache. Prints a Markdown table.
#   benchmarks/compile_time/run.sh [--rounds N]    the best of N (3)
# CXX_COMPILERS: the compilers, by default "g++ clang++". FLAGS: by default "-O3 -DNDEBUG -march=native".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rounds=3
if [[ ${1:-} == --rounds ]]; then
  rounds=$2
elif [[ $# -gt 0 ]]; then
  sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
read -ra compilers <<<"${CXX_COMPILERS:-g++ clang++}"
read -ra flags <<<"${FLAGS:--O3 -DNDEBUG -march=native}"
eigen=$(pkg-config --cflags-only-I eigen3 2>/dev/null || echo -I/usr/include/eigen3)
export CCACHE_DISABLE=1
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT

# once COMPILER FILE: prints "seconds MiB" of one compilation; MiB is "-" without GNU time.
once() {
  # shellcheck disable=SC2086  # eigen is a list of flags
  local command=("$1" -std=c++20 "${flags[@]}" -Iinclude ${eigen//-I/-isystem } -pthread -c "$2" -o "$out/object.o")
  if [[ -x /usr/bin/time ]]; then
    /usr/bin/time -f '%e %M' -o "$out/time" "${command[@]}"
    awk 'END { printf "%.1f %.0f\n", $1, $2 / 1024 }' "$out/time"
  else
    local TIMEFORMAT=%R
    { time "${command[@]}" 2>"$out/log"; } 2>"$out/time" || { cat "$out/log" >&2 && return 1; }
    awk 'END { printf "%.1f -\n", $1 }' "$out/time"
  fi
}

printf '%s; %s; the best of %d.\n\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "${flags[*]}" "$rounds"
header='| file |' rule='|---|' names=()
for compiler in "${compilers[@]}"; do
  command -v "$compiler" >/dev/null || { echo "left out: $compiler is not installed" >&2 && continue; }
  names+=("$compiler")
  header+=" $compiler $("$compiler" --version | grep -om1 '[0-9]\+\.[0-9.]*' | head -n 1), s | MiB |"
  rule+='--:|--:|'
done
echo "$header"
echo "$rule"
for file in benchmarks/compile_time/include_only.cpp benchmarks/compile_time/transformer_block.cpp \
  benchmarks/compile_time/vit2cmh.cpp examples/[0-9][0-9]_*.cpp; do
  row="| $file |"
  for compiler in "${names[@]}"; do
    best=''
    for ((i = 0; i < rounds; ++i)); do
      best=$({ [[ -z $best ]] || echo "$best"; once "$compiler" "$file"; } | sort -n | head -n 1)
    done
    row+=" ${best% *} | ${best#* } |"
  done
  echo "$row"
done
