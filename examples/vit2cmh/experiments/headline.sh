#!/usr/bin/env bash
# The headline: 64 bits above frozen DINOv2 ViT-S/14 and MiniLM, mean and spread over seeds; binary beside continuous.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
train 'bits 64 eta 0.1' --bits 64 --eta 0.1
summary headline
