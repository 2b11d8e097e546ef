#pragma once

namespace hashweave {

/// How a backend computes its products. All else is the scalar's: parameters, activations, sums, reductions.
enum class Precision {
  full,  ///< in the scalar itself
  bf16,  ///< operands rounded to bfloat16 (8 bits of mantissa) on their way into the product; sums in float
};

}  // namespace hashweave
