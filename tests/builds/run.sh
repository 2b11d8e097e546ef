#!/usr/bin/env bash
# One more preset, sanitized, by clang++.
# usage: run.sh asan|tsan SOURCE_DIR BUILD_DIR                     configures and builds it
#        run.sh asan|tsan SOURCE_DIR BUILD_DIR PROGRAM TESTS       runs these tests of a program of it, at least one
set -euo pipefail
preset=$1 source=$2 build=$3
shift 3
clang=$(command -v clang++-14 || command -v clang++) || { echo "skipped: no clang++"; exit 77; }
case $preset in
  asan) wanted=(unit_tests golden_tests app_tests only_checked) configure=(-D HASHWEAVE_SANITIZE_SUBSET=ON) ;;
  tsan) wanted=(thread_tests) configure=() ;;
  *) echo "unknown preset: $preset"; exit 2 ;;
esac

if [[ $# -eq 0 ]]; then
  cd "$source"
  cmake --preset "$preset" -B "$build" -D CMAKE_CXX_COMPILER="$clang" "${configure[@]}" >"$build.configure.log" 2>&1 ||
    { cat "$build.configure.log"; exit 1; }
  there=$(cmake --build "$build" --target help)
  targets=()  # those that there are: some need packages
  for target in "${wanted[@]}"; do
    if grep -q "^$target: " <<<"$there"; then targets+=("$target"); fi
  done
  [[ ${#targets[@]} -gt 0 ]] || { echo "skipped: there is nothing to build"; exit 77; }
  exec cmake --build "$build" -j "$(nproc)" --target "${targets[@]}"
fi

# Fewer freed blocks, frames of returned functions and callers of each allocation are kept than by default: keeping them
# took half of the time. Readers of damaged files (text, data, io) call so many functions that their frames are not kept.
returned=1
case ${2:-} in '[text]' | '[data]' | '[io]') returned=0 ;; esac
export ASAN_OPTIONS=detect_stack_use_after_return=$returned:strict_string_checks=1:quarantine_size_mb=32
ASAN_OPTIONS+=:min_uar_stack_size_log=16:max_uar_stack_size_log=16:malloc_context_size=2
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
# Fixed addresses: the sanitizers' shadow memory clashes with very random ones.
fixed=()
setarch "$(uname -m)" -R true 2>/dev/null && fixed=(setarch "$(uname -m)" -R)
exec "${fixed[@]}" "$build/bin/$1" -w NoTests "$2"
