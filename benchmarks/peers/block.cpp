// One transformer block as the peers run it: TransformerBlock<768, 12, 3072>, 8 sequences of 197 tokens, f32
// and, where the processor can, bf16. HASHWEAVE_ENGINE says who computes the products.
//   peer_block ROUNDS          measures each part once a round, in turn, and prints one JSON line a measurement
//   peer_block --export DIR    writes weights, input, output and gradients as raw f32 files, for comparing numbers
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>
#include <string>
#include <vector>

#include "support/inputs.hpp"
#include "support/machine.hpp"

using namespace hashweave;
using B = Cpu<float>;

constexpr bench::BlockWork work{8, 197, 768, 3072};
using Block = TransformerBlock<work.width, 12, work.hidden>;
using Sample = Tokens<work.width>;

void write(const std::filesystem::path& file, Mat<const float> m) {
  std::ofstream{file, std::ios::binary}.write(reinterpret_cast<const char*>(m.data),
                                              m.size() * static_cast<Size>(sizeof(float)));
}

void print(const char* side, const char* part, double seconds, double flop) {
  std::printf("{\"side\": \"%s\", \"part\": \"%s\", \"seconds\": %.6f, \"gflops\": %.1f}\n", side, part, seconds,
              flop / seconds * 1e-9);
  std::fflush(stdout);
}

int main(int argc, char** argv) {
  B& be = bench::backend<float>();
  Model<B, Block, Sample> model;
  model.params.initialise(2022);
  auto input = bench::normal_numbers<float>(work.rows() * work.width, 1),
       gradient = bench::normal_numbers<float>(work.rows() * work.width, 2);
  std::vector<Size> offsets;
  for (Size i = 0; i <= work.sequences; ++i) offsets.push_back(i * work.tokens);
  const Segments segments{offsets.data(), work.sequences};
  const View<B, Sample> x{input.data(), segments}, dy{gradient.data(), segments};

  const auto infer = [&] {
    be.tape().rewind();
    model.infer(be, x);
  };
  const auto forward = [&] {
    be.tape().rewind();
    model.forward(be, x);
  };
  const auto training = [&] {
    be.tape().rewind();
    model.grads.zero();
    const auto step = model.forward(be, x);
    model.backward(be, step.saved, dy);
  };

  if (argc == 3 && std::string{argv[1]} == "--export") {
    const std::filesystem::path dir{argv[2]};
    std::filesystem::create_directories(dir);
    const auto step = model.forward(be, x);
    const auto dx = model.backward(be, step.saved, dy);
    write(dir / "x.f32", x.mat());
    write(dir / "dy.f32", dy.mat());
    write(dir / "y.f32", step.y.mat());
    write(dir / "dx.f32", dx.mat());
    for (const ParameterEntry& e : model.params.entries()) {
      write(dir / (e.name + ".f32"), std::as_const(model.params).at(e));
      write(dir / (e.name + ".grad.f32"), std::as_const(model.grads).at(e));
    }
    return 0;
  }

  const int rounds = argc == 2 ? std::stoi(argv[1]) : 5;
  bench::EigenBlock<float> eigen{work};
  std::vector<Precision> precisions{Precision::full};
  if (bf16_supported()) precisions.push_back(Precision::bf16);
  for (const Precision precision : precisions) {  // the tape and the scratch memory find their size
    be.use(precision);
    infer();
    training();
    training();
  }
  for (int i = 0; i < rounds; ++i) {
    print("hashweave", "eigen_forward", bench::seconds([&] { eigen.forward(); }), eigen.forward_flop());
    print("hashweave", "eigen_backward", bench::seconds([&] { eigen.backward(); }), eigen.backward_flop());
    for (const Precision precision : precisions) {
      const char* side = precision == Precision::full ? "hashweave" : "hashweave_bf16";
      be.use(precision);
      print(side, "infer", bench::seconds(infer), work.forward());
      print(side, "forward", bench::seconds(forward), work.forward());
      print(side, "training", bench::seconds(training), work.training());
    }
  }
}
