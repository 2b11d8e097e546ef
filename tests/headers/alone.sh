#!/usr/bin/env bash
# Every header compiles alone, and twice in one file; and all of them in one, in either order.  usage: alone.sh COMPILER SOURCE_DIR SYSTEM_INCLUDE_DIRS
# (the directories separated by ';'). Headers that include one another are compiled in one go (chains.awk).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
compiler=$1
source=$2
command -v "$compiler" >/dev/null || { echo "skipped: no compiler '$compiler'"; exit 77; }
flags=(-x c++ -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Werror -I "$source/include")
IFS=';' read -ra directories <<<"${3:-}"
for directory in "${directories[@]}"; do flags+=(-isystem "$directory"); done
source "$here/../late_collection.sh"
read -ra late < <(late_collection "$compiler") || true
flags+=("${late[@]}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$source/include"
find hashweave -name '*.hpp' | sort >"$work/headers"
xargs -d '\n' awk -f "$here/chains.awk" <"$work/headers" >"$work/chains"
count=$(wc -l <"$work/headers")
[[ $count -gt 0 ]] || { echo "no headers found"; exit 1; }
[[ $(wc -w <"$work/chains") -eq $count ]] || { echo "not every header is in a chain"; exit 1; }

# A chain that fails is compiled again header by header, for the names of those at fault.
check='
  chain=$1 work=$2; shift 2
  alone() { printf "#include <%s>\n" "$@" "$@" | "${compile[@]}" - >"$work/log.$$" 2>&1; }
  compile=("$@")
  if ! alone $chain; then
    for header in $chain; do
      alone "$header" || { echo "--- $header"; head -n 20 "$work/log.$$"; }
    done >"$work/failed.$$"
    grep -q . "$work/failed.$$" || { echo "--- $chain (together)"; alone $chain || head -n 20 "$work/log.$$"; } >"$work/failed.$$"
  fi
  rm "$work/log.$$"'
xargs -d '\n' -P 2 -I '{}' bash -c "$check" check '{}' "$work" "$compiler" "${flags[@]}" <"$work/chains"

# All together, in this order and in the other: a name of one must not hide another's. (instantiate.hpp and
# extern_kernels.hpp exclude each other.)
together() {  # NAME
  sed 's/.*/#include <&>/' >"$work/$1.cpp"
  "$compiler" "${flags[@]}" "$work/$1.cpp" >"$work/log.$1" 2>&1 ||
    { echo "--- all headers, $1"; head -n 20 "$work/log.$1"; } >"$work/failed.$1"
}
grep -v 'cpu/instantiate.hpp\|cpu/extern_kernels.hpp' "$work/headers" >"$work/all"
together forwards <"$work/all" &
tac "$work/all" | together backwards
wait

if compgen -G "$work/failed.*" >/dev/null; then
  cat "$work"/failed.*
  echo
  echo "do not compile alone:"
  grep -h '^--- ' "$work"/failed.* | sed 's/^--- /  /' | sort
  exit 1
fi
echo "$count headers compile alone"
