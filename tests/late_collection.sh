# To be sourced. late_collection COMPILER: g++'s option to collect its garbage from 1 GiB of memory on, not from 128 MiB, which
# takes a seventh of its time (as in cmake/own_program.cmake); nothing for a compiler that has no such option.
late_collection() {
  local option=--param=ggc-min-heapsize=1048576
  if "$1" "$option" -x c++ -fsyntax-only - </dev/null 2>/dev/null; then echo "$option"; fi
}
