#!/usr/bin/env bash
# The learning rate of each method at 32 bits; for those with a Cauchy loss its scale γ as well, at each other code length again:
# the best mAP on val, which is a tenth of the train split; no query is looked at. The first seed. Writes OUT/chosen.txt, which
# cifar10.sh --chosen takes.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
seed=${seeds%% *}

# The best mAP on val of a run, over its epochs.
on_val() { grep '"eval"' "$out/$1/metrics.jsonl" | grep -o '"map_all":[0-9.]*' | cut -d: -f2 | sort -rg | head -n 1; }
# try WHAT METHOD BITS FLAGS: a run, and its line "mAP WHAT: FLAGS" in tune.txt.
try() {
  local run="tune_${1// /_}_${4//[ -]/}"
  # shellcheck disable=SC2046,SC2086
  if train "$run" $(named "$2") --bits "$3" --epochs "$epochs" --seed "$seed" $4; then
    echo "$(on_val "$run") $1: $4" >>"$out/tune.txt"
  else
    echo "0 $1: $4 (no finite gradient)" >>"$out/tune.txt"
  fi
}
# choose WHAT: the flags that were best for it go into chosen.txt.
choose() { grep " $1: " "$out/tune.txt" | sort -rg | head -n 1 | cut -d' ' -f2- >>"$out/chosen.txt"; }

: >"$out/tune.txt"
: >"$out/chosen.txt"
for method in transhash no-cauchy dch hashnet dpsh dsh csq greedyhash; do
  scales=('') && [[ $method != transhash && $method != dch ]] || scales=(' --gamma 10' ' --gamma 20')
  rates='0.003 0.01 0.03'
  [[ $method != dsh ]] || rates='0.0003 0.001 0.003'
  [[ $method != no-cauchy ]] || rates='0.001 0.003 0.01'
  for scale in "${scales[@]}"; do
    for rate in $rates; do try "$method" "$method" 32 "--lr $rate$scale"; done
  done
  choose "$method"
done
for method in transhash dch; do
  rate=$(sed -n "s/^$method: \(--lr [^ ]*\).*/\1/p" "$out/chosen.txt")
  for length in $bits; do
    [[ $length -ne 32 ]] || continue
    scales='10 20 40' && [[ $length -gt 16 ]] || scales='5 10 20'
    for scale in $scales; do try "$method $length" "$method" "$length" "$rate --gamma $scale"; done
    choose "$method $length"
  done
done
sort -k2,2 -k1,1rg "$out/tune.txt"
echo "written: $out/chosen.txt"
