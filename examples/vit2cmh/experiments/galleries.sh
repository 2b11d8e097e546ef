#!/usr/bin/env bash
# With and without the angular loss at growing galleries: parts of the test split, then all of it (ViT2CMH, figure 4).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
for eta in 0 0.1; do train "bits 64 eta $eta" --bits 64 --eta $eta; done
results=()
for eta in 0 0.1; do
  for parts in 8 4 2 1; do evaluated "eta $eta, 1/$parts of the gallery" "bits 64 eta $eta" "folds$parts" --folds $parts; done
done
summary galleries
