// Products of matrices of ViT-B/16's shapes, for 8, 64 and 256 images of 197 tokens: forward (nt), the input's gradient
// (nn) and the weight's (tn). In bf16 the operands lie there in float and are rounded for each product, as in a layer.
#include "support/cuda.hpp"

namespace cuda_products_bench {
using namespace hashweave;

template <Form F, Precision P>
void product(bench::State& state) {
  const Size m = state.range(0), n = state.range(1), k = state.range(2);
  const bench::InPrecision scope{P};
  Cuda<float>& be = bench::cuda_backend();
  const auto a = bench::device_numbers(m * k, 1), b = bench::device_numbers(n * k, 2);
  Buffer<float, CudaMemory> c{m * n};
  bench::measure_on_device(state, {.flop = 2 * bench::number(m) * bench::number(n) * bench::number(k)}, [&] {
    multiply<float>(be, F, matrix(c.data(), m, n),
                    matrix<const float>(a.data(), F == Form::tn ? k : m, F == Form::tn ? m : k),
                    matrix<const float>(b.data(), F == Form::nt ? n : k, F == Form::nt ? k : n));
  });
}

template <Precision P>
void add(const std::string& backend) {
  const auto one = [&](const char* form, void (*f)(bench::State&), Size m, Size n, Size k) {
    bench::on_device("product_" + std::string{form} + "/" + backend, f, {"m", "n", "k"})->Args({m, n, k});
  };
  constexpr Size shapes[][2]{{2304, 768}, {768, 768}, {3072, 768}, {768, 3072}};  // out and in of a block's layers
  for (const Size images : {8, 64, 256}) {
    const Size rows = images * 197;
    for (const auto& [out, in] : shapes) {
      one("nt", product<Form::nt, P>, rows, out, in);
      one("nn", product<Form::nn, P>, rows, in, out);
      one("tn", product<Form::tn, P>, out, in, rows);
    }
  }
}

[[maybe_unused]] const bool added = [] {
  add<Precision::full>("cuda_f32");
  add<Precision::bf16>("cuda_bf16");
  return true;
}();

}  // namespace cuda_products_bench
