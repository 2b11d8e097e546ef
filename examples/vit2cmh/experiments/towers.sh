#!/usr/bin/env bash
# What training the towers too adds (ViT2CMH trains them, at 1e-5): beside the same runs above frozen towers.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
train 'bits 64 eta 0.1' --bits 64 --eta 0.1
towers=()
train 'bits 64 eta 0.1 towers trained' --bits 64 --eta 0.1
summary towers
