// The main program of the benchmarks of the CUDA backend. 77: there is no device.
#include <cstdio>

#include "support/cuda.hpp"

int main(int argc, char** argv) {
  using namespace hashweave;
  return bench::run(argc, argv, [] {
    try {
      bench::cuda_backend();
    } catch (const CudaError& error) {
      std::printf("skipped: no CUDA device (%s)\n", error.what());
      return 77;
    }
    using bench::giga;
    benchmark::AddCustomContext("memory bandwidth of the GPU, GB/s", giga(bench::device_bandwidth()));
    benchmark::AddCustomContext("large product f32, GFLOP/s", giga(bench::device_product_rate<Precision::full>()));
    benchmark::AddCustomContext("large product bf16, GFLOP/s", giga(bench::device_product_rate<Precision::bf16>()));
    return 0;
  });
}
