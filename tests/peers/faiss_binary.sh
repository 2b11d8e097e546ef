#!/usr/bin/env bash
# Exchanges binary indexes with FAISS itself, in both directions.  usage: faiss_binary.sh SOURCE_DIR CODES_TOOL WORK_DIR
# FAISS comes from PyPI into a virtual environment of its own, which is kept for a next run.
set -euo pipefail
source=$1 tool=$2 work=$3
faiss=1.15.1
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }

venv="${XDG_CACHE_HOME:-$HOME/.cache}/hashweave/peers/faiss-$faiss"
installed() { "$venv/bin/python" -c "import faiss, sys; sys.exit(faiss.__version__ != '$faiss')" 2>/dev/null; }
mkdir -p "$work" "$(dirname "$venv")"
exec 9>"$venv.lock"
flock 9 # another build may be at it
if ! installed; then
  rm -rf "$venv"
  python3 -m venv "$venv" >"$work/venv.log" 2>&1 || { echo "skipped: python3 makes no virtual environment (Debian: python3-venv)"; exit 77; }
  timeout 120 "$venv/bin/pip" install --quiet --no-input --disable-pip-version-check --retries 1 --timeout 15 \
    "faiss-cpu==$faiss" 'numpy>=2,<3' >"$work/pip.log" 2>&1 ||
    { echo "skipped: faiss-cpu $faiss cannot be fetched: $(tail -n 1 "$work/pip.log")"; exit 77; }
  installed || { echo "skipped: faiss-cpu $faiss does not run here"; exit 77; }
fi
flock -u 9

rm -rf "$work/files"
mkdir -p "$work/files"
"$venv/bin/python" "$source/tests/peers/faiss_binary.py" "$tool" "$work/files"
