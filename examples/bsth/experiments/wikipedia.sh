#!/usr/bin/env bash
# BSTH on the Wikipedia set's features (or any data set of features with labels): code lengths by seeds, in the paper's
# setting and in a shorter one (docs/bsth.md). Queries are the test items, the database the train items, mAP over all.
# Runs are kept in --out, one folder a setting, code length and seed; started again, it goes on where it stopped.
set -euo pipefail
usage() {
  cat >&2 <<END
usage: $0 --data FEATURES --out FOLDER [--settings "short paper"] [--bits "16 32 64 128"] [--seeds "1 2 3"] [--threads N]
  [--app BSTH] [-- FLAGS OF TRAIN]
FEATURES: an npz or MAT file, or one of the npy files I_tr, T_tr, L_tr, I_te, T_te, L_te of a folder.
END
  exit 2
}
app=$(dirname "${BASH_SOURCE[0]}")/../../../build/release/bin/bsth
data='' out='' settings='short paper' bits='16 32 64 128' seeds='1 2 3' threads=$(nproc) more=()
while (($#)); do
  case $1 in
    --data | --out | --settings | --bits | --seeds | --threads | --app) (($# > 1)) || usage; declare "${1#--}=$2"; shift 2 ;;
    --) shift; more=("$@"); break ;;
    *) usage ;;
  esac
done
[[ -n $data && -n $out ]] || usage
mkdir -p "$out"

paper=()
short=(--epochs 20 --batch 128 --schedule cosine --dropout 0.1 --standardise --beta-codes 1
  --prototype-epochs 300 --gamma-quantisation 1 --gamma-similarity 10 --gamma-balance 0.0001)

results=()
for setting in $settings; do
  [[ $setting == paper || $setting == short ]] || usage
  declare -n flags=$setting
  for length in $bits; do
    for seed in $seeds; do
      run="$out/${setting}_${length}bits_seed$seed"
      if [[ ! -f $run/results.json ]]; then
        echo "== $setting, $length bits, seed $seed"
        resume=() && [[ ! -f $run/config.json ]] || resume=(--resume)
        "$app" train --data "$data" --out "$run" --bits "$length" --seed "$seed" --threads "$threads" "${flags[@]}" \
          "${more[@]}" "${resume[@]}"
      fi
      results+=("$setting $length=$run/results.json")
    done
  done
done
"$app" mean "${results[@]}" --json "$out/wikipedia.json"
echo "written: $out/wikipedia.json"
