// A layer on the GPU; where there is none, the error says so.
#include <cstdio>
#include <hashweave/cmh/hash_head.hpp>
#include <hashweave/core/model.hpp>
#include <hashweave/cuda.hpp>
#include <vector>

using namespace hashweave;

int main() {
  using B = Cuda<float>;
  try {
    B be;
    Model<B, HashHead<64, 16>, Vectors<64>> model;
    model.params.initialise(1);
    Buffer<float, B::Memory> x{3 * 64};
    const auto codes = model.infer(be, {x.data(), 3});
    std::vector<float> host(3 * 16);
    B::Memory::copy_to_host(host.data(), codes.data, host.size() * sizeof(float));
    std::printf("first value of the first code: %g\n", static_cast<double>(host[0]));
  } catch (const CudaError& error) {
    std::printf("no GPU: %s\n", error.what());
  }
}
