#!/usr/bin/env bash
# The messages of wrong programs.  usage: run.sh COMPILER SOURCE_DIR SYSTEM_INCLUDE_DIRS
#
# Each *.cpp beside this script must fail to compile, with exactly one error, and the compiler's output must match
# every extended regular expression in its comment lines
#   // expect: REGEX          (expect-gcc: or expect-clang: for one compiler only)
# A file named ok_*.cpp must compile without a warning: it guards this script itself.
set -euo pipefail
export LC_ALL=C
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

if [[ ${1:-} == --one ]]; then  # --one FILE BRAND COMPILER FLAGS...
  file=$2 brand=$3
  shift 3
  name=$(basename "$file")
  failed=0
  output=$("$@" "$file" 2>&1) || failed=1
  errors=$(grep -c ' error: ' <<<"$output" || true)
  faults=()
  if [[ $name == ok_* ]]; then
    [[ $failed -eq 0 && -z $output ]] || faults+=("expected no message")
  else
    [[ $failed -eq 1 ]] || faults+=("expected it not to compile")
    [[ $errors -eq 1 ]] || faults+=("expected exactly one error, got $errors")
    expectations=0
    while IFS= read -r regex; do
      expectations=$((expectations + 1))
      grep -Eq -e "$regex" <<<"$output" || faults+=("nothing matches: $regex")
    done < <(sed -nE "s/^[[:space:]]*\/\/ expect(-$brand)?: ?//p" "$file")
    [[ $expectations -gt 0 ]] || faults+=("the file has no line '// expect: REGEX'")
  fi
  if [[ ${#faults[@]} -eq 0 ]]; then
    echo "pass  $name"
    exit 0
  fi
  {
    echo "FAIL  $name"
    printf '      %s\n' "${faults[@]}"
    echo "      the compiler said:"
    head -n 60 <<<"$output" | sed 's/^/      | /'
  } >&1
  exit 1
fi

compiler=$1
source=$2
command -v "$compiler" >/dev/null || { echo "skipped: no compiler '$compiler'"; exit 77; }
brand=gcc
"$compiler" --version | grep -q clang && brand=clang
flags=(-std=c++20 -fdiagnostics-color=never -Wall -Wextra -Wpedantic -Wconversion -I "$source/include")
IFS=';' read -ra directories <<<"${3:-}"
for directory in "${directories[@]}"; do flags+=(-isystem "$directory"); done

mapfile -t files < <(find "$here" -maxdepth 1 -name '*.cpp' | sort)
if [[ ${#files[@]} -eq 0 ]]; then
  echo "no programs to compile"
  exit 0
fi
# The library is parsed once for all of them.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '#include <hashweave/hashweave.hpp>' >"$work/library.hpp"
if [[ $brand == gcc ]]; then
  "$compiler" "${flags[@]}" -x c++-header "$work/library.hpp" -o "$work/library.hpp.gch"
  flags+=(-Winvalid-pch -include "$work/library.hpp")
else
  "$compiler" "${flags[@]}" -x c++-header -Xclang -emit-pch "$work/library.hpp" -o "$work/library.pch"
  flags+=(-include-pch "$work/library.pch")
fi
printf '%s\n' "${files[@]}" | xargs -d '\n' -P 2 -I '{}' bash "${BASH_SOURCE[0]}" --one '{}' "$brand" "$compiler" -fsyntax-only "${flags[@]}" \
  || { echo "some messages are not as expected"; exit 1; }
echo "${#files[@]} programs give the messages expected ($brand)"
