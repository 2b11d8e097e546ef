// A user's program: every consumer project beside this file builds it. It composes a model, trains it one step and
// searches with its codes.
#include <cstdio>
#include <hashweave/hashweave.hpp>
#include <hashweave/index/hamming_index.hpp>
#include <hashweave/index/pack.hpp>
#include <vector>

#include "other.hpp"

using namespace hashweave;
using B = Cpu<float>;

struct Tower : Chain<Linear<4, 8>, Gelu, HashHead<8, 16>> {};

int main() {
  B be{2};
  Model<B, Tower, Vectors<4>> model;
  model.params.initialise(1);
  std::vector<float> values{1, 2, 3, 4, -1, -2, -3, -4, 1, -1, 1, -1};
  const auto [codes, saved] = model.forward(be, View<B, Vectors<4>>{values.data(), 3});
  const auto loss = Quantisation{}(be, codes);
  model.backward(be, saved, loss.gradient);
  Adam<B, Tower> adam{{.rate = 1e-2}};
  const StepReport report = adam.step(be, model.params, model.grads);

  const auto packed = pack<16>(codes.mat());
  const HammingIndex<16> index{packed};
  const auto hits = index.search(packed[1], 1);
  std::printf("hashweave %s: gradient norm %.4f, nearest to code 1 is %td\n", version, report.grad_norm,
              static_cast<Size>(hits[0].id));
  try {
    pack<32>(codes.mat());
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
    return !report.skipped && report.grad_norm > 0 && hits[0].distance == 0 &&
                   sum_of(matrix<const float>(values.data(), 3, 4)) == 0
               ? 0
               : 1;
  }
  return 1;
}
