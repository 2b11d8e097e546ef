#!/usr/bin/env bash
# Configures, builds and runs the tests of one more preset.  usage: run.sh asan|tsan SOURCE_DIR BUILD_DIR
set -euo pipefail
preset=$1 source=$2 build=$3
needs() { command -v "$1" >/dev/null || { echo "skipped: $1 is not installed"; exit 77; }; }
cd "$source"
jobs=$(nproc)

configure=()
case $preset in
  asan | tsan)  # the other compiler at once
    clang=$(command -v clang++-14 || command -v clang++) || { echo "skipped: no clang++"; exit 77; }
    configure=(-D CMAKE_CXX_COMPILER="$clang")
    [[ $preset == tsan ]] || configure+=(-D HASHWEAVE_SANITIZE_SUBSET=ON)
    ;;
  *) echo "unknown preset: $preset"; exit 2 ;;
esac
cmake --preset "$preset" -B "$build" "${configure[@]}" >"$build.configure.log" 2>&1 || { cat "$build.configure.log"; exit 1; }

has() { cmake --build "$build" --target help | grep -qE "^$1: "; }
builds() {  # targets: those that exist are built
  local targets=()
  for target in "$@"; do has "$target" && targets+=("$target"); done
  [[ ${#targets[@]} -gt 0 ]] || { echo "skipped: there is nothing to build"; exit 77; }
  cmake --build "$build" -j "$jobs" --target "${targets[@]}"
}

# Fixed addresses: the sanitizers' shadow memory clashes with very random ones.
fixed=()
setarch "$(uname -m)" -R true 2>/dev/null && fixed=(setarch "$(uname -m)" -R)
runs() {
  [[ -x "$build/bin/$1" ]] || { echo "no $1"; return 0; }
  echo "== $1"
  "${fixed[@]}" "$build/bin/$@"
}
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

case $preset in
  asan)
    builds unit_tests golden_tests app_tests
    cmake --build "$build" -j "$jobs" --target only_checked
    # what reads files beside the others: two halves
    runs unit_tests '[text],[io],[data]' >"$build.files.log" 2>&1 &
    runs unit_tests '~[text]~[io]~[data]'
    runs golden_tests
    runs app_tests
    wait $! || { cat "$build.files.log"; exit 1; }
    cat "$build.files.log"
    ;;
  tsan)
    builds thread_tests
    runs thread_tests -w NoTests "[threads]"
    ;;
esac
