#pragma once
/// For exactly one source file of a project that defines HASHWEAVE_EXTERN_KERNELS: compiles the kernels.
#include <hashweave/cpu/kernels.hpp>

namespace hashweave {
#define HASHWEAVE_INSTANTIATE template
#define HASHWEAVE_SCALAR float
#include <hashweave/cpu/kernel_list.inc>
#undef HASHWEAVE_SCALAR
#define HASHWEAVE_SCALAR double
#include <hashweave/cpu/kernel_list.inc>
#undef HASHWEAVE_SCALAR
#undef HASHWEAVE_INSTANTIATE
}  // namespace hashweave
