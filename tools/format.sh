#!/usr/bin/env bash
# Formats every C++ file of the project in place; with --check, says which are not as they should be.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$(sed -n '1s/^# clang-format //p' .clang-format)
tool=clang-format-$version
command -v "$tool" >/dev/null || tool=clang-format
if ! command -v "$tool" >/dev/null || ! "$tool" --version | grep -q "version $version\."; then
  echo "skipped: clang-format $version is not installed (Debian: clang-format-$version)"
  exit 77
fi

mapfile -d '' files < <(find include tests examples benchmarks tools -type f \
  \( -name '*.hpp' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -print0 | sort -z)
if [[ ${1:-} != --check ]]; then
  "$tool" -i "${files[@]}"
elif "$tool" --dry-run -Werror "${files[@]}"; then
  echo "${#files[@]} files are formatted"
else
  echo "to mend this, run tools/format.sh"
  exit 1
fi
