#pragma once
/// The CUDA backend, as any C++ compiler sees it. A program that uses it compiles <hashweave/cuda/definitions.cuh> in
/// exactly one .cu file.
#include <hashweave/cuda/backend.hpp>
#include <hashweave/cuda/hamming.hpp>
#include <hashweave/cuda/kernels.hpp>
