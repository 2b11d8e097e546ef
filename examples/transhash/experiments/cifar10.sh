#!/usr/bin/env bash
# TransHash, its ablations and its rivals on one tower: mAP over the whole database, by code length, mean and spread over the
# seeds, in OUT/table.json; and what a logistic regression on the same tower knows, in OUT/logistic.json. D is a folder with
# dataset.jsonl: on each line id, image, labels and split (train; test: the queries; rest: the database). Nothing in here is
# particular to CIFAR-10.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
results=()
for length in $bits; do
  for method in $methods; do
    for seed in $seeds; do
      run="${method}_${length}_seed$seed"
      # shellcheck disable=SC2046
      train "$run" $(flags_of "$method" "$length") --bits "$length" --seed "$seed"
      results+=("$method $length=$out/$run/results.json")
    done
  done
done
"$app" mean "${results[@]}" --json "$out/table.json"
[[ -f $out/logistic.json ]] || "${app}_logistic" --data "$data" --model "$model" --tokens "$out/tokens" --precision "$precision" \
  --threads "$threads" --json "$out/logistic.json"
echo "written: $out/table.json, $out/logistic.json"
