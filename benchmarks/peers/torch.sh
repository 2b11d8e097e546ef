# To be sourced by the comparisons with PyTorch, after common.sh: sets `python`, one that has torch, and as many
# threads for both sides.

export HASHWEAVE_THREADS=${HASHWEAVE_THREADS:-$(nproc)}
export OMP_NUM_THREADS=$HASHWEAVE_THREADS

python=${HASHWEAVE_TORCH_PYTHON:-build/peers/venv/bin/python}
if ! "$python" -c 'import torch' 2>/dev/null; then
  [[ -z ${HASHWEAVE_TORCH_PYTHON:-} ]] || { echo "$python has no torch" >&2 && exit 1; }
  python3 -m venv build/peers/venv
  build/peers/venv/bin/pip install --quiet torch
fi

# need_packages PACKAGE...: installs what the python lacks.
need_packages() {
  local package missing=()
  for package; do "$python" -c "import ${package/pillow/PIL}" 2>/dev/null || missing+=("$package"); done
  ((${#missing[@]})) || return 0
  [[ -z ${HASHWEAVE_TORCH_PYTHON:-} ]] || { echo "$python lacks ${missing[*]}" >&2 && exit 1; }
  build/peers/venv/bin/pip install --quiet "${missing[@]}"
}

# seconds COMMAND...: how long it takes; what it writes goes into a file under $work, and is shown if it fails.
seconds() {
  local begin=$EPOCHREALTIME
  "$@" &>"$work/log" || { cat "$work/log" >&2 && exit 1; }
  awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'
}

# facts PRESET: the machine and the versions, for a table.
facts() {
  local eigen_dir eigen
  eigen_dir=$(sed -n 's/^Eigen3_DIR:[^=]*=//p' "build/$1/CMakeCache.txt")
  eigen=$(sed -n 's/^ *set *(PACKAGE_VERSION "\(.*\)").*/\1/p' "$eigen_dir/Eigen3ConfigVersion.cmake" | head -n 1)
  printf '%s' "$(processor), $HASHWEAVE_THREADS threads; " \
    "$(sources_and_compiler "build/$1" include examples benchmarks/peers benchmarks/support); Eigen ${eigen:-unknown}; " \
    "PyTorch $("$python" -c 'import torch; print(torch.__version__)'); $(date -u +%Y-%m-%d). "
}
