// Products: alignment, bf16, what is kept of constant weights, activations behind a product.
#include <hashweave/cuda/product.hpp>

#include "cuda/run.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("CUDA products agree with the CPU's, within larger matrices too", "[cuda]") {
  const Size rows = GENERATE(1, 33), gap = GENERATE(0, 5);
  check_agrees([=](auto& r) {
    const auto x = r.in(rows, 31, 1, gap), w = r.in(70, 31, 2, gap), bias = r.in(1, 70, 3), dy = r.in(rows, 70, 4, gap);
    const auto y = r.out(rows, 70, gap), dx = r.out(rows, 31), dw = r.in(70, 31, 5), db = r.in(1, 70, 6);
    affine(r.be, y, x, w, bias);
    r.keep(y);
    affine(r.be, y, x, w, cols_of(r.in(1, 73, 8), 3, 70));  // not at a multiple of 16 bytes
    r.keep(y);
    affine(r.be, y, x, w, {});
    affine_backward_input(r.be, dx, dy, w);
    affine_backward_weight(r.be, dw, db, dy, x);
    r.keep(y, dx, dw, db);
    multiply(r.be, Form::nn, y, x, r.in(31, 70, 7), 0.5);
    multiply(r.be, Form::nt, y, x, w, -1.5, true);
    multiply(r.be, Form::tn, dw, dy, x);
    r.keep(y, dw);
  });
}

TEST_CASE("A CUDA product with nothing to sum over is 0, or its bias", "[cuda]") {
  Run<Cuda<float>> r;
  const auto y = r.out(2, 3), bias = r.in(1, 3, std::vector<double>{1, 2, 3});
  multiply(r.be, Form::nn, y, r.in(2, 0, 1), r.in(0, 3, 1));
  r.keep(y);
  affine(r.be, y, r.in(2, 0, 1), r.in(3, 0, 1), bias);
  r.keep(y);
  multiply(r.be, Form::nn, y, r.in(2, 0, 1), r.in(0, 3, 1), 1, true);
  r.keep(y);
  const std::vector<double> rows{1, 2, 3, 1, 2, 3};
  CHECK(r.outputs == std::vector<std::vector<double>>{std::vector<double>(6, 0.0), rows, rows});
}

TEST_CASE("CUDA products of groups agree with the CPU's", "[cuda]") {
  const Size groups = GENERATE(1, 3, 16), to = GENERATE(1, 8);
  check_agrees([=](auto& r) {
    const auto x = r.in(33, groups * 5, 1), w = r.in(groups * to, 5, 2), bias = r.in(1, groups * to, 3);
    const auto dy = r.in(33, groups * to, 4), y = r.out(33, groups * to), dx = r.out(33, groups * 5);
    const auto dw = r.in(groups * to, 5, 5), db = r.in(1, groups * to, 6);
    grouped_affine(r.be, y, x, w, bias, groups);
    r.keep(y);
    grouped_affine(r.be, y, x, w, {}, groups);
    grouped_affine_backward_input(r.be, dx, dy, w, groups);
    grouped_affine_backward_weight(r.be, dw, db, dy, x, groups);
    r.keep(y, dx, dw, db);
  });
}

TEST_CASE("A CUDA product's operands are aligned as all of a batch are", "[cuda]") {
  alignas(16) const float x[4]{};
  CHECK(cuda::alignment_of(x) == 16);
  CHECK(cuda::alignment_of(x + 1) == 4);
  CHECK(cuda::alignment_of(x + 2) == 8);
  CHECK(cuda::alignment_of(x, 12) == 16);
  CHECK(cuda::alignment_of(x, 6) == 8);
  CHECK(cuda::alignment_of(x + 2, 3) == 4);
}

