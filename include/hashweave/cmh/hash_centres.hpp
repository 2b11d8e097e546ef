#pragma once
#include <bit>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/random.hpp>
#include <optional>
#include <vector>

namespace hashweave {

/// A code of ±1 for each class: (classes, bits).
template <class T>
struct HashCentres {
  Size classes = 0, bits = 0;
  std::vector<T> values;

  Mat<const T> mat() const { return matrix(values.data(), classes, bits); }
};

namespace detail {

/// Row r, column c of a Hadamard matrix of this order: ±1, any two rows orthogonal. For orders 2^k and 2^k (p + 1), p a
/// prime with p % 4 == 3; none for others. Source: Sylvester 1867; Paley 1933, first construction.
class Hadamard {
 public:
  static std::optional<Hadamard> of(Size order) {
    Size core = order;
    while (core > 2 && !paley(core)) {
      if (core % 2 != 0) return std::nullopt;
      core /= 2;
    }
    if (core < 1) return std::nullopt;
    return Hadamard{core};
  }
  int at(Size r, Size c) const {
    // H_2n = [H_n H_n; H_n -H_n]: one sign for each bit that both block numbers have, and the core's entry
    const auto both = static_cast<std::uint64_t>((r / core_) & (c / core_));
    const int sign = std::popcount(both) % 2 == 0 ? 1 : -1;
    return sign * entry(r % core_, c % core_);
  }

 private:
  explicit Hadamard(Size core) : core_{core} {}
  static bool paley(Size order) {
    const Size p = order - 1;
    if (p < 3 || p % 4 != 3) return false;
    for (Size d = 2; d * d <= p; ++d) {
      if (p % d == 0) return false;
    }
    return true;
  }
  int entry(Size r, Size c) const {
    if (core_ <= 2) return r == 1 && c == 1 ? -1 : 1;
    // I + [0 1; -1 Q], Q_ij = the quadratic character of i - j modulo p
    if (r == 0 || r == c) return 1;
    if (c == 0) return -1;
    const Size p = core_ - 1, difference = ((r - c) % p + p) % p;
    for (Size x = 1; x < p; ++x) {
      if (x * x % p == difference) return 1;
    }
    return -1;
  }

  Size core_;
};

/// Random bit `i` of candidate `candidate` for a class.
inline int fair_sign(std::uint64_t seed, Size of_class, Size candidate, Size i) {
  const RandomStream stream{seed ^ name_hash("hash centres"), static_cast<std::uint32_t>(of_class),
                            static_cast<std::uint32_t>(candidate)};
  return stream.bits(static_cast<std::uint64_t>(i)) % 2 == 0 ? -1 : 1;
}

}  // namespace detail

/// Centres far from one another. The rows of a Hadamard matrix of order `bits`, then their negatives: any two differ in
/// half of the bits, or in all. Where there is none of that order, or with more than 2 bits classes, fair random bits:
/// of 64 candidates for each class the one that is farthest from its nearest predecessor (the paper takes the first).
/// @throws Error unless classes >= 1 and bits >= 2.
/// Source: Yuan et al., CSQ, CVPR 2020, section 3.2.
template <class T>
HashCentres<T> hash_centres(Size classes, Size bits, std::uint64_t seed = 0) {
  require(classes >= 1, "hash_centres", "classes", "at least 1", classes);
  require(bits >= 2, "hash_centres", "bits", "at least 2", bits);
  HashCentres<T> centres{classes, bits, std::vector<T>(static_cast<std::size_t>(classes * bits))};
  const auto hadamard = detail::Hadamard::of(bits);
  const Mat<T> out = matrix(centres.values.data(), classes, bits);
  if (hadamard && classes <= 2 * bits) {
    for (Size r = 0; r < classes; ++r) {
      for (Size c = 0; c < bits; ++c) out(r, c) = static_cast<T>((r < bits ? 1 : -1) * hadamard->at(r % bits, c));
    }
    return centres;
  }
  constexpr Size candidates = 64;
  for (Size r = 0; r < classes; ++r) {
    Size best = 0, most = -1;
    for (Size candidate = 0; candidate < candidates && (r > 0 || candidate == 0); ++candidate) {
      Size nearest = bits;
      for (Size before = 0; before < r; ++before) {
        Size apart = 0;
        for (Size c = 0; c < bits; ++c) {
          apart += out(before, c) != static_cast<T>(detail::fair_sign(seed, r, candidate, c));
        }
        nearest = std::min(nearest, apart);
      }
      if (nearest > most) {
        most = nearest;
        best = candidate;
      }
    }
    for (Size c = 0; c < bits; ++c) out(r, c) = static_cast<T>(detail::fair_sign(seed, r, best, c));
  }
  return centres;
}

}  // namespace hashweave
