#!/usr/bin/env bash
# Builds the examples and runs them in order. From a fresh Debian 12 it installs the packages that are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source tools/setup.sh

mkdir -p build
: >build/times.txt
setup_packages "${packages_build[@]}"
timed configure build/configure.log cmake --preset release
timed build build/release/build.log cmake --build --preset release --target examples -j "$(nproc)"

for source in examples/[0-9][0-9]_*.cpp; do
  [[ -e $source ]] || continue
  name=$(basename "$source" .cpp)
  printf '\n== %s\n' "$name"
  "build/release/bin/$name"
done

cat <<'END'

What to read next
  examples/                  the programs that just ran, in the order of the course
  docs/                      the course, the architecture, and what is measured
  include/hashweave/nn/      the layers: one idea a header
  ./test.sh                  builds and runs every test
END
