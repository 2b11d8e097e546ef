// The products of a transformer: (m, n) results of depth k, beside Eigen's own, by every engine that there is here.
#include <hashweave/cpu/gemm.hpp>

#include "support/bench.hpp"

namespace product_bench {
using namespace hashweave;

template <class T, Form F, Engine E = Engine::eigen, Precision P = Precision::full>
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
  if constexpr (std::is_same_v<T, float>) {
    if (!cpu::available(E, P)) return state.SkipWithError("not available here");
    be.use(Precision::full);
    be.use(E);
    be.use(P);
  }
  bench::measure_beside<T>(
      state, {.flop = 2.0 * bench::number(m) * bench::number(n) * bench::number(k)},
      [&] { multiply(be, F, out, left, right); }, "of_eigen",
      [&] { bench::eigen_product<T>(be, F, out, left, right); });
}

const bench::Names mnk{"m", "n", "k"};

template <Form F, Engine E, Precision P>
void add(const char* name, const std::vector<std::vector<std::int64_t>>& shapes) {
  auto* b = benchmark::RegisterBenchmark(name, multiply_form<float, F, E, P>)->ArgNames(mnk)->UseManualTime();
  for (const auto& shape : shapes) b->Args(shape);
}
template <Engine E, Precision P>
void add(const std::string& backend) {
  add<Form::nt, E, P>(("multiply_nt/" + backend).c_str(), {{1576, 768, 768},
                                                           {1576, 2304, 768},
                                                           {1576, 3072, 768},
                                                           {1576, 768, 3072},
                                                           {1576, 1536, 384},
                                                           {6304, 768, 768},
                                                           {6304, 1536, 384},
                                                           {8150, 2048, 1024},
                                                           {128, 64, 768}});
  add<Form::nn, E, P>(("multiply_nn/" + backend).c_str(), {{1576, 768, 768},
                                                           {1576, 768, 2304},
                                                           {1576, 768, 3072},
                                                           {1576, 3072, 768},
                                                           {6304, 384, 1536},
                                                           {8150, 1024, 2048}});
  add<Form::tn, E, P>(("multiply_tn/" + backend).c_str(), {{768, 768, 1576},
                                                           {2304, 768, 1576},
                                                           {3072, 768, 1576},
                                                           {768, 3072, 1576},
                                                           {1536, 384, 6304},
                                                           {2048, 1024, 8150}});
}

BENCHMARK(multiply_form<double, Form::nt>)
    ->Name("multiply_nt/cpu_f64")
    ->ArgNames(mnk)
    ->Args({1576, 768, 768})
    ->UseManualTime();

[[maybe_unused]] const bool added = [] {
  add<Engine::eigen, Precision::full>("cpu_eigen_f32");
  add<Engine::onednn, Precision::full>("cpu_onednn_f32");
  add<Engine::avx2, Precision::full>("cpu_avx2_f32");
  add<Engine::avx512, Precision::full>("cpu_avx512_f32");
  add<Engine::avx512, Precision::bf16>("cpu_avx512_bf16");
  add<Engine::amx, Precision::bf16>("cpu_amx_bf16");
  return true;
}();

}  // namespace product_bench
