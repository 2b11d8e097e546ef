# shellcheck shell=bash
# What the experiments share; they source it. Runs are kept in --out, one folder a setting: an experiment that is started
# again goes on where it stopped.
set -euo pipefail
usage() {
  cat >&2 <<END
usage: $0 --data D --out FOLDER [--bits "16 32 48 64"] [--seeds "1 2 3"] [--epochs 15] [--model dinov2-s] [--threads N]
          [--methods "transhash no-cauchy …"] [--chosen FILE] [--app TRANSHASH] [-- FLAGS OF TRAIN]
END
  exit 2
}
app=$(dirname "${BASH_SOURCE[0]}")/../../../build/release/bin/transhash
data='' out='' chosen='' epochs=15 model=dinov2-s threads=$(nproc) seeds='1 2 3' bits='16 32 48 64' more=()
methods='transhash no-cauchy no-dual-stream no-quantisation hashnet dch dpsh dsh csq greedyhash itq lsh'
while (($#)); do
  case $1 in
    --data | --out | --chosen | --epochs | --model | --threads | --seeds | --bits | --methods | --app)
      (($# > 1)) || usage; declare "${1#--}=$2"; shift 2 ;;
    --) shift; more=("$@"); break ;;
    *) usage ;;
  esac
done
[[ -n $data && -n $out ]] || usage
mkdir -p "$out"

precision=f32  # of products; bf16 where the processor has it
if grep -qw avx512_bf16 /proc/cpuinfo 2>/dev/null; then precision=bf16; fi

# train RUN FLAGS...: a run in OUT/RUN, unless its results are there already.
train() {
  local run="$out/$1" resume=()
  shift
  [[ ! -f $run/results.json ]] || return 0
  echo "== ${run##*/}"
  [[ ! -f $run/config.json ]] || resume=(--resume)
  "$app" train --data "$data" --out "$run" --model "$model" --precision "$precision" --threads "$threads" \
    --tokens "$out/tokens" --val-share 0.1 --evaluate-every 5 "$@" "${more[@]}" "${resume[@]}"
}
# What makes a run one of a method or ablation.
named() { if [[ $1 == no-* ]]; then echo "--$1"; else echo "--method $1"; fi; }
# The flags of a method at a code length: its own, and those that --chosen has for it, at that length or at any.
flags_of() {
  case $1 in
    itq | lsh) echo "$(named "$1") --epochs 0" ;;
    no-dual-stream | no-quantisation) echo "$(named "$1") --epochs $epochs $(chosen_for transhash "$2")" ;;
    *) echo "$(named "$1") --epochs $epochs $(chosen_for "$1" "$2")" ;;
  esac
}
chosen_for() {
  if [[ -z $chosen ]]; then
    echo "--lr 0.01"
  else
    { sed -n "s/^$1 $2: //p" "$chosen"; sed -n "s/^$1: //p" "$chosen"; } | head -n 1
  fi
}
