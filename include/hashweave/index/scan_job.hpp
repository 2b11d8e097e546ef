#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <hashweave/core/types.hpp>
#include <hashweave/index/block_layout.hpp>
#include <string_view>

namespace hashweave {

/// The instructions by which a scan counts bits. They give the same answers at different speeds.
enum class ScanKernel {
  portable,      // what the compiler was told to use: popcounts of eight bytes at once in a 64-bit number
  ssse3,         // SSSE3 (x86 since 2006): 16 codes at a time, half bytes looked up in tables of the query
  avx2,          // AVX2: the same, 32 codes at a time
  avx512bw,      // AVX-512 BW: the same, 64 codes at a time
  avx512popcnt,  // AVX-512 with the popcount extensions (VPOPCNTDQ and, of the same processors, BITALG): 64 at a time
  neon,          // ARM NEON CNT, 16 at a time; where the program is compiled for it
};

inline constexpr std::array scan_kernels{ScanKernel::portable, ScanKernel::ssse3,        ScanKernel::avx2,
                                         ScanKernel::avx512bw, ScanKernel::avx512popcnt, ScanKernel::neon};

constexpr std::string_view name_of(ScanKernel kernel) {
  constexpr std::array<std::string_view, scan_kernels.size()> names{"portable", "ssse3",        "avx2",
                                                                    "avx512bw", "avx512popcnt", "neon"};
  return names[static_cast<std::size_t>(kernel)];
}

/// Whether this processor has the instructions, and this program the kernel.
inline bool available(ScanKernel kernel) {
  switch (kernel) {
    case ScanKernel::portable:
      return true;
#if defined(__x86_64__)
    case ScanKernel::ssse3:
      return __builtin_cpu_supports("ssse3") != 0;
    case ScanKernel::avx2:
      return __builtin_cpu_supports("avx2") != 0;
    case ScanKernel::avx512bw:
      return __builtin_cpu_supports("avx512bw") != 0;
    case ScanKernel::avx512popcnt:
      return __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vpopcntdq") != 0 &&
             __builtin_cpu_supports("avx512bitalg") != 0;
#endif
#if defined(__ARM_NEON)
    case ScanKernel::neon:
      return true;
#endif
    default:
      return false;
  }
}

/// The fastest one that this processor has.
inline ScanKernel best_scan_kernel() {
  static const ScanKernel best = [] {
    for (const ScanKernel kernel :
         {ScanKernel::avx512popcnt, ScanKernel::avx512bw, ScanKernel::avx2, ScanKernel::neon, ScanKernel::ssse3})
      if (available(kernel)) return kernel;
    return ScanKernel::portable;
  }();
  return best;
}

namespace detail {

/// Up to `most` queries that go over the codes together: `most` or one alone. A row is reported to query q where its
/// distance is below limits[q]; a limit of 0 is a query that wants nothing.
struct ScanQueries {
  static constexpr int most = 4;
  bool alone = false;
  /// For each byte of the code: 32 bytes that the kernel's `prepare` has made of the query's.
  const std::byte* prepared[most] = {};
  std::uint32_t limits[most] = {};
};

/// Blocks to go over, and who hears of what is found.
struct ScanJob {
  /// Query q finds rows (bit i: row i of block b) of the given distances below its limit -> its limit from now on.
  using Report = std::uint32_t (*)(void* context, int q, Size b, std::uint64_t rows, const std::uint16_t* distances);

  Size code_bytes = 0;
  const std::byte* blocks = nullptr;
  Size count = 0;
  const std::uint64_t* allowed = nullptr;  // bit i of word b: row i of block b may be reported; null: all may
  Report report = nullptr;
  void* context = nullptr;
};

/// Bytes that a prepared query takes for each byte of its code.
inline constexpr Size prepared_bytes = 32;

}  // namespace detail
}  // namespace hashweave
