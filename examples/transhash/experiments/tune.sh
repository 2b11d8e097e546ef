#!/usr/bin/env bash
# The learning rate of each method at 32 bits; for those with a Cauchy loss its scale γ as well, at each other code length again:
# the best mAP on val, which is a tenth of the train split; no query is looked at. The first seed. Writes OUT/chosen.txt, which
# cifar10.sh --chosen takes.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
seed=${seeds%% *}

# The best mAP on val of a run, over its epochs.
on_val() { grep '"eval"' "$out/$1/metrics.jsonl" | grep -o '"map_all":[0-9.]*' | cut -d: -f2 | sort -rg | head -n 1; }

: >"$out/tune.txt"
for method in transhash no-cauchy dch hashnet dpsh dsh csq greedyhash; do
  scales=('') && [[ $method != transhash && $method != dch ]] || scales=('--gamma 10' '--gamma 20')
  rates='0.003 0.01 0.03'
  [[ $method != dsh ]] || rates='0.0003 0.001 0.003'
  [[ $method != no-cauchy ]] || rates='0.001 0.003 0.01'
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
for method in transhash dch; do
  rate=$(sed -n "s/^$method: \(--lr [^ ]*\).*/\1/p" "$out/chosen.txt")
  for length in $bits; do
    [[ $length -ne 32 ]] || continue
    scales='10 20 40' && [[ $length -gt 16 ]] || scales='5 10 20'
    for scale in $scales; do
      run="tune_${method}_${length}_gamma$scale"
      # shellcheck disable=SC2086
      train "$run" --method "$method" --bits "$length" --epochs "$epochs" --seed "$seed" $rate --gamma "$scale"
      echo "$(on_val "$run") $method $length: $rate --gamma $scale" >>"$out/tune.txt"
    done
    grep " $method $length: " "$out/tune.txt" | sort -rg | head -n 1 | cut -d' ' -f2- >>"$out/chosen.txt"
  done
done
sort -k2,2 -k1,1rg "$out/tune.txt"
echo "written: $out/chosen.txt"
