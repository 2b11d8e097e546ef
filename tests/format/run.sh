#!/usr/bin/env bash
# Every C++ file is as clang-format writes it.  usage: run.sh SOURCE_DIR
set -euo pipefail
exec "$1/tools/format.sh" --check
