#include <catch2/catch.hpp>
#include <cmath>
#include <span>
#include <utility>

#include "support/check_error.hpp"
#include "support/kernel_run.hpp"
#include "support/tiny_model.hpp"

// Every way to compute products that this program and processor have, in float and in bf16.
using namespace hashweave;
using namespace hashweave::test;

namespace {

/// All that is available in this precision.
std::vector<Arithmetic> arithmetics(Precision precision) {
  std::vector<Arithmetic> all;
  for (const Engine e : cpu::engines) {
    if (cpu::available(e, precision)) all.push_back({e, precision});
  }
  if (all.empty()) WARN("skipped: no bf16 on this processor, or the program is not compiled for it");
  return all;
}
void use(Cpu<float>& be, const Arithmetic& how) {
  be.use(Precision::full);
  be.use(how.engine);
  be.use(how.precision);
}

/// Operands of c (m, n) += alpha op(a) op(b); whole numbers from -8 to 8, or any of (-0.5, 0.5).
struct Operands {
  std::vector<float> a, b, c;

  Operands(Size m, Size n, Size k, bool whole)
      : a{numbers<float>(m * k, 1)}, b{numbers<float>(k * n, 2)}, c{numbers<float>(m * n, 3)} {
    if (!whole) return;
    for (std::vector<float>* v : {&a, &b, &c}) {
      for (float& x : *v) x = std::round(16 * x);
    }
  }
};

Mat<const float> left(const std::vector<float>& a, Form form, Size m, Size k) {
  return form == Form::tn ? matrix(a.data(), k, m) : matrix(a.data(), m, k);
}
Mat<const float> right(const std::vector<float>& b, Form form, Size n, Size k) {
  return form == Form::nt ? matrix(b.data(), n, k) : matrix(b.data(), k, n);
}
/// Σ_k f(a_ik b_kj)
template <class F>
double sum(const Operands& o, Form form, Size m, Size n, Size k, Size i, Size j, F f) {
  const auto a = left(o.a, form, m, k), b = right(o.b, form, n, k);
  double s = 0;
  for (Size d = 0; d < k; ++d) {
    const float x = form == Form::tn ? a(d, i) : a(i, d), y = form == Form::nt ? b(j, d) : b(d, j);
    s += f(static_cast<double>(x) * static_cast<double>(y));
  }
  return s;
}

constexpr Size shapes[][3]{{1, 1, 1},    {1, 33, 2},    {14, 32, 16}, {15, 31, 17},  {32, 32, 32}, {33, 48, 47},
                           {64, 64, 64}, {127, 65, 33}, {5, 3, 700},  {150, 200, 1}, {29, 530, 40}};

}  // namespace

