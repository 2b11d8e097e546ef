#!/usr/bin/env bash
# version.hpp, meson.build and CHANGELOG.md name the same version.  usage: run.sh SOURCE_DIR
set -euo pipefail
cd "$1"
header=include/hashweave/version.hpp
part() { sed -n "s/^#define HASHWEAVE_VERSION_$1 \([0-9][0-9]*\)$/\1/p" "$header"; }
want="$(part MAJOR).$(part MINOR).$(part PATCH)"
status=0
agrees() {  # file, version found there
  if [[ "$2" == "$want" ]]; then echo "$1: $2"; else
    echo "$1: expected $want, got '$2'"
    status=1
  fi
}
agrees "$header (string)" "$(sed -n 's/.*char\* version = "\([^"]*\)".*/\1/p' "$header")"
agrees meson.build "$(sed -n "s/^ *version: *'\([^']*\)'.*/\1/p" meson.build | head -n 1)"
agrees CHANGELOG.md "$(sed -n 's/^## \[*\([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)"
exit $status
