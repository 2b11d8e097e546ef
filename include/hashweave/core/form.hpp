#pragma once

namespace hashweave {

/// Which operand of a product is read transposed.
enum class Form {
  nn,  ///< c (m, n) += alpha * a (m, k) b (k, n)
  nt,  ///< c (m, n) += alpha * a (m, k) b (n, k)ᵀ
  tn,  ///< c (m, n) += alpha * a (k, m)ᵀ b (k, n)
};

}  // namespace hashweave
