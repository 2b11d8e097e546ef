#!/usr/bin/env bash
# What the sign loses at 64 bits, and ways to lose less; none of them is in the paper. Each way of training is evaluated as it
# is and centred and rotated, on val, where a way is chosen:
#   binarisation.sh --data D --out FOLDER --seeds 1
# and the chosen way once on test, over seeds that were not looked at:
#   WAYS='as in the paper' SPLIT=test binarisation.sh --data D --out FOLDER --seeds "2 3 4"
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
split=${SPLIT:-val}
declare -A flags=(
  ['as in the paper']=''
  ['quantisation 3']='--quantisation 3'
  ['quantisation 30']='--quantisation 30'
  ['InfoNCE besides']='--info-nce 10'
  ['InfoNCE of signs besides']='--sign-info-nce 10'
  ['InfoNCE alone']='--triplet 0 --eta 0 --info-nce 30'
  ['InfoNCE of signs alone']='--triplet 0 --eta 0 --sign-info-nce 30'
  ['InfoNCE and of signs']='--triplet 0 --eta 0 --info-nce 15 --sign-info-nce 15'
)
mapfile -t ways < <(if [[ -n ${WAYS:-} ]]; then tr ',' '\n' <<<"$WAYS"; else printf '%s\n' "${!flags[@]}" | sort; fi)
for way in "${ways[@]}"; do
  [[ -v flags[$way] ]] || { echo "no such way: $way" >&2 && exit 2; }
  name="bits 64 $way" && [[ $way != 'as in the paper' ]] || name='bits 64 eta 0.1'
  so_far=("${results[@]}")
  # shellcheck disable=SC2086  # flags
  train "$name" --bits 64 --eta 0.1 ${flags[$way]}
  results=("${so_far[@]}")  # train's are of the test split
  evaluated "$way" "$name" "$split" --split "$split"
  rotated "$way, rotated" "$name" "$split"
done
summary "binarisation_$split"
