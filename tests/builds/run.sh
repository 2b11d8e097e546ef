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
  echo "== $*"
  "${fixed[@]}" "$build/bin/$@"
}
# each "PROGRAM TESTS", as many at a time as there are cores; what each said, in order
runs_together() {
  local failed=0 i
  rm -f "$build".part*  # of a call that was cut off
  for ((i = 1; i <= $#; ++i)); do
    while (($(jobs -rp | wc -l) >= jobs)); do wait -n || true; done
    # shellcheck disable=SC2086  # a program and its argument
    { runs ${!i} && touch "$build.part$i.passed"; } >"$build.part$i.log" 2>&1 &
  done
  wait
  for ((i = 1; i <= $#; ++i)); do
    cat "$build.part$i.log"
    [[ -f $build.part$i.passed ]] || failed=1
  done
  rm -f "$build".part*
  return "$failed"
}
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

case $preset in
  asan)
    builds unit_tests golden_tests app_tests
    cmake --build "$build" -j "$jobs" --target only_checked
    # the longest first
    runs_together 'unit_tests ~[text]~[io]~[data]' 'unit_tests [text]' 'unit_tests [data]' 'unit_tests [io]' golden_tests app_tests
    ;;
  tsan)
    builds thread_tests
    runs thread_tests -w NoTests "[threads]"
    ;;
esac
