#pragma once
/// The CPU backend: `Cpu<T>` and all its kernels.
///
/// Kernels are templates of the scalar alone. A project of several source files compiles the slow ones once by defining
/// HASHWEAVE_EXTERN_KERNELS for all files and including <hashweave/cpu/instantiate.hpp> in exactly one.
#include <hashweave/cpu/kernels.hpp>
#ifdef HASHWEAVE_EXTERN_KERNELS
#include <hashweave/cpu/extern_kernels.hpp>
#endif
