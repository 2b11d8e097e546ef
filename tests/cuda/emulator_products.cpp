// What the emulator alone can show of products: which kernels run besides them.
#include <catch2/catch.hpp>
#include <hashweave/compose/chain.hpp>
#include <hashweave/core/parameters.hpp>
#include <hashweave/cuda.hpp>
#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/linear.hpp>

#include "cuda/emulator/machine.hpp"

using namespace hashweave;

namespace {

/// Kernels beside the product of `infer` of a linear layer and an activation, and what it gives.
template <class Act>
std::pair<std::size_t, std::vector<float>> inferred(Precision precision, bool library_finishes) {
  struct Reset {
    ~Reset() { emulator::finishes_products = true; }
  } const reset;
  emulator::finishes_products = library_finishes;
  using Layer = Chain<Linear<8, 16>, Act>;
  Cuda<float> be;
  be.use(precision);
  Parameters<Cuda<float>, Layer> params;
  params.initialise(1);
  Buffer<float, CudaMemory> x{3 * 8};
  const std::vector<float> ones(3 * 8, 1);
  CudaMemory::copy_from_host(x.data(), ones.data(), x.bytes());
  const std::size_t before = emulator::launches;
  const auto y = infer(be, Layer{}, *params, View<Cuda<float>, Vectors<8>>{x.data(), 3});
  const std::size_t launched = emulator::launches - before;
  std::vector<float> values(3 * 16);
  CudaMemory::copy_to_host(values.data(), y.data, values.size() * sizeof(float));
  return {launched, values};
}

}  // namespace

TEST_CASE("An activation that cuBLASLt has is no kernel of its own in infer", "[cuda][emulator]") {
  const auto [launched, values] = inferred<Relu>(Precision::full, true);
  const auto [plain_launched, plain] = inferred<Relu>(Precision::full, false);
  CHECK(launched == 0);
  CHECK(plain_launched == 1);
  CHECK(values == plain);
  CHECK(inferred<Gelu>(Precision::full, true).first == 1);
  CHECK(inferred<GeluTanh>(Precision::full, true).first == 1);
  CHECK(inferred<GeluTanh>(Precision::bf16, true).first == 2);  // both operands are rounded
  CHECK(inferred<GeluTanh>(Precision::bf16, false).first == 3);
}
