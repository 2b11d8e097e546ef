#!/usr/bin/env bash
# Code lengths, binary beside continuous (ViT2CMH, tables 3 and 4); LENGTHS="16 32" chooses others.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
for bits in ${LENGTHS:-64 128 256 512 1024}; do train "bits $bits eta 0.1" --bits $bits --eta 0.1; done
summary code_lengths
