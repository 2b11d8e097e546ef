#pragma once
#include <hashweave/cpu/kernels.hpp>

namespace hashweave {
#define HASHWEAVE_INSTANTIATE extern template
#define HASHWEAVE_SCALAR float
#include <hashweave/cpu/kernel_list.inc>
#undef HASHWEAVE_SCALAR
#define HASHWEAVE_SCALAR double
#include <hashweave/cpu/kernel_list.inc>
#undef HASHWEAVE_SCALAR
#undef HASHWEAVE_INSTANTIATE
}  // namespace hashweave