TEST_CASE("Weights said to be constant are laid out once, and give the same bits", "[cpu][engines]") {
  constexpr Size rows = 5, in = 40, out = 70;
  for (const Precision precision : {Precision::full, Precision::bf16}) {
    for (const Arithmetic& how : arithmetics(precision)) {
      Cpu<float> be{2};
      use(be, how);
      std::vector<float> weights = numbers<float>(2 * out * in, 1);
      const std::vector<float> x = numbers<float>(rows * in, 2), bias = numbers<float>(out, 3);
      const std::span<const float> constant = std::span{weights}.first(out * in);
      const auto product = [&](Size which) {
        std::vector<float> y(rows * out);
        affine(be, matrix(y.data(), rows, out), matrix(x.data(), rows, in),
               matrix<const float>(weights.data() + which * out * in, out, in), matrix(bias.data(), 1, out));
        return y;
      };
      const auto first = product(0), second = product(1);
      const auto held = [&] { return be.constants().bytes(); };
      CHECK(held() == 0);
      {
        const ConstantScope scope{be, constant};
        CHECK(product(1) == second);
        CHECK(held() == 0);  // not among the constant ones
        CHECK(product(0) == first);
        const std::size_t bytes = held();
        CHECK((bytes > 0) == (how.engine != Engine::eigen && how.engine != Engine::onednn));
        CHECK(product(0) == first);
        CHECK(held() == bytes);
        std::vector<float> y(rows * in), again = y;  // the same matrix in another form is another operand
        multiply(be, Form::nn, matrix(y.data(), rows, in), matrix<const float>(first.data(), rows, out),
                 matrix<const float>(weights.data(), out, in));
        be.constants().forget(constant);
        CHECK(held() == 0);
        multiply(be, Form::nn, matrix(again.data(), rows, in), matrix<const float>(first.data(), rows, out),
                 matrix<const float>(weights.data(), out, in));
        CHECK(y == again);
      }
      be.constants().forget(constant);
      const float before = std::exchange(weights[7], 3.0F);
      const auto changed = product(0);
      CHECK(changed != first);
      CHECK(held() == 0);  // the scope has ended
      const ConstantScope scope{be, constant};
      CHECK(product(0) == changed);
      weights[7] = before;
      be.constants().forget(constant.last(in));  // of another matrix's place: nothing
      if (held() > 0) CHECK(product(0) == changed);
      be.constants().forget(constant);
      CHECK(product(0) == first);
    }
  }
}
TEST_CASE("Products of small whole numbers are exact by every engine and in every precision", "[cpu][engines]") {
  for (const Precision precision : {Precision::full, Precision::bf16}) {
    for (const Arithmetic& how : arithmetics(precision)) {
      Cpu<float> be{2};
      use(be, how);
      for (const Form form : {Form::nn, Form::nt, Form::tn}) {
        for (const auto& [m, n, k] : shapes) {
          const Operands o{m, n, k, true};
          std::vector<float> replaced = o.c, added = o.c;
          multiply(be, form, matrix(replaced.data(), m, n), left(o.a, form, m, k), right(o.b, form, n, k), 0.5);
          multiply(be, form, matrix(added.data(), m, n), left(o.a, form, m, k), right(o.b, form, n, k), -2, true);
          Size wrong = 0;
          for (Size i = 0; i < m; ++i) {
            for (Size j = 0; j < n; ++j) {
              const double exact = sum(o, form, m, n, k, i, j, [](double x) { return x; });
              const auto at = static_cast<std::size_t>(i * n + j);
              wrong += static_cast<double>(replaced[at]) != 0.5 * exact;
              wrong += static_cast<double>(added[at]) != static_cast<double>(o.c[at]) - 2 * exact;
            }
          }
          INFO("engine " << static_cast<int>(how.engine) << ", form " << static_cast<int>(form) << ", " << m << " x "
                         << n << " x " << k);
          CHECK(wrong == 0);
        }
      }
    }
  }
}
TEST_CASE("Products cut into many blocks are exact by every engine and in every precision", "[cpu][engines]") {
  constexpr Size m = 270, n = 700, k = 1100;
  const Operands o{m, n, k, true};
  for (const Form form : {Form::nn, Form::nt, Form::tn}) {
    const auto product = [&](const Arithmetic& how) {
      Cpu<float> be{2};
      use(be, how);
      std::vector<float> c = o.c;
      multiply(be, form, matrix(c.data(), m, n), left(o.a, form, m, k), right(o.b, form, n, k), 0.5, true);
      return c;
    };
    const auto by_eigen = product({Engine::eigen, Precision::full});
    for (const Size i : {Size{0}, m - 1}) {
      for (const Size j : {Size{0}, n - 1}) {
        const auto at = static_cast<std::size_t>(i * n + j);
        const double exact = sum(o, form, m, n, k, i, j, [](double x) { return x; });
        CHECK(static_cast<double>(by_eigen[at]) == static_cast<double>(o.c[at]) + 0.5 * exact);
      }
    }
    for (const Precision precision : {Precision::full, Precision::bf16}) {
      for (const Arithmetic& how : arithmetics(precision)) {
        INFO("engine " << cpu::name_of(how.engine) << ", form " << static_cast<int>(form));
        CHECK((product(how) == by_eigen));
      }
    }
  }
}
TEST_CASE("A product with an activation behind it is the product, then the activation", "[cpu][engines][threads]") {
  const Activation f = GENERATE(Activation::gelu, Activation::gelu_tanh, Activation::quick_gelu, Activation::relu,
                                Activation::tanh, Activation::sigmoid);
  constexpr Size in = 700;  // more than one part of the depth
  const auto shape =
      GENERATE(std::pair<Size, Size>{1, 3}, std::pair<Size, Size>{33, 70}, std::pair<Size, Size>{200, 520});
  const Size rows = shape.first, out = shape.second;
  CAPTURE(static_cast<int>(f), rows, out);
  const std::vector<float> x = numbers<float>(rows * in, 1), w = numbers<float>(out * in, 2),
                           b = numbers<float>(out, 3);
  for (const Precision precision : {Precision::full, Precision::bf16}) {
    for (const Arithmetic& how : arithmetics(precision)) {
      std::vector<float> first;
      for (const Size threads : {1, 2, 4}) {
        Cpu<float> be{threads};
        use(be, how);
        std::vector<float> apart(x.size() / in * b.size()), together = apart;
        const auto all = [&](std::vector<float>& y) { return matrix(y.data(), rows, out); };
        for (const auto& bias : {matrix(b.data(), 1, out), Mat<const float>{}}) {
          affine(be, all(apart), matrix(x.data(), rows, in), matrix(w.data(), out, in), bias);
          activate(be, f, all(apart), all(apart));
          affine_activate(be, f, all(together), matrix(x.data(), rows, in), matrix(w.data(), out, in), bias);
          CHECK(together == apart);
        }
        if (first.empty()) first = together;
        CHECK(together == first);
      }
    }
  }
}

