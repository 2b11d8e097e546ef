#!/usr/bin/env bash
# alone.sh names the header that needs another's include, wherever in a chain it stands.  usage: alone_finds_faults.sh COMPILER
set -euo pipefail
alone="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/alone.sh"
command -v "$1" >/dev/null || { echo "skipped: no compiler '$1'"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/include/hashweave/core"
cd "$work/include/hashweave/core"

header() { printf '#pragma once\n%b' "$2" >"$1.hpp"; }
header vectors '#include <vector>\n'
header needy 'inline std::vector<int> none() { return {}; }\n'
header between '#include <vector>\n#include <hashweave/core/needy.hpp>\n'
header above '#include <hashweave/core/between.hpp>\n'

if "$alone" "$1" "$work" '' >"$work/log"; then
  echo "a header that lacks an include was not found"
  exit 1
fi
named=$(sed -n '/^do not compile alone:/,$p' "$work/log" | tail -n +2 | tr -d ' ')
[[ $named == hashweave/core/needy.hpp ]] || { echo "named: '$named', expected needy.hpp alone"; cat "$work/log"; exit 1; }
header needy '#include <vector>\ninline std::vector<int> none() { return {}; }\n'
"$alone" "$1" "$work" '' >"$work/log" || { cat "$work/log"; exit 1; }
grep -q '^4 headers compile alone$' "$work/log"
echo "the planted fault was found"