TEST_CASE("CUDA products in bf16 round their operands to nearest, ties to even", "[cuda]") {
  const double step = 0x1p-7;  // between neighbours of 1
  const std::vector<double> x{1,        1 + step / 4, 1 + step / 2, 1 + 3 * step / 2, -1 - 0.51 * step, 0,
                              0x1p-120, 3e38,         NAN};
  const std::vector<double> wanted{1, 1, 1, 1 + 2 * step, -1 - step, 0, 0x1p-120, 226 * 0x1p120, NAN};
  Run<Cuda<float>> r;
  r.be.use(Precision::bf16);
  const auto y = r.out(1, 9);
  for (Size i = 0; i < 9; ++i) {  // one at a time: a NaN would spread
    const auto one = r.in(1, 1, std::vector<double>{x[static_cast<std::size_t>(i)]});
    multiply(r.be, Form::nn, cols_of(y, i, 1), one, r.in(1, 1, std::vector<double>{1}));
  }
  r.keep(y);
  for (std::size_t i = 0; i < 8; ++i) CHECK(r.outputs[0][i] == wanted[i]);
  CHECK(std::isnan(r.outputs[0][8]));
}

TEST_CASE("CUDA products in bf16 of numbers that bf16 holds are exact", "[cuda]") {
  const auto run = [](Precision precision) {
    Run<Cuda<float>> r;
    r.be.use(precision);
    const auto whole = [&](Size rows, Size cols, int seed) {
      std::vector<double> values;
      for (Size i = 0; i < rows * cols; ++i) values.push_back(static_cast<double>((i * i + seed * i) % 23 - 11));
      return r.in(rows, cols, values, 3);
    };
    const auto x = whole(33, 31, 1), w = whole(70, 31, 2), dy = whole(33, 70, 3), bias = whole(1, 70, 4);
    const auto y = r.out(33, 70), dx = r.out(33, 31), dw = whole(70, 31, 5), db = r.in(1, 70, 6);
    affine(r.be, y, x, w, bias);
    affine_backward_input(r.be, dx, dy, w);
    affine_backward_weight(r.be, dw, db, dy, x);
    r.keep(y, dx, dw, db);
    const auto from = whole(5, 12, 6), weights = whole(9, 4, 7), grouped = r.out(5, 9);
    grouped_affine(r.be, grouped, from, weights, {}, 3);
    r.keep(grouped);
    return r.outputs;
  };
  CHECK(run(Precision::full) == run(Precision::bf16));
}

namespace {

/// The products of a linear layer and of a grouped one by the same weights (70, 31), in bf16.
struct SharedWeights {
  static constexpr Size in = 31, out = 70, rows = 5;
  Run<Cuda<float>> r;
  Mat<float> w, x, dy;

  SharedWeights() {
    r.be.use(Precision::bf16);
    w = r.in(out, in, 1);
    x = r.in(rows, in, 2);
    dy = r.in(rows, out, 3);
  }
  std::span<const float> weights() const { return {w.data, static_cast<std::size_t>(w.size())}; }
  std::size_t held() { return r.be.constants().bytes(); }
  std::vector<std::vector<double>> products() {
    const TapeScope scope{r.be};
    const auto y = r.out(rows, out), dx = r.out(rows, in);
    affine(r.be, y, x, w, {});
    affine_backward_input(r.be, dx, dy, w);
    r.outputs.clear();
    r.keep(y, dx);
    return r.outputs;
  }
  void set_weights(float value) {
    const std::vector<float> values(static_cast<std::size_t>(w.size()), value);
    CudaMemory::copy_from_host(w.data, values.data(), values.size() * sizeof(float));
  }
};

}  // namespace

