#include <catch2/catch.hpp>
#include <cmath>

#include "support/kernel_run.hpp"

// float agrees with double on the same numbers.
using namespace hashweave;
using namespace hashweave::test;

namespace {

/// The largest difference between the outputs of f in float and in double, divided by max(1, |double|).
template <class F>
double difference(F f) {
  Run<float> single{2};
  Run<double> twice{2};
  f(single);
  f(twice);
  REQUIRE(single.outputs.size() == twice.outputs.size());
  double worst = 0;
  for (std::size_t k = 0; k < single.outputs.size(); ++k) {
    REQUIRE(single.outputs[k].size() == twice.outputs[k].size());
    for (std::size_t i = 0; i < single.outputs[k].size(); ++i) {
      const double expected = twice.outputs[k][i], got = static_cast<double>(single.outputs[k][i]);
      const double e = std::abs(got - expected) / std::max(1.0, std::abs(expected));
      if (!(e <= worst)) worst = e;
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("Activations in float agree with double", "[cpu][float]") {
  for (const Activation f : {Activation::gelu, Activation::gelu_tanh, Activation::quick_gelu, Activation::relu,
                             Activation::tanh, Activation::sigmoid}) {
    INFO("activation " << static_cast<int>(f));
    CHECK(difference([f](auto& r) {
            const auto x = r.in(40, 50, 1), dy = r.in(40, 50, 2), y = r.out(40, 50), dx = r.out(40, 50);
            for (Size i = 0; i < x.size(); ++i) x.data[i] *= 16;
            activate(r.be, f, y, x);
            activate_backward(r.be, f, dx, dy, x);
            for (const auto& m : {y, dx}) r.keep(m);
          }) < 1e-5);
  }
}
TEST_CASE("Products in float agree with double", "[cpu][float]") {
  CHECK(difference([](auto& r) { run_affine(r, 150, 70, 45); }) < 1e-5);
  CHECK(difference([](auto& r) { run_grouped_affine(r, 300, 4, 70, 9); }) < 1e-5);
  CHECK(difference([](auto& r) { run_grouped_affine(r, 300, 4, 70, 2); }) < 1e-5);
}
TEST_CASE("Normalisations in float agree with double", "[cpu][float]") {
  CHECK(difference([](auto& r) {
          const auto x = r.in(60, 50, 1), dy = r.in(60, 50, 2), g = r.in(1, 50, 3), b = r.in(1, 50, 4);
          const auto y = r.out(60, 50), dx = r.out(60, 50), dg = r.in(1, 50, 5), db = r.in(1, 50, 6);
          const auto rows = r.out(60, 2);
          layer_norm(r.be, y, rows, x, g, b, 1e-5);
          layer_norm_backward(r.be, dx, dg, db, dy, x, rows, g);
          for (const auto& m : {y, dx, dg, db}) r.keep(m);
          softmax(r.be, y, x);
          softmax_backward(r.be, dx, dy, y);
          for (const auto& m : {y, dx}) r.keep(m);
        }) < 1e-5);
}
TEST_CASE("Spectral norms and leaky units in float agree with double", "[cpu][float]") {
  CHECK(difference([](auto& r) {
          const auto w = r.in(60, 50, 1), u = r.in(1, 60, 2), dy = r.in(60, 50, 3), dw = r.in(60, 50, 4);
          const auto sigma = r.out(1, 1), next = r.out(1, 60), v = r.out(1, 50), y = r.out(60, 50);
          power_iteration(r.be, sigma, next, v, w, u, 3);
          divide(r.be, y, w, sigma);
          spectral_backward(r.be, dw, dy, y, next, v, sigma);
          for (const auto& m : {sigma, next, v, y, dw}) r.keep(m);
          leaky_relu(r.be, y, w, 0.2);
          leaky_relu_backward(r.be, dw, dy, w, 0.2);
          for (const auto& m : {y, dw}) r.keep(m);
        }) < 1e-5);
}
TEST_CASE("Attention in float agrees with double on long sequences", "[cpu][float]") {
  for (const bool causal : {false, true}) {
    CHECK(difference([causal](auto& r) {
            using T = typename std::remove_reference_t<decltype(r.be)>::Scalar;
            const std::vector<Size> offsets{0, 1, 1001};
            AttentionShape shape;
            shape.segments = checked_segments(offsets, 1001);
            shape.causal = causal;
            const auto qkv = r.in(1001, 96, 1), d_o = r.in(1001, 32, 2);
            const auto o = r.out(1001, 32), lse = r.out(1001, 1), dqkv = r.out(1001, 96);
            attention(r.be, o, lse, qkv, Mat<T>{}, shape);
            attention_backward(r.be, dqkv, Mat<T>{}, d_o, qkv, o, lse, Mat<T>{}, shape);
            for (const auto& m : {o, lse, dqkv}) r.keep(m);
          }) < 1e-5);
  }
}
TEST_CASE("Attention of one token in float agrees with double on long sequences", "[cpu][float]") {
  CHECK(difference([](auto& r) {
          const std::vector<Size> offsets{0, 1, 1001};
          const AttentionShape shape{checked_segments(offsets, 1001), 2, false, 0, {}};
          const auto x = r.in(1001, 64, 1), u = r.in(2, 128, 2), dm = r.in(2, 128, 3);
          const auto m = r.out(2, 128), p = r.out(1001, 2), mass = r.out(2, 2), dx = r.out(1001, 64),
                     du = r.out(2, 128);
          token_attention(r.be, m, p, p, mass, u, x, shape, true);
          token_attention_backward(r.be, dx, du, dm, {}, p, p, u, x, shape, true);
          for (const auto& y : {m, p, mass, dx, du}) r.keep(y);
        }) < 1e-5);
}
TEST_CASE("Losses on codes in float agree with double", "[cpu][float]") {
  CHECK(difference([](auto& r) {
          const auto inner = r.in(20, 20, 1), similar = r.in(20, 20, 2), h = r.in(20, 30, 3), labels = r.in(20, 7, 4);
          const auto centres = r.in(7, 30, 5), votes = r.out(20, 30), value = r.out(1, 1);
          const auto d_inner = r.out(20, 20), dh = r.out(20, 30), dx = r.out(20, 7);
          contrastive_pairs(r.be, value, d_inner, inner, similar, 1.3);
          for (const auto& m : {value, d_inner}) r.keep(m);
          for (Size i = 0; i < labels.size(); ++i) labels.data[i] = labels.data[i] > 0 ? 1 : 0;
          for (Size i = 0; i < centres.size(); ++i) centres.data[i] = centres.data[i] > 0 ? 1 : -1;
          multiply(r.be, Form::nn, votes, labels, centres);
          central_similarity(r.be, value, dh, h, votes, labels, centres, 1e-6);
          for (const auto& m : {value, dh}) r.keep(m);
          softmax_cross_entropy(r.be, value, dx, r.in(20, 7, 6), labels);
          for (const auto& m : {value, dx}) r.keep(m);
          quantisation(r.be, value, dh, h, 3);
          for (const auto& m : {value, dh}) r.keep(m);
        }) < 1e-5);
}
TEST_CASE("Scaled tanh in float agrees with double", "[cpu][float]") {
  CHECK(difference([](auto& r) {
          const auto x = r.in(40, 50, 1), dy = r.in(40, 50, 2), y = r.out(40, 50), dx = r.out(40, 50);
          scaled_tanh(r.be, y, x, 9);
          scaled_tanh_backward(r.be, dx, dy, y, 9);
          for (const auto& m : {y, dx}) r.keep(m);
        }) < 1e-5);
}
TEST_CASE("Adam in float agrees with double", "[cpu][float]") {
  CHECK(difference([](auto& r) {
          const auto w = r.in(1, 500, 1), g = r.in(1, 500, 2), m = r.in(1, 500, 3), v = r.in(1, 500, 4);
          for (Size i = 0; i < v.size(); ++i) v.data[i] *= v.data[i];
          adam_update(r.be, w, g, m, v, AdamRule{.decay = 0.1, .correction1 = 0.1, .correction2 = 0.001});
          for (const auto& x : {w, m, v}) r.keep(x);
        }) < 1e-5);
}
