#!/usr/bin/env bash
# The learning rate of each method, and the scale γ of those with a Cauchy loss: the best mAP on val, which is a tenth of the
# train split; no query is looked at. At 32 bits with the first seed. Writes OUT/chosen.txt, which cifar10.sh --chosen takes.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
seed=${seeds%% *}

# The best mAP on val of a run, over its epochs.
on_val() { grep '"eval"' "$out/$1/metrics.jsonl" | grep -o '"map_all":[0-9.]*' | cut -d: -f2 | sort -rg | head -n 1; }

: >"$out/tune.txt"
for method in transhash no-cauchy dch hashnet dpsh dsh csq greedyhash; do
  scales=('') && [[ $method != transhash && $method != dch ]] || scales=('--gamma 10' '--gamma 20')
  rates='0.003 0.01 0.03' && [[ $method != d[ps]*h ]] || rates='0.001 0.003 0.01'  # linear heads have no bound
  [[ $method != no-cauchy ]] || rates='0.001 0.003 0.01'  # 0.01 diverges as a rule
  which=(--method "$method") && [[ $method != no-cauchy ]] || which=(--no-cauchy)
  for scale in "${scales[@]}"; do
    for rate in $rates; do
      flags="--lr $rate${scale:+ $scale}"
      run="tune_${method}_${flags//[ -]/}"
      # shellcheck disable=SC2086
      if train "$run" "${which[@]}" --bits 32 --epochs "$epochs" --seed "$seed" $flags; then
        echo "$(on_val "$run") $method: $flags" >>"$out/tune.txt"
      else
        echo "0 $method: $flags (no finite gradient)" >>"$out/tune.txt"
      fi
    done
  done
done
for method in transhash no-cauchy dch hashnet dpsh dsh csq greedyhash; do
  grep " $method: " "$out/tune.txt" | sort -rg | head -n 1 | cut -d' ' -f2-
done >"$out/chosen.txt"
sort -k2,2 -k1,1rg "$out/tune.txt"
echo "written: $out/chosen.txt"
