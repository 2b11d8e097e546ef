#pragma once
#include "support/check_gradient.hpp"

namespace hashweave::test {

/// What layers of attention are tested with.
template <class Attention>
Attention with_dropout(double rate) {
  Attention layer;
  layer.dropout = rate;
  return layer;
}
inline const std::vector<Lengths> attention_shapes{{1}, {4}, {5, 1, 3}, {1, 1}};

}  // namespace hashweave::test
