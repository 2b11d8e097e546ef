#pragma once
#include <hashweave/core/types.hpp>

// Which of the processor's vector instructions the program is compiled for.
#if defined(__AVX2__) && defined(__FMA__)
#define HASHWEAVE_AVX2 1
#else
#define HASHWEAVE_AVX2 0
#endif
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define HASHWEAVE_AVX512 1
#else
#define HASHWEAVE_AVX512 0
#endif
#if HASHWEAVE_AVX512 && defined(__AVX512BF16__)
#define HASHWEAVE_AVX512_BF16 1
#else
#define HASHWEAVE_AVX512_BF16 0
#endif
#if HASHWEAVE_AVX512_BF16 && defined(__AMX_BF16__) && defined(__AMX_TILE__) && defined(__linux__)
#define HASHWEAVE_AMX 1
#else
#define HASHWEAVE_AMX 0
#endif

#if HASHWEAVE_AVX2 || HASHWEAVE_AVX512
#include <immintrin.h>
#endif
#if HASHWEAVE_AMX
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace hashweave::cpu {

/// Whether tiles can be used: the kernel grants a process their registers on request.
inline bool amx_granted() {
#if HASHWEAVE_AMX
  static const bool granted = [] {
    constexpr long request = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, request, tile_data) == 0;
  }();
  return granted;
#else
  return false;
#endif
}

}  // namespace hashweave::cpu
