#pragma once
#include <catch2/catch.hpp>
#include <initializer_list>

#include "support/gradient.hpp"

namespace hashweave::test {

/// The lengths of the sequences of a batch; only their sum counts for samples other than tokens.
using Lengths = std::vector<Size>;

/// One token, one sample; one sequence; unequal sequences.
inline const std::vector<Lengths> usual_shapes{{1}, {4}, {5, 1, 3}};

inline void expect_gradient(const Worst& worst) {
  INFO("worst at " << worst.where);
  CHECK(worst.error < 1e-6);
}

/// The layer's gradient agrees with central differences on batches of each of these shapes.
template <class S, class L>
void check_gradient(const L& layer, const std::vector<Lengths>& shapes = usual_shapes, const Probing& how = {}) {
  for (const Lengths& lengths : shapes) {
    INFO("lengths " << Catch::Detail::stringify(lengths));
    Batch<S> input{lengths};
    expect_gradient(gradient_error<L, S>(layer, input, how));
  }
}

/// The same, and `infer` gives what `forward` gives.
template <class S, class L>
void check_layer(const L& layer, const std::vector<Lengths>& shapes = usual_shapes, const Probing& how = {}) {
  check_gradient<S>(layer, shapes, how);
  for (const Lengths& lengths : shapes) {
    Batch<S> input{lengths};
    CHECK(infer_difference<L, S>(layer, input) == 0);
  }
}

/// Some ids below `vocabulary`, with repetitions, and types below `types` where there are any.
inline Batch<TokenIds> some_tokens(const Lengths& lengths, Size vocabulary, Size types = 0) {
  Batch<TokenIds> batch{lengths};
  for (std::size_t i = 0; i < batch.values.size(); ++i) {
    batch.values[i] = static_cast<std::int32_t>((i * i + 3 * i + 1) % static_cast<std::size_t>(vocabulary));
    if (types > 0) batch.types.push_back(static_cast<std::int32_t>((i / 2) % static_cast<std::size_t>(types)));
  }
  return batch;
}

template <class L>
void check_gradient_on_ids(const L& layer, Batch<TokenIds> input) {
  expect_gradient(gradient_error<L, TokenIds>(layer, input));
  CHECK(infer_difference<L, TokenIds>(layer, input) == 0);
}

}  // namespace hashweave::test
