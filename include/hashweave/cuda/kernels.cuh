#pragma once
/// All kernels of the CUDA backend, as templates.
#include <hashweave/cuda/attention.cuh>
#include <hashweave/cuda/attention_backward.cuh>
#include <hashweave/cuda/code_losses.cuh>
#include <hashweave/cuda/columns.cuh>
#include <hashweave/cuda/elementwise.cuh>
#include <hashweave/cuda/gemm.cuh>
#include <hashweave/cuda/hamming.cuh>
#include <hashweave/cuda/hash.cuh>
#include <hashweave/cuda/losses.cuh>
#include <hashweave/cuda/norm.cuh>
#include <hashweave/cuda/optimise.cuh>
#include <hashweave/cuda/pair_losses.cuh>
#include <hashweave/cuda/semantic.cuh>
#include <hashweave/cuda/spectral.cuh>
#include <hashweave/cuda/token_attention.cuh>
#include <hashweave/cuda/tokens.cuh>
