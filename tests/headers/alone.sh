#!/usr/bin/env bash
# Every header compiles alone, and twice in one file; and all of them in one.  usage: alone.sh COMPILER SOURCE_DIR SYSTEM_INCLUDE_DIRS
# (the directories separated by ';')
set -euo pipefail
compiler=$1
source=$2
command -v "$compiler" >/dev/null || { echo "skipped: no compiler '$compiler'"; exit 77; }
flags=(-x c++ -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Werror -I "$source/include")
IFS=';' read -ra directories <<<"${3:-}"
for directory in "${directories[@]}"; do flags+=(-isystem "$directory"); done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$source/include"
find hashweave -name '*.hpp' | sort >"$work/headers"
check='
  header=$1; work=$2; shift 2
  if ! printf "#include <%s>\n#include <%s>\n" "$header" "$header" | "$@" - >"$work/log.$$" 2>&1; then
    { echo "--- $header"; head -n 20 "$work/log.$$"; } >"$work/failed.$$"
  fi
  rm "$work/log.$$"'
xargs -d '\n' -P 2 -I '{}' bash -c "$check" check '{}' "$work" "$compiler" "${flags[@]}" <"$work/headers"

# instantiate.hpp and extern_kernels.hpp exclude each other
grep -v 'cpu/instantiate.hpp\|cpu/extern_kernels.hpp' "$work/headers" | sed 's/.*/#include <&>/' >"$work/all.cpp"
if ! "$compiler" "${flags[@]}" "$work/all.cpp" >"$work/log.all" 2>&1; then
  { echo "--- all headers together"; head -n 20 "$work/log.all"; } >"$work/failed.all"
fi

count=$(wc -l <"$work/headers")
if compgen -G "$work/failed.*" >/dev/null; then
  cat "$work"/failed.*
  echo
  echo "do not compile alone:"
  grep -h '^--- ' "$work"/failed.* | sed 's/^--- /  /' | sort
  exit 1
fi
[[ $count -gt 0 ]] || { echo "no headers found"; exit 1; }
echo "$count headers compile alone"
