#pragma once
/// All kernels of the CPU backend.
#include <hashweave/core/parameters.hpp>
#include <hashweave/cpu/attention.hpp>
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/code_losses.hpp>
#include <hashweave/cpu/elementwise.hpp>
#include <hashweave/cpu/gemm.hpp>
#include <hashweave/cpu/grouped.hpp>
#include <hashweave/cpu/hash.hpp>
#include <hashweave/cpu/losses.hpp>
#include <hashweave/cpu/norm.hpp>
#include <hashweave/cpu/optimise.hpp>
#include <hashweave/cpu/semantic.hpp>
#include <hashweave/cpu/spectral.hpp>
#include <hashweave/cpu/token_attention.hpp>
#include <hashweave/cpu/tokens.hpp>
