#!/usr/bin/env bash
# Builds hashweave and runs every test. From a fresh Debian 12 it installs the packages that are missing.
#   ./test.sh            everything
#   ./test.sh --quick    without the slow checks (other compilers, sanitizers, consumers)
# Run again, it builds only what changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source tools/setup.sh

select=()
case ${1:-} in
  '') ;;
  --quick) select=(-LE slow) ;;
  *)
    echo "usage: ./test.sh [--quick]" >&2
    exit 2
    ;;
esac

jobs=$(nproc)
mkdir -p build
: >build/times.txt
setup_packages "${packages_test[@]}"
timed configure build/configure.log cmake --preset dev -D CMAKE_CXX_COMPILER=g++ -D HASHWEAVE_BUILD_BENCHMARKS=ON
timed build build/dev/build.log cmake --build --preset dev -j "$jobs"
ctest --test-dir build/dev --output-on-failure --no-tests=error -j "$jobs" "${select[@]}"
