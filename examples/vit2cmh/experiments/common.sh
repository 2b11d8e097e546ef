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
towers=(--freeze-towers)
on_data=(--data "$data" "${images[@]}" --precision "$precision" --threads "$threads")
run_of() { echo "$out/${1// /_}_epochs${epochs}_seed$2"; }  # NAME SEED

# train NAME FLAGS...: a run for each seed, unless it is there already; their results under NAME in the summary.
train() {
  local name=$1 seed run resume
  shift
  for seed in $seeds; do
    run=$(run_of "$name" "$seed")
    if [[ ! -f $run/results.json ]]; then
      echo "== $name, seed $seed"
      resume=() && [[ ! -f $run/config.json ]] || resume=(--resume)
      "$app" train "${on_data[@]}" --out "$run" --model dinov2-s+minilm "${towers[@]}" --batch 30 \
        --epochs "$epochs" --lr 1e-5 --head-lr 1e-4 --margin 0.2 --alpha 45 --warmup 100 --clip 2 --dropout 0.1 \
        --max-tokens 32 --seed "$seed" "$@" "${more[@]}" "${resume[@]}"
    fi
    results+=("$name=$run/results.json")
  done
}

# evaluated NAME RUN_NAME FILE FLAGS...: the same runs, evaluated with these flags into FILE.json of each; under NAME in the summary.
evaluated() {
  local name=$1 run_name=$2 file=$3 seed run
  shift 3
  for seed in $seeds; do
    run=$(run_of "$run_name" "$seed")
    [[ -f $run/$file.json ]] || "$app" eval --checkpoint "$run" "${on_data[@]}" "$@" --json "$run/$file.json"
    results+=("$name=$run/$file.json")
  done
}

# rotated NAME RUN_NAME SPLIT: the same runs, their codes centred and rotated by the train split, evaluated on SPLIT.
rotated() {
  local seed run
  for seed in $seeds; do
    run=$(run_of "$2" "$seed")
    [[ -f $run/rotated.safetensors ]] || "$app" rotate --checkpoint "$run" "${on_data[@]}" --out "$run/rotated.safetensors"
    [[ -f $run/rotated_$3.json ]] ||
      "$app" eval --checkpoint "$run/rotated.safetensors" "${on_data[@]}" --split "$3" --json "$run/rotated_$3.json"
    results+=("$1=$run/rotated_$3.json")
  done
}

# summary NAME: mean and spread over the seeds, on the screen and in OUT/NAME.json; and OUT/report.html, the first run's
# page with all the summaries there are.
summary() {
  "$app" mean "${results[@]}" --json "$out/$1.json"
  local first=${results[0]#*=}
  "$app" report --run "$(dirname "$first")" --experiments "$out"/*.json --out "$out/report.html"
  echo "written: $out/$1.json, $out/report.html"
}
