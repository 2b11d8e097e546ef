#!/usr/bin/env bash
# SATAH, its ablations and its rivals on one data set of features with labels (docs/satah.md): methods by code lengths by
# seeds, mAP over all both ways. Runs are kept in --out, one folder each; started again, it goes on where it stopped.
# The recipe is the same for all methods: --rate 3e-4, 40 epochs; what a data set needs besides comes behind "--".
set -euo pipefail
usage() {
  cat >&2 <<END
usage: $0 --data FEATURES --out FOLDER [--methods "satah dcmh …"] [--bits "16 32 64 128"] [--seeds "1 2 3"]
  [--query test] [--database auto] [--epochs 40] [--precision f32] [--threads N] [--app SATAH] [-- FLAGS OF TRAIN]
FEATURES: an npz or MAT file, or one of the npy files I_tr, T_tr, L_tr, I_te, T_te, L_te of a folder.
Methods: satah, without_gan, without_label_network, without_triplet, without_alignment, without_quantisation,
  dcmh, triplet, infonce, vit2cmh-loss.
END
  exit 2
}
app=$(dirname "${BASH_SOURCE[0]}")/../../../build/release/bin/satah
data='' out='' bits='16 32 64 128' seeds='1 2 3' query=test database=auto epochs=40 precision=f32 threads=$(nproc) more=()
methods='satah without_gan without_label_network without_triplet without_alignment without_quantisation
  dcmh triplet infonce vit2cmh-loss'
while (($#)); do
  case $1 in
    --data | --out | --methods | --bits | --seeds | --query | --database | --epochs | --precision | --threads | --app)
      (($# > 1)) || usage; declare "${1#--}=$2"; shift 2 ;;
    --) shift; more=("$@"); break ;;
    *) usage ;;
  esac
done
[[ -n $data && -n $out ]] || usage
mkdir -p "$out"

results=()
for method in $methods; do
  case $method in
    satah) flags=() ;;
    without_gan) flags=(--no-gan) ;;
    without_label_network) flags=(--no-label-network) ;;
    without_triplet) flags=(--no-triplet) ;;
    without_alignment) flags=(--no-semantic-alignment) ;;
    without_quantisation) flags=(--no-quantisation) ;;
    dcmh | triplet | infonce | vit2cmh-loss) flags=(--method "$method") ;;
    *) usage ;;
  esac
  for length in $bits; do
    for seed in $seeds; do
      run="$out/${method}_${length}bits_seed$seed"
      if [[ ! -f $run/results.json ]]; then
        echo "== $method, $length bits, seed $seed"
        resume=() && [[ ! -f $run/config.json ]] || resume=(--resume)
        "$app" train --data "$data" --query "$query" --database "$database" --out "$run" --bits "$length" --seed "$seed" \
          --epochs "$epochs" --rate 3e-4 --judge-rate 3e-4 --evaluate-every 5 --precision "$precision" \
          --threads "$threads" "${flags[@]}" "${more[@]}" "${resume[@]}"
      fi
      results+=("$method $length=$run/results.json")
    done
  done
done
"$app" mean "${results[@]}" --json "$out/tables.json"
echo "written: $out/tables.json"
