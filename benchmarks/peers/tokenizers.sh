#!/usr/bin/env bash
# Compares BertTokenizer with the Hugging Face tokenizers package (0.23), one thread each, and prints a Markdown table.
# usage: tokenizers.sh TEXTS [ROUNDS]     TEXTS: one text a line, or Flickr8k's Flickr8k.token.txt.gz
# Needs python3 with venv, and the network once for `pip install tokenizers`; or PYTHON naming one that has the package.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
texts=${1:?usage: tokenizers.sh TEXTS [ROUNDS]}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ -z ${PYTHON:-} ]]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet 'tokenizers==0.23.*'
  PYTHON=$work/venv/bin/python
fi
case $texts in
  *.token.txt.gz) gunzip -c "$texts" | cut -f2 >"$work/texts.txt" ;;
  *.gz) gunzip -c "$texts" >"$work/texts.txt" ;;
  *) cp "$texts" "$work/texts.txt" ;;
esac
"${CXX:-g++}" -std=c++20 -O3 -I"$root/include" "$here/tokenizers.cpp" -o "$work/peer_tokenizers"
TOKENIZERS_PARALLELISM=false RAYON_NUM_THREADS=1 "$PYTHON" "$here/tokenizers.py" "$work/peer_tokenizers" \
  "$root/tests/golden/tokenizer/vocab.txt" "$work/texts.txt" "${2:-7}"
