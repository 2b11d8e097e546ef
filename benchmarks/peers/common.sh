# To be sourced by the comparisons, from the project's folder.
mkdir -p build/peers

# build_program PRESET TARGET [OPTION...]
build_program() {
  local preset=$1 target=$2
  shift 2
  cmake --preset "$preset" "$@" >build/peers/configure.log || { cat build/peers/configure.log && exit 1; }
  cmake --build --preset "$preset" --target "$target" >build/peers/build.log || { cat build/peers/build.log && exit 1; }
}
# build_peer PRESET NAME [OPTION...]: builds peer_NAME.
build_peer() { build_program "$1" "peer_$2" "${@:3}"; }

processor() { sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1; }

# sources_and_compiler BUILD PATH...: the commit, whether the sources at these paths differ from it, the build's compiler.
sources_and_compiler() {
  local compiler commit
  compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[^=]*=//p' "$1/CMakeCache.txt")
  shift
  commit=$(git rev-parse --short HEAD 2>/dev/null || echo none)
  [[ -z $(git status --porcelain -- "$@" 2>/dev/null) ]] || commit+=" and changes"
  printf '%s' "commit $commit; $("$compiler" --version | head -n 1)"
}
