#pragma once
#include <cstdint>
#include <hashweave/core/activation.hpp>
#include <hashweave/core/attention.hpp>
#include <hashweave/core/bfloat16.hpp>
#include <hashweave/core/form.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/optimise.hpp>
#include <hashweave/core/owners.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/core/segments.hpp>
#include <hashweave/core/triplet.hpp>
#include <hashweave/cuda/backend.hpp>

// The kernels of the CUDA backend, found by argument-dependent lookup as the CPU's are: the same names, the same
// arguments, the same results up to rounding.
namespace hashweave {

/// c = alpha * op(a) op(b) + (keep ? c : 0)
template <class T>
void multiply(Cuda<T>& be, Form form, Out<T> c, In<T> a, In<T> b, double alpha = 1, bool keep = false);

#define HASHWEAVE_KERNEL template <class T>
#include <hashweave/cuda/kernel_list.inc>
#undef HASHWEAVE_KERNEL

}  // namespace hashweave
