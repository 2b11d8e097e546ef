#pragma once
#include <algorithm>
#include <hashweave/cpu.hpp>
#include <vector>

namespace hashweave::test {

/// Numbers for one call of a kernel: each argument has its own.
template <class T>
std::vector<T> numbers(Size n, std::uint64_t seed) {
  std::vector<T> out(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<T>(uniform(RandomStream{seed, 0, 0}.bits(i)) - 0.5F);
  }
  return out;
}

/// Collects the outputs of kernels run on a backend of so many threads.
template <class T>
struct Run {
  explicit Run(Size threads) : be{threads, 3} {}

  Cpu<T> be;
  std::vector<std::vector<T>> outputs;

  Mat<T> out(Size rows, Size cols) { return matrix(be.tape().template take<T>(rows * cols), rows, cols); }
  Mat<T> in(Size rows, Size cols, std::uint64_t seed) {
    const Mat<T> m = out(rows, cols);
    const std::vector<T> values = numbers<T>(rows * cols, seed);
    std::copy(values.begin(), values.end(), m.data);
    return m;
  }
  void keep(Mat<T> m) { outputs.emplace_back(m.data, m.data + m.size()); }
};

/// A linear layer's three products; by default large enough to be cut.
template <class T>
void run_affine(Run<T>& r, Size rows = 700, Size from = 300, Size to = 500) {
  const auto x = r.in(rows, from, 1), w = r.in(to, from, 2), bias = r.in(1, to, 3), dy = r.in(rows, to, 4);
  const auto y = r.out(rows, to), dx = r.out(rows, from), dw = r.in(to, from, 5), db = r.in(1, to, 6);
  affine(r.be, y, x, w, bias);
  affine_backward_input(r.be, dx, dy, w);
  affine_backward_weight(r.be, dw, db, dy, x);
  for (const auto& m : {y, dx, dw, db}) r.keep(m);
}
/// The same with groups of columns.
template <class T>
void run_grouped_affine(Run<T>& r, Size rows, Size groups, Size from, Size to) {
  const auto x = r.in(rows, groups * from, 1), w = r.in(groups * to, from, 2), bias = r.in(1, groups * to, 3);
  const auto dy = r.in(rows, groups * to, 4), y = r.out(rows, groups * to), dx = r.out(rows, groups * from);
  const auto dw = r.in(groups * to, from, 5), db = r.in(1, groups * to, 6);
  grouped_affine(r.be, y, x, w, bias, groups);
  grouped_affine_backward_input(r.be, dx, dy, w, groups);
  grouped_affine_backward_weight(r.be, dw, db, dy, x, groups);
  for (const auto& m : {y, dx, dw, db}) r.keep(m);
}

}  // namespace hashweave::test