TEST_CASE("A product writes to its own part of a larger matrix alone", "[cpu][engines]") {
  for (const Precision precision : {Precision::full, Precision::bf16}) {
    for (const Arithmetic& how : arithmetics(precision)) {
      Cpu<float> be{1};
      use(be, how);
      const Operands o{20, 37, 5, true};
      std::vector<float> all(22 * 50, 7.0F);
      const Mat<float> c = cols_of(rows_of(matrix(all.data(), 22, 50), 1, 20), 6, 37);
      affine(be, c, left(o.a, Form::nt, 20, 5), right(o.b, Form::nt, 37, 5), matrix(o.c.data(), 1, 37));
      Size wrong = 0;
      for (Size i = 0; i < 22; ++i) {
        for (Size j = 0; j < 50; ++j) {
          const bool inside = i >= 1 && i < 21 && j >= 6 && j < 43;
          const double wanted = !inside ? 7
                                        : static_cast<double>(o.c[static_cast<std::size_t>(j - 6)]) +
                                              sum(o, Form::nt, 20, 37, 5, i - 1, j - 6, [](double x) { return x; });
          wrong += static_cast<double>(all[static_cast<std::size_t>(i * 50 + j)]) != wanted;
        }
      }
      CHECK(wrong == 0);
    }
  }
}
TEST_CASE("A product in bf16 errs by no more than the rounding of its operands", "[cpu][engines]") {
  // each operand by 2^-9 of itself, the sum of k products by k 2^-24 of their size
  for (const Arithmetic& how : arithmetics(Precision::bf16)) {
    Cpu<float> be{2};
    use(be, how);
    const Size m = 70, n = 90, k = 1000;
    const Operands o{m, n, k, false};
    const double rounding = 0x1p-8 + 0x1p-18 + static_cast<double>(k) * 0x1p-24;
    for (const Form form : {Form::nn, Form::nt, Form::tn}) {
      std::vector<float> c(static_cast<std::size_t>(m * n));
      multiply(be, form, matrix(c.data(), m, n), left(o.a, form, m, k), right(o.b, form, n, k));
      double worst = 0, largest = 0;
      for (Size i = 0; i < m; ++i) {
        for (Size j = 0; j < n; ++j) {
          const double exact = sum(o, form, m, n, k, i, j, [](double x) { return x; });
          const double size = sum(o, form, m, n, k, i, j, [](double x) { return std::abs(x); });
          const double error = std::abs(static_cast<double>(c[static_cast<std::size_t>(i * n + j)]) - exact);
          if (!(error / (rounding * size) <= worst)) worst = error / (rounding * size);
          largest = std::max(largest, error / size);
        }
      }
      CHECK(worst <= 1);
      CHECK(largest > 1e-6);  // it was not computed in float
    }
  }
}
TEST_CASE("Products and attention in bf16 are the same bits on any number of threads", "[cpu][engines][threads]") {
  for (const Arithmetic& how : arithmetics(Precision::bf16)) {
    std::vector<std::vector<float>> first;
    for (const Size threads : {1, 2, 4}) {
      Run<float> r{threads};
      use(r.be, how);
      run_affine(r);
      const std::vector<Size> offsets{0, 1, 4, 230};  // the last in two tiles
      AttentionShape shape;
      shape.segments = checked_segments(offsets, 230);
      shape.heads = 4;
      const auto qkv = r.in(230, 96, 1), d_o = r.in(230, 32, 3);
      const auto o = r.out(230, 32), lse = r.out(230, 4), dqkv = r.out(230, 96);
      attention(r.be, o, lse, qkv, Mat<float>{}, shape);
      attention_backward(r.be, dqkv, Mat<float>{}, d_o, qkv, o, lse, Mat<float>{}, shape);
      for (const auto& m : {o, lse, dqkv}) r.keep(m);
      if (first.empty()) first = r.outputs;
      CHECK((r.outputs == first));
    }
  }
}