TEST_CASE("Constant weights are rounded once for all forms of CUDA's products in bf16", "[cuda]") {
  SharedWeights s;
  const auto first = s.products();
  CHECK(s.held() == 0);
  {
    const ConstantScope scope{s.r.be, s.weights()};
    CHECK(s.products() == first);
    CHECK(s.held() == std::size_t{70 * 32 * 2});  // one copy, rows of 64 bytes
    s.set_weights(0.75F);                         // nobody is told
    CHECK(s.products() == first);
    s.r.be.constants().renew(s.weights().last(s.in));  // of another matrix's place: nothing
    CHECK(s.products() == first);
  }
  const auto changed = s.products();  // the scope has ended
  CHECK(changed != first);
  const ConstantScope scope{s.r.be, s.weights()};
  CHECK(s.products() == first);  // but what was kept lasts
  s.r.be.constants().renew(s.weights());
  CHECK(s.products() == changed);
  CHECK(s.held() == std::size_t{70 * 32 * 2});
  s.set_weights(-2);
  const std::size_t version = s.r.be.constants().version();
  s.r.be.constants().forget(s.weights());
  CHECK(s.r.be.constants().version() != version);
  CHECK(s.held() == 0);
  CHECK(s.products() != changed);
  s.r.be.constants().forget(s.weights());
  s.r.be.use(Precision::full);
  s.products();
  CHECK(s.held() == 0);  // in float there is nothing to lay out
}

TEST_CASE("Constant weights of groups are kept apart from the same matrix alone", "[cuda]") {
  const auto run = [](bool keep) {
    Run<Cuda<float>> r;
    r.be.use(Precision::bf16);
    const auto w = r.in(9, 4, 1), x = r.in(5, 12, 2), one = r.in(5, 4, 3);
    const ConstantScope scope{r.be, {w.data, keep ? static_cast<std::size_t>(w.size()) : 0}};
    for (int time = 0; time < 2; ++time) {
      const auto grouped = r.out(5, 9), dx = r.out(5, 12), whole = r.out(5, 3);
      grouped_affine(r.be, grouped, x, w, {}, 3);
      grouped_affine_backward_input(r.be, dx, grouped, w, 3);
      affine(r.be, whole, one, rows_of(w, 0, 3), {});
      r.keep(grouped, dx, whole);
    }
    CHECK(r.be.constants().bytes() == std::size_t{keep ? (9 + 3) * 8 * 2 : 0U});
    return r.outputs;
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("A CUDA product with an activation behind it is the product, then the activation", "[cuda]") {
  const Activation f = GENERATE(Activation::gelu, Activation::gelu_tanh, Activation::quick_gelu, Activation::relu,
                                Activation::tanh, Activation::sigmoid);
  CAPTURE(static_cast<int>(f));
  const auto run = [f]<class B>(Run<B>& r, bool together) {
    const auto w = r.in(70, 31, 1, 0, 3), x = r.in(33, 31, 2, 0, 3), bias = r.in(1, 73, 3);
    for (const auto& b : {cols_of(bias, 0, 70), cols_of(bias, 3, 70), Mat<typename B::Scalar>{}}) {
      const auto y = r.out(33, 70, 5);
      if (together) {
        if constexpr (ActivatesProducts<B>) affine_activate(r.be, f, y, x, w, b);
      } else {
        affine(r.be, y, x, w, b);
        activate(r.be, f, y, y);
      }
      r.keep(y);
    }
    const auto y = r.out(2, 3);  // nothing to sum over
    if (together) {
      if constexpr (ActivatesProducts<B>) affine_activate(r.be, f, y, r.in(2, 0, 1), r.in(3, 0, 1), r.in(1, 3, 4));
    } else {
      affine(r.be, y, r.in(2, 0, 1), r.in(3, 0, 1), r.in(1, 3, 4));
      activate(r.be, f, y, y);
    }
    r.keep(y);
  };
  check_agrees([&]<class B>(Run<B>& r) { run(r, ActivatesProducts<B>); });
  Run<Cuda<float>> together, apart;
  together.be.use(Precision::bf16);
  apart.be.use(Precision::bf16);
  run(together, true);
  run(apart, false);
#ifdef HASHWEAVE_ON_DEVICE
  const double limit = f == Activation::gelu_tanh ? 1e-3 : 0;  // the library's hyperbolic tangent
#else
  const double limit = f == Activation::gelu_tanh ? 2e-7 : 0;
#endif
  for (std::size_t i = 0; i < 4; ++i) CHECK(difference(together.outputs[i], apart.outputs[i]) <= limit);
}
