# To be sourced by the comparisons with PyTorch, from the project's folder: sets `python`, one that has torch, and as many
# threads for both sides.
export HASHWEAVE_THREADS=${HASHWEAVE_THREADS:-$(nproc)}
export OMP_NUM_THREADS=$HASHWEAVE_THREADS

mkdir -p build/peers
python=${HASHWEAVE_TORCH_PYTHON:-build/peers/venv/bin/python}
if ! "$python" -c 'import torch' 2>/dev/null; then
  [[ -z ${HASHWEAVE_TORCH_PYTHON:-} ]] || { echo "$python has no torch" >&2 && exit 1; }
  python3 -m venv build/peers/venv
  build/peers/venv/bin/pip install --quiet torch
fi

# build_peer PRESET NAME [OPTION...]: builds peer_NAME.
build_peer() {
  local preset=$1 name=$2
  shift 2
  cmake --preset "$preset" "$@" >build/peers/configure.log || { cat build/peers/configure.log && exit 1; }
  cmake --build --preset "$preset" --target "peer_$name" >build/peers/build.log || { cat build/peers/build.log && exit 1; }
}

# facts PRESET: the machine and the versions, for a table.
facts() {
  local cache=build/$1/CMakeCache.txt compiler eigen_dir eigen commit
  compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[^=]*=//p' "$cache")
  eigen_dir=$(sed -n 's/^Eigen3_DIR:[^=]*=//p' "$cache")
  eigen=$(sed -n 's/^ *set *(PACKAGE_VERSION "\(.*\)").*/\1/p' "$eigen_dir/Eigen3ConfigVersion.cmake" | head -n 1)
  commit=$(git rev-parse --short HEAD 2>/dev/null || echo none)
  [[ -z $(git status --porcelain -- include examples benchmarks/peers benchmarks/support 2>/dev/null) ]] || commit+=" and changes"
  printf '%s' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $HASHWEAVE_THREADS threads; " \
    "commit $commit; $("$compiler" --version | head -n 1); Eigen ${eigen:-unknown}; " \
    "PyTorch $("$python" -c 'import torch; print(torch.__version__)'); $(date -u +%Y-%m-%d). "
}
