#pragma once
#include <cstdint>
#include <hashweave/core/random.hpp>
#include <hashweave/core/segments.hpp>

namespace hashweave {

/// Which tokens a token attends to: all of its sequence, or itself and those before it.
struct Full {};
struct Causal {};

/// What the attention kernels need to know beside their matrices.
struct AttentionShape {
  Segments segments;
  Size heads = 1;
  bool causal = false;
  double dropout = 0;
  RandomStream stream;
  const std::int32_t* ids = nullptr;  ///< one a token: where given, a bias is that of a pair of ids, not of positions
};

}  // namespace hashweave
