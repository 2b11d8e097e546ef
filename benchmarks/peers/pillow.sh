#!/usr/bin/env bash
# Compares the way from a JPEG file to a model's input with Pillow's and NumPy's, in turn, and prints a Markdown table.
#   benchmarks/peers/pillow.sh [--rounds N] [--picture FILE.jpg]
# Pillow is installed under build/peers/pillow, unless HASHWEAVE_PILLOW_PYTHON names a python that has it and NumPy.
# HASHWEAVE_THREADS: threads of the last row, by default one a core.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source benchmarks/peers/common.sh

rounds=10 picture=''
read_options "rounds picture" "$@"
threads=${HASHWEAVE_THREADS:-$(nproc)}

work=build/peers
python=${HASHWEAVE_PILLOW_PYTHON:-$work/pillow/bin/python}
if ! "$python" -c 'import PIL, numpy' 2>/dev/null; then
  [[ -z ${HASHWEAVE_PILLOW_PYTHON:-} ]] || { echo "$python has no Pillow or no NumPy" >&2 && exit 1; }
  python3 -m venv "$work/pillow"
  "$work/pillow/bin/pip" install --quiet pillow numpy
fi
build=${HASHWEAVE_BENCH_BUILD:-build/bench}
if [[ -z ${HASHWEAVE_BENCH_BUILD:-} ]]; then cmake --preset bench >"$work/configure.log" || { cat "$work/configure.log" && exit 1; }; fi
cmake --build "$build" --target peer_pillow >"$work/build.log" || { cat "$work/build.log" && exit 1; }
ours=$build/bin/peer_pillow
theirs=benchmarks/peers/pillow.py

[[ -n $picture ]] || { picture=$work/photo.jpg && "$python" "$theirs" photo "$picture"; }
"$ours" --export "$picture" "$work/input.f32"
difference=$("$python" "$theirs" check "$picture" "$work/input.f32")
rm "$work/input.f32"

# The programs take turns; of every part the best round counts.
: >"$work/pillow.jsonl"
for ((i = 0; i < rounds; ++i)); do
  for count in $(printf '%s\n' 1 "$threads" | sort -nu); do
    "$ours" "$picture" "$count" >>"$work/pillow.jsonl"
    "$python" "$theirs" measure "$picture" "$count" >>"$work/pillow.jsonl"
  done
done

turbo=$(dpkg-query -W -f '${Version}' libjpeg62-turbo 2>/dev/null || echo unknown)
facts="$(processor); load average $(cut -d' ' -f1 /proc/loadavg); \
$(sources_and_compiler "$build" include/hashweave/data benchmarks/peers); libjpeg-turbo $turbo; $(date -u +%Y-%m-%d). \
The model's inputs of both sides differ by at most $difference"
"$python" "$theirs" table "$work/pillow.jsonl" "$facts" | tee "$work/pillow.md"
