#include <hashweave/compose/chain.hpp>
#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/spectral_norm.hpp>
#include <hashweave/optim/groups.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Values = std::vector<double>;

/// The largest singular value of a row-major matrix, from the traces of (WᵀW)^k: no power iteration.
double largest_singular_value(const Values& w, std::size_t rows, std::size_t cols) {
  Values a(cols * cols);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < cols; ++i) {
      for (std::size_t j = 0; j < cols; ++j) a[i * cols + j] += w[r * cols + i] * w[r * cols + j];
    }
  }
  double log_scale = 0, power = 1, trace = 0;
  for (int squaring = 0; squaring < 20; ++squaring) {
    trace = 0;
    for (std::size_t i = 0; i < cols; ++i) trace += a[i * cols + i];
    for (double& v : a) v /= trace;
    log_scale += std::log(trace) / power;
    Values square(cols * cols);
    for (std::size_t i = 0; i < cols; ++i) {
      for (std::size_t k = 0; k < cols; ++k) {
        for (std::size_t j = 0; j < cols; ++j) square[i * cols + j] += a[i * cols + k] * a[k * cols + j];
      }
    }
    a = square;
    power *= 2;
  }
  return std::sqrt(std::exp(log_scale));
}

}  // namespace

// PyTorch's gradient takes u' and v for constant; where power iteration has arrived, they do not change σ.
TEST_CASE("SpectralLinear gradient agrees with central differences where the iteration has arrived", "[nn][gradient]") {
  check_layer<Vectors<5>>(SpectralLinear<5, 4>{.iterations = 400});
  check_layer<Tokens<3>>(SpectralLinear<3, 1>{.iterations = 400});
  check_layer<Vectors<1>>(SpectralLinear<1, 6>{.iterations = 400}, {{1}, {7}});
}
TEST_CASE("A discriminator's gradient agrees with central differences", "[nn][gradient]") {
  Chain<SpectralLinear<4, 7>, LeakyRelu, SpectralLinear<7, 1>> layer;
  for_each_layer(layer, [](auto& l) {
    if constexpr (requires { l.iterations; }) l.iterations = 400;
  });
  check_layer<Vectors<4>>(layer, {{1}, {9}});
}
TEST_CASE("SpectralLinear gradient is that of σ with constant singular vectors", "[nn][gradient]") {
  using L = SpectralLinear<3, 2>;
  B be{1};
  Parameters<B, L> params, grads;
  randomise(params, 5);
  Batch<Vectors<3>> x{{4}};
  randomise(x.values, 6);
  Values w(8);
  randomise(w, 7);
  auto step = L{}.forward(be, *params, x.view());
  auto dy = step.y;
  dy.data = w.data();
  L{}.backward(be, *params, step.saved, dy, *grads);
  const Values u(step.saved.u.data, step.saved.u.data + 2), v(step.saved.v.data, step.saved.v.data + 3);
  const auto f = [&] {  // Σ w y, by the formula
    const double* weight = params->weight.data;
    double sigma = 0, sum = 0;
    for (std::size_t r = 0; r < 2; ++r) {
      for (std::size_t c = 0; c < 3; ++c) sigma += u[r] * weight[3 * r + c] * v[c];
    }
    for (std::size_t n = 0; n < 4; ++n) {
      for (std::size_t r = 0; r < 2; ++r) {
        double y = params->bias.data[r];
        for (std::size_t c = 0; c < 3; ++c) y += x.values[3 * n + c] * weight[3 * r + c] / sigma;
        sum += w[2 * n + r] * y;
      }
    }
    return sum;
  };
  Worst worst;
  probe_parameters(params, grads, f, worst);
  expect_gradient(worst);
}
TEST_CASE("SpectralLinear by hand", "[nn][values]") {
  using L = SpectralLinear<2, 2>;
  B be{1};
  Parameters<B, L> params, grads;
  params.initialise(1);
  CHECK(params.values("u")[0] == Approx(std::sqrt(0.5)));
  params.assign("weight", Values{3, 0, 0, 1});
  params.assign("bias", Values{10, 20});
  // v = (3, 1)/√10, W v = (9, 1)/√10: σ = √8.2
  const double sigma = std::sqrt(8.2);
  Values x{1, 2};
  const auto step = L{}.forward(be, *params, View<B, Vectors<2>>{x.data(), 1});
  CHECK(step.y.data[0] == Approx(10 + 3 / sigma));
  CHECK(step.y.data[1] == Approx(20 + 2 / sigma));
  CHECK(params.values("u")[0] == Approx(std::sqrt(0.5)));  // forward changes no statistic
  L{}.backward(be, *params, step.saved, step.y, *grads);
  update_statistics(be, params, grads);
  CHECK(params.values("u")[0] == Approx(9 / std::sqrt(82.0)));
  CHECK(params.values("u")[1] == Approx(1 / std::sqrt(82.0)));
}
TEST_CASE("Step by step σ arrives at the largest singular value", "[nn][values]") {
  using L = SpectralLinear<30, 20>;
  B be{1};
  Parameters<B, L> params, grads;
  randomise(params, 8);
  const double expected = largest_singular_value(params.values("weight"), 20, 30);
  Batch<Vectors<30>> x{{2}};
  double first = 0, last = 0;
  for (int i = 0; i < 300; ++i) {
    be.tape().rewind();
    grads.zero();
    const auto step = L{}.forward(be, *params, x.view());
    last = step.saved.sigma(0, 0);
    if (i == 0) first = last;
    L{}.backward(be, *params, step.saved, step.y, *grads);
    update_statistics(be, params, grads);
  }
  CHECK(last == Approx(expected).epsilon(1e-9));
  CHECK(first < 0.99 * expected);  // power iteration comes from below
}
TEST_CASE("SpectralLinear of a weight of zeros gives its bias", "[nn][values]") {
  using L = SpectralLinear<3, 2>;
  B be{1};
  Parameters<B, L> params;
  params.assign("bias", Values{1, 2});
  Values x{4, 5, 6};
  const auto y = L{}.forward(be, *params, View<B, Vectors<3>>{x.data(), 1}).y;
  CHECK(y.data[0] == 1);
  CHECK(y.data[1] == 2);
}
TEST_CASE("SpectralLinear refuses to iterate no time", "[nn][errors]") {
  B be{1};
  Parameters<B, SpectralLinear<3, 2>> params;
  Batch<Vectors<3>> x{{1}};
  check_error([&] { SpectralLinear<3, 2>{.iterations = 0}.forward(be, *params, x.view()); },
              {"SpectralLinear", "iterations", "expected at least 1, got 0"});
}

TEST_CASE("LeakyRelu gradient agrees with central differences away from 0", "[nn][gradient]") {
  for (const Lengths& lengths : usual_shapes) {
    Batch<Tokens<6>> input{lengths};
    randomise(input.values, 3, 0.8);
    for (double& x : input.values) x += x < 0 ? -0.1 : 0.1;
    expect_gradient(gradient_error(LeakyRelu{}, input, {.keep_input = true}));
    expect_gradient(gradient_error(LeakyRelu{-0.5}, input, {.keep_input = true}));
  }
}
TEST_CASE("LeakyRelu by hand", "[nn][values]") {
  B be{1};
  Empty none;
  Values x{-2, 0, 3}, dy{1, 1, 1};
  const View<B, Vectors<3>> row{x.data(), 1};
  const auto step = LeakyRelu{}.forward(be, none, row);
  CHECK(Values(step.y.data, step.y.data + 3) == Values{-0.4, 0, 3});
  const auto dx = LeakyRelu{}.backward(be, none, step.saved, View<B, Vectors<3>>{dy.data(), 1}, none);
  CHECK(Values(dx.data, dx.data + 3) == Values{0.2, 0.2, 1});
}
