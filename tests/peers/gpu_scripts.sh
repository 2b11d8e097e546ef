#!/usr/bin/env bash
# The comparisons on a GPU where there is none: each ends with status 77 and one line that says why; their Python parts read
# their arguments, and write their tables from recorded lines.  usage: gpu_scripts.sh SOURCE_DIR WORK_DIR
set -euo pipefail
source=$1 work=$2
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
rm -rf "$work"
mkdir -p "$work/bin" "$work/modules"
work=$(cd "$work" && pwd)
peers=$source/benchmarks/peers
export PYTHONDONTWRITEBYTECODE=1

# ends STATUS PATTERN COMMAND...: with this status and one line of output, which matches
ends() {
  local wanted=$1 pattern=$2 status=0
  shift 2
  "$@" >"$work/out" 2>&1 || status=$?
  [[ $status -eq $wanted && $(wc -l <"$work/out") -eq 1 ]] && grep -qE "^$pattern" "$work/out" && return
  echo "$*: status $status, expected $wanted and one line like '$pattern', got:"
  cat "$work/out"
  exit 1
}
# says PATTERN FILE: a line of the file matches
says() { grep -qE "$1" "$2" || { echo "no line like '$1' in:"; cat "$2"; exit 1; }; }

# a driver without a GPU
printf '#!/bin/sh\necho "No devices were found" >&2\nexit 6\n' >"$work/bin/nvidia-smi"
chmod +x "$work/bin/nvidia-smi"
for script in "$peers/torch_cuda.sh" "$peers/hamming_cuda.sh" "$source/tools/gpu_check.sh"; do
  ends 77 'skipped: no GPU is visible' env PATH="$work/bin:$PATH" "$script"
done
for script in "$peers/torch_cuda.sh" "$peers/hamming_cuda.sh"; do
  status=0
  "$script" --unknown >"$work/out" 2>&1 || status=$?
  [[ $status -eq 2 ]] || { echo "$script --unknown: status $status, expected 2"; exit 1; }
  says '\[--append\]' "$work/out"
done

# other software without GPUs, and none at all
modules() { printf '%s\n' "$2" >"$work/modules/$1.py"; }
modules torch $'from types import SimpleNamespace as N\n__version__ = "9.8"\ncuda = N(is_available=lambda: False)'
ends 77 'skipped: PyTorch 9.8 sees no GPU' env PYTHONPATH="$work/modules" python3 "$peers/torch_cuda.py" device
modules torch 'raise ImportError("none here")'
ends 77 'skipped: PyTorch cannot be imported \(none here\)' env PYTHONPATH="$work/modules" python3 "$peers/torch_cuda.py" device
modules faiss $'__version__ = "1.2"\nGpuIndexBinaryFlat = None\nget_num_gpus = lambda: 0'
ends 77 'skipped: FAISS 1.2 sees no GPU' env PYTHONPATH="$work/modules" python3 "$peers/hamming_cuda.py" device
modules faiss '__version__ = "1.2"'
ends 77 'skipped: FAISS 1.2 was built without GPUs' env PYTHONPATH="$work/modules" python3 "$peers/hamming_cuda.py" device
for script in torch_cuda.py hamming_cuda.py; do
  status=0
  python3 "$peers/$script" measure >"$work/out" 2>&1 || status=$?
  [[ $status -eq 1 ]] || { echo "$script measure: status $status, expected 1"; exit 1; }
  says "$script table" "$work/out"
done

# tables: 30 pairs in 0.1 and 0.2 s beside 0.3 and 0.4 s; a search at 1.6e8 bytes in 1 ms, memory at 3.2e11 bytes/s
cat >"$work/lines" <<'END'
{"side": "hashweave", "part": "vit_bert_step", "precision": "bf16", "seconds": 0.1, "samples": 30, "flop": 1e12}
{"side": "hashweave", "part": "vit_bert_step", "precision": "bf16", "seconds": 0.2, "samples": 30, "flop": 1e12}
{"side": "hashweave", "part": "vit_bert_step", "precision": "bf16", "seconds": 0.2, "samples": 30, "flop": 1e12}
{"side": "sdpa", "part": "vit_bert_step", "precision": "bf16", "seconds": 0.3, "samples": 30}
{"side": "sdpa", "part": "vit_bert_step", "precision": "bf16", "seconds": 0.4, "samples": 30}
{"side": "sdpa", "part": "vit_bert_step", "precision": "bf16", "seconds": 0.4, "samples": 30}
END
python3 "$peers/torch_cuda.py" table "$work/lines" "some GPU" >"$work/out"
says '^some GPU$' "$work/out"
says '^\| vit_bert_step \| 30 \| bf16 \| 300 \(150\) \| 10.0 \| 100 \(75\) \| 3.00 \(2.00\) \|$' "$work/out"
cat >"$work/results" <<'END'
{"bits": 128, "codes": 10000000, "build ours": 0.5, "build FAISS": 0.25, "bandwidth": 3.2e11,
 "batches": {"4": {"ours": [0.001, 0.002], "FAISS": [0.003, 0.004]}}}
END
python3 "$peers/hamming_cuda.py" table "$work/results" "some GPU" >"$work/out"
says '^\| 4 \| 1000 \(2000\) \| 3000 \(4000\) \| 3.00 \(2.00\) \| 0.50 \|$' "$work/out"
echo "both comparisons say why they are skipped, and write their tables"
