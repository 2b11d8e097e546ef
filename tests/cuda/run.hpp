#pragma once
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <hashweave/core/view.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/cuda.hpp>
#include <string>
#include <vector>

namespace hashweave::test {

/// Inputs and outputs of kernels on one backend. Every argument has numbers of its own, the same on each backend.
template <class B>
struct Run {
  using T = typename B::Scalar;

  B be = make();
  std::vector<std::vector<double>> outputs;

  /// Uninitialised; rows begin `gap` values after the last one ended.
  Mat<T> out(Size rows, Size cols, Size gap = 0) {
    return {be.tape().template take<T>(rows * (cols + gap)), rows, cols, cols + gap};
  }
  Mat<T> in(Size rows, Size cols, std::vector<double> values, Size gap = 0) {
    const Mat<T> m = out(rows, cols, gap);
    std::vector<T> row(static_cast<std::size_t>(cols));
    for (Size r = 0; r < rows; ++r) {
      for (Size c = 0; c < cols; ++c)
        row[static_cast<std::size_t>(c)] = static_cast<T>(values[static_cast<std::size_t>(r * cols + c)]);
      if (cols > 0) B::Memory::copy_from_host(m.row(r), row.data(), row.size() * sizeof(T));
    }
    return m;
  }
  /// Numbers from -0.5 to 0.5, times `scale`, that float holds exactly.
  Mat<T> in(Size rows, Size cols, std::uint64_t seed, Size gap = 0, double scale = 1) {
    std::vector<double> values(static_cast<std::size_t>(rows * cols));
    const RandomStream stream{seed, 0, 0};
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(static_cast<float>(scale * (static_cast<double>(uniform(stream.bits(i))) - 0.5)));
    return in(rows, cols, values, gap);
  }
  /// 0 or more, where `one_in` is the chance that a value is not 0.
  Mat<T> counts(Size rows, Size cols, std::uint64_t seed, std::uint32_t one_in = 3) {
    std::vector<double> values(static_cast<std::size_t>(rows * cols));
    const RandomStream stream{seed, 0, 0};
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = stream.bits(i) % one_in == 0 ? 1 + stream.bits(i) / 8 % 3 : 0;
    return in(rows, cols, values);
  }
  template <class U>
  U* shared(const std::vector<U>& values) {
    U* p = take_shared<U>(be, static_cast<Size>(values.size()));
    std::copy(values.begin(), values.end(), p);
    return p;
  }
  Segments segments(const std::vector<Size>& lengths) {
    std::vector<Size> offsets{0};
    for (const Size n : lengths) offsets.push_back(offsets.back() + n);
    return {shared(offsets), static_cast<Size>(lengths.size())};
  }

  void keep(Mat<T> m) {
    std::vector<double> all;
    std::vector<T> row(static_cast<std::size_t>(m.cols));
    for (Size r = 0; r < m.rows; ++r) {
      B::Memory::copy_to_host(row.data(), m.row(r), row.size() * sizeof(T));
      all.insert(all.end(), row.begin(), row.end());
    }
    outputs.push_back(all);
  }
  template <class... Ms>
  void keep(Mat<T> m, Ms... others) {
    keep(m);
    keep(others...);
  }

 private:
  static B make() {
    if constexpr (requires { B{1, 3}; }) {
      return B{1, 3};
    } else {
      return B{3};
    }
  }
};

/// The largest difference from wanted, over all values; a NaN is equal to a NaN alone.
inline double difference(const std::vector<double>& got, const std::vector<double>& wanted) {
  if (got.size() != wanted.size()) return HUGE_VAL;
  double worst = 0, largest = 1;
  for (const double w : wanted) largest = std::isfinite(w) ? std::max(largest, std::abs(w)) : largest;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(wanted[i]) && std::isnan(got[i])) continue;
    const double e = std::abs(got[i] - wanted[i]) / largest;
    worst = std::max(worst, std::isnan(e) ? HUGE_VAL : e);
  }
  return worst;
}

/// The test is written once, for any backend: `[](auto& r) { … r.keep(y); }`. What `Cuda` computes agrees with
/// `Cpu<double>`, in double and in float; on a GPU, for which double is not compiled, in float.
template <class F>
void check_agrees(const F& f, double tolerance = 2e-5) {
  Run<Cpu<double>> wanted;
  Run<Cuda<float>> in_float;
  f(wanted);
  f(in_float);
  REQUIRE(in_float.outputs.size() == wanted.outputs.size());
#ifndef HASHWEAVE_ON_DEVICE
  Run<Cuda<double>> in_double;
  f(in_double);
#endif
  for (std::size_t i = 0; i < wanted.outputs.size(); ++i) {
    INFO("output " << i);
#ifndef HASHWEAVE_ON_DEVICE
    CHECK(difference(in_double.outputs[i], wanted.outputs[i]) < 1e-11);
#endif
    CHECK(difference(in_float.outputs[i], wanted.outputs[i]) < tolerance);
  }
}

/// Sizes around those of warps, tiles and blocks.
inline const std::vector<Size> odd_sizes{1, 31, 33, 70};
inline const std::vector<std::vector<Size>> batches{{1}, {33}, {5, 1, 31}, {2, 70, 32, 3}};

}  // namespace hashweave::test
