// The products of a transformer: (m, n) results of depth k, beside Eigen's own.
#include <hashweave/cpu/gemm.hpp>

#include "support/bench.hpp"

using namespace hashweave;

template <class T, Form F>
void multiply_form(bench::State& state) {
  const Size m = state.range(0), n = state.range(1), k = state.range(2);
  const auto buffer = [](Size rows, Size cols, T value) {
    return std::vector<T>(static_cast<std::size_t>(rows * cols), value);
  };
  auto a = buffer(m, k, T(0.25)), b = buffer(k, n, T(0.5)), c = buffer(m, n, T(0));
  const Mat<T> out = matrix(c.data(), m, n);
  const Mat<T> left = F == Form::tn ? matrix(a.data(), k, m) : matrix(a.data(), m, k);
  const Mat<T> right = F == Form::nt ? matrix(b.data(), n, k) : matrix(b.data(), k, n);
  Cpu<T>& be = bench::backend<T>();
  bench::measure_beside<T>(
      state, {.flop = 2.0 * bench::number(m) * bench::number(n) * bench::number(k)},
      [&] { multiply(be, F, out, left, right); }, "of_eigen",
      [&] { bench::eigen_product<T>(be, F, out, left, right); });
}

const bench::Names mnk{"m", "n", "k"};

BENCHMARK(multiply_form<float, Form::nt>)
    ->Name("multiply_nt/cpu_f32")
    ->ArgNames(mnk)
    ->Args({1576, 768, 768})
    ->Args({1576, 2304, 768})
    ->Args({1576, 3072, 768})
    ->Args({1576, 768, 3072})
    ->Args({1576, 1536, 384})
    ->Args({6304, 768, 768})
    ->Args({6304, 1536, 384})
    ->Args({128, 64, 768})
    ->UseManualTime();
BENCHMARK(multiply_form<float, Form::nn>)
    ->Name("multiply_nn/cpu_f32")
    ->ArgNames(mnk)
    ->Args({1576, 768, 768})
    ->Args({1576, 768, 2304})
    ->Args({1576, 768, 3072})
    ->Args({1576, 3072, 768})
    ->Args({6304, 384, 1536})
    ->UseManualTime();
BENCHMARK(multiply_form<float, Form::tn>)
    ->Name("multiply_tn/cpu_f32")
    ->ArgNames(mnk)
    ->Args({768, 768, 1576})
    ->Args({2304, 768, 1576})
    ->Args({3072, 768, 1576})
    ->Args({768, 3072, 1576})
    ->Args({1536, 384, 6304})
    ->UseManualTime();
BENCHMARK(multiply_form<double, Form::nt>)
    ->Name("multiply_nt/cpu_f64")
    ->ArgNames(mnk)
    ->Args({1576, 768, 768})
    ->UseManualTime();

int main(int argc, char** argv) { return bench::run(argc, argv); }
