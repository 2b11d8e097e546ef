# To be sourced by the comparisons, from the project's folder.
mkdir -p build/peers

# usage: the script's own, from the comment at its top; ends it with status 2.
usage() { sed -n '2,/^set /s/^# //p' "benchmarks/peers/$(basename "$0")" >&2 && exit 2; }
# read_options NAMES ARGUMENT...: each `--name value` sets the variable of that name, each `--append` the variable append,
# where it is one of the names; anything else is answered by the usage.
read_options() {
  local names=" $1 " name
  shift
  while (($#)); do
    name=${1#--}
    [[ $1 == --* && $names == *" $name "* ]] || usage
    if [[ $name == append ]]; then
      append=1
    else
      (($# > 1)) || usage
      printf -v "$name" %s "$2"
      shift
    fi
    shift
  done
}
# append_table TITLE FILE: a section of docs/quality.md.
append_table() { { printf '\n## %s\n\n' "$1" && cat "$2"; } >>docs/quality.md; }

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

# gpu_capability: of the GPU that is there, as CMAKE_CUDA_ARCHITECTURES has it.
gpu_capability() { nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .; }
# need_gpu: ends the script with status 77 and one line where no GPU is visible.
need_gpu() { [[ -n $(nvidia-smi --list-gpus 2>/dev/null) ]] || { echo "skipped: no GPU is visible (nvidia-smi lists none)"; exit 77; }; }
# build_gpu_peer NAME [OPTION...]: builds peer_NAME for the GPU that is there.
build_gpu_peer() {
  PATH="$PATH:/usr/local/cuda/bin" build_peer cuda "$1" -D HASHWEAVE_BUILD_BENCHMARKS=ON \
    -D CMAKE_CUDA_ARCHITECTURES="$(gpu_capability)-real" "${@:2}"
}
# gpu: its name, its driver and CUDA's compiler, for a table.
gpu() {
  printf '%s, nvcc %s' "$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -n 1 | sed 's/, /, driver /')" \
    "$(PATH="$PATH:/usr/local/cuda/bin" nvcc --version | sed -n 's/.*release [^,]*, V//p')"
}
