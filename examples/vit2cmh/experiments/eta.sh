#!/usr/bin/env bash
# The weight of the angular loss (ViT2CMH, table 5).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
for eta in 0 0.05 0.1 0.2 0.5 1; do train "bits 64 eta $eta" --bits 64 --eta $eta; done
summary eta
