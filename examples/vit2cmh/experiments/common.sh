# shellcheck shell=bash
# What the experiments share; they source it. Runs are kept in --out, one folder a setting and seed, and serve every
# experiment that needs them: an experiment that is started again goes on where it stopped.
set -euo pipefail
usage() {
  cat >&2 <<END
usage: $0 --data D --out FOLDER [--images FOLDER] [--seeds "1 2 3"] [--threads N] [--epochs 6] [--app VIT2CMH] [-- FLAGS OF TRAIN]
END
  exit 2
}
app=$(dirname "${BASH_SOURCE[0]}")/../../../build/release/bin/vit2cmh
data='' out='' epochs=6 threads=$(nproc) seeds='1 2 3' images=() more=()
while (($#)); do
  case $1 in
    --data | --out | --epochs | --threads | --seeds | --app) (($# > 1)) || usage; declare "${1#--}=$2"; shift 2 ;;
    --images) (($# > 1)) || usage; images=(--images "$2"); shift 2 ;;
    --) shift; more=("$@"); break ;;
    *) usage ;;
  esac
done
[[ -n $data && -n $out ]] || usage
mkdir -p "$out"

precision=f32
if "$app" info --json - | grep -q '"bf16": true'; then precision=bf16; fi
results=()

# train NAME FLAGS...: a run for each seed, unless it is there already; their results under NAME in the summary.
train() {
  local name=$1 seed run resume
  shift
  for seed in $seeds; do
    run="$out/${name// /_}_epochs${epochs}_seed$seed"
    if [[ ! -f $run/results.json ]]; then
      echo "== $name, seed $seed"
      resume=() && [[ ! -f $run/config.json ]] || resume=(--resume)
      "$app" train --data "$data" "${images[@]}" --out "$run" --model dinov2-s+minilm --freeze-towers --batch 30 \
        --epochs "$epochs" --lr 1e-5 --head-lr 1e-4 --margin 0.2 --alpha 45 --warmup 100 --clip 2 --dropout 0.1 \
        --max-tokens 32 --precision "$precision" --threads "$threads" --seed "$seed" "$@" "${more[@]}" "${resume[@]}"
    fi
    results+=("$name=$run/results.json")
  done
}

# folds NAME RUN_NAME N: the same runs, evaluated on galleries of an N-th of the test split.
folds() {
  local seed run file
  for seed in $seeds; do
    run="$out/${2// /_}_epochs${epochs}_seed$seed" file="$run/folds$3.json"
    if [[ ! -f $file ]]; then
      "$app" eval --checkpoint "$run" --data "$data" "${images[@]}" --folds "$3" --precision "$precision" \
        --threads "$threads" --json "$file"
    fi
    results+=("$1=$file")
  done
}

# summary NAME: mean and spread over the seeds, on the screen and in OUT/NAME.json.
summary() {
  "$app" mean "${results[@]}" --json "$out/$1.json"
  echo "written: $out/$1.json"
}
