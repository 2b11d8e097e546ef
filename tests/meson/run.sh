#!/usr/bin/env bash
# Builds, tests and installs the project with meson.  usage: run.sh SOURCE_DIR WORK_DIR
set -euo pipefail
source=$1 work=$2
command -v meson >/dev/null || { echo "skipped: meson is not installed"; exit 77; }
mkdir -p "$work"
rm -rf "$work/prefix"
if [[ -f "$work/build/build.ninja" ]]; then
  meson setup --reconfigure "$work/build" "$source"
else
  rm -rf "$work/build"
  source "$source/tests/late_collection.sh"
  meson setup -D optimization=1 -D cpp_args="$(late_collection "${CXX:-c++}")" --prefix "$work/prefix" "$work/build" \
    "$source"  # as quick to build as to run
fi
meson compile -C "$work/build"
if compgen -G "$source/examples/[0-9][0-9]_*.cpp" >/dev/null; then meson test -C "$work/build" --print-errorlogs; fi
meson install -C "$work/build" --quiet

# the same headers as in the sources, and a pkg-config file that finds them
diff -r <(cd "$source/include" && find hashweave -type f | sort) <(cd "$work/prefix/include" && find hashweave -type f | sort)
if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH="$work/prefix/share/pkgconfig"
  flags=$(pkg-config --cflags hashweave)
  include=$(sed -n 's/^-I\([^ ]*\).*/\1/p' <<<"$flags")
  [[ -f "$include/hashweave/version.hpp" ]] || { echo "pkg-config's directory has no headers: $flags"; exit 1; }
fi
echo "built, tested and installed with meson"
