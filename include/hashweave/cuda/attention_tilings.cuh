#pragma once
#include <hashweave/cuda/attention_fragments.cuh>
#include <hashweave/cuda/attention_tile.cuh>

// Which tiling the attention kernels take.
namespace hashweave::cuda {

template <class T, int Columns>
struct ScalarTilings {
  using Forward = ForwardTiles<T, Columns>;
  using Dq = DqTiles<T, Columns>;
  using Dkv = DkvTiles<T, Columns>;
};
template <int Columns>
struct FragmentTilings {
  static constexpr int warps = Columns > 32 ? 4 : 8;  // two blocks of a multiprocessor without spilling
  using Forward = ForwardFragments<Columns, warps, 32>;
  using Dq = DqFragments<Columns, warps, 16>;
  using Dkv = DkvFragments<Columns, 4, 16>;
};

/// Calls f with the tilings for heads of this width.
/// @throws Error for heads wider than 128.
template <class T, class F>
void with_tilings(Cuda<T>& be, Size width, F&& f) {
  require(width <= 128, "Cuda: attention", "width of a head", "at most 128", width);
  if constexpr (std::is_same_v<T, float>) {
    if (be.precision() == Precision::bf16 && has_fragments()) {
      if (width <= 32) return f(FragmentTilings<32>{});
      if (width <= 64) return f(FragmentTilings<64>{});
      return f(FragmentTilings<128>{});
    }
  }
  if (width <= 64) return f(ScalarTilings<T, 8>{});
  f(ScalarTilings<T, 16>{});
}

/// Block (sequence and head, tile of own rows).
template <class Tiles>
Blocks blocks_of(const AttentionShape& shape) {
  return {shape.segments.count * shape.heads, (shape.segments.longest() + Tiles::rows - 1) / Tiles::rows};
}

}  // namespace hashweave::cuda