namespace {

/// Of the tiny ViT2CMH with the values that it begins with: the codes, and the parameters' gradient where that of the
/// codes is given. (A loss's own gradient depends on which negatives are hardest, and this on any rounding.)
struct FirstStep {
  std::vector<float> codes, gradient;

  explicit FirstStep(Precision precision) {
    using B = Cpu<float>;
    B be{2, 42};
    be.use(precision);
    TinyModel<B> model;
    model.params.initialise(2022);
    TinyBatch<float> batch{9};
    const auto step = model.forward(be, batch.images<B>(), batch.captions<B>());
    const Mat<const float> y = step.y.image.mat();
    codes.assign(y.data, y.data + y.size());
    auto dy = TripletAngularLoss<>{0.1, 0.1}(be, step.y.image, step.y.text, batch.owners).gradient;
    const auto given = [](Mat<float> m, std::uint64_t seed) {
      const std::vector<float> values = numbers<float>(m.size(), seed);
      std::copy(values.begin(), values.end(), m.data);
    };
    given(dy.image.mat(), 5);
    given(dy.text.mat(), 6);
    model.grads.zero();
    model.backward(be, step.saved, dy);
    const Mat<const float> g = model.grads.flat();
    gradient.assign(g.data, g.data + g.size());
  }
};

/// The losses of thirty steps.
std::vector<double> training_losses(Precision precision) {
  using B = Cpu<float>;
  B be{2, 42};
  be.use(precision);
  TinyModel<B> model;
  model.params.initialise(2022);
  TinyBatch<float> batch{40};
  Adam<B, TinyVit2Cmh> adam{{.rate = 3e-3}};
  std::vector<double> losses;
  for (std::uint32_t number = 0; number < 30; ++number) {
    be.tape().rewind();
    be.random().begin_step(number);
    model.grads.zero();
    const auto step = model.forward(be, batch.images<B>(), batch.captions<B>());
    const auto loss = TripletAngularLoss<>{0.1, 0.1}(be, step.y.image, step.y.text, batch.owners);
    model.backward(be, step.saved, loss.gradient);
    losses.push_back(static_cast<double>(loss.value.data[0]));
    adam.step(be, model.params, model.grads);
  }
  return losses;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return s;
}

}  // namespace

TEST_CASE("ViT2CMH trains in bf16 as in float", "[cpu][engines]") {
  if (!bf16_supported()) {
    WARN("skipped: no bf16 on this processor, or the program is not compiled for it");
    return;
  }
  const FirstStep full{Precision::full}, rounded{Precision::bf16};
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < full.codes.size(); ++i) {
    difference = std::max(difference, static_cast<double>(std::abs(rounded.codes[i] - full.codes[i])));
    largest = std::max(largest, static_cast<double>(std::abs(full.codes[i])));
  }
  CHECK(difference > 0);
  CHECK(difference < 0.02 * largest);
  const double cosine = dot(full.gradient, rounded.gradient) /
                        std::sqrt(dot(full.gradient, full.gradient) * dot(rounded.gradient, rounded.gradient));
  CHECK(cosine > 0.999);

  const std::vector<double> losses = training_losses(Precision::full), others = training_losses(Precision::bf16);
  CHECK(losses.back() < 0.8 * losses.front());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    INFO("step " << i);
    CHECK(others[i] == Approx(losses[i]).epsilon(0.02));
  }
}
TEST_CASE("What is not available is refused", "[cpu][engines]") {
  Cpu<float> be{1};
  for (const Engine e : cpu::engines) {
    if (cpu::available(e)) {
      be.use(e);
      CHECK(be.arithmetic().engine == e);
    } else {
      check_error([&] { be.use(e); }, {"products: engine"});
    }
  }
  be.use(Engine::eigen);
  if (bf16_supported()) {
    be.use(Precision::bf16);  // another engine steps in
    CHECK(cpu::available(be.arithmetic().engine, Precision::bf16));
    check_error([&] { be.use(Engine::eigen); }, {"products: engine"});
  } else {
    check_error([&] { be.use(Precision::bf16); }, {"AMX or AVX512-BF16", "-march=native"});
    CHECK(be.arithmetic().precision == Precision::full);
  }
}
