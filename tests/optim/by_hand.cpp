#include <bit>
#include <hashweave/compose/chain.hpp>
#include <hashweave/nn/embedding.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/optim/adam.hpp>
#include <hashweave/optim/sgd.hpp>

#include "support/check_gradient.hpp"
#include "support/resident.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using L = Linear<2, 1, NoBias>;
using Values = std::vector<double>;

/// A weight of two values and its gradient.
struct Two {
  B be{1};
  Parameters<B, L> params, grads;

  explicit Two(Values w) { params.assign("weight", w); }
  template <class O>
  StepReport step(O& optimizer, const Values& gradient, const StepOptions& now = {}) {
    grads.assign("weight", gradient);
    return optimizer.step(be, params, grads, now);
  }
  Values weight() const { return params.values("weight"); }
};
void check_near(const Values& got, const Values& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(expected[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("Two steps of Adam by hand", "[optim]") {
  Two x{{1, -2}};
  Adam<B, L> adam{{.rate = 0.1, .beta1 = 0.5, .beta2 = 0.75, .eps = 0.5}};
  // m = 0.5 g, v = 0.25 g²; divided by 1 - 0.5 and 1 - 0.75: g and g²
  const StepReport first = x.step(adam, {3, -4});
  CHECK(first.grad_norm == Approx(5));
  CHECK(first.rate == 0.1);
  CHECK_FALSE(first.skipped);
  check_near(x.weight(), {1 - 0.1 * 3 / 3.5, -2 + 0.1 * 4 / 4.5});
  // m = 0.75 + 0.5 = 1.25, v = 0.75 * 2.25 + 0.25 = 1.9375; divided by 0.75 and 0.4375
  const Values before = x.weight();
  x.step(adam, {1, 0});
  const double m = 1.25 / 0.75, v = 1.9375 / 0.4375, m2 = -1 / 0.75, v2 = 0.75 * 4 / 0.4375;
  check_near(x.weight(), {before[0] - 0.1 * m / (std::sqrt(v) + 0.5), before[1] - 0.1 * m2 / (std::sqrt(v2) + 0.5)});
  CHECK(adam.steps() == 2);
  check_near(adam.first_moment().values("weight"), {1.25, -1});
  check_near(adam.second_moment().values("weight"), {1.9375, 3});
}
TEST_CASE("Random rounding to bfloat16 gives a neighbour, and the value in the mean", "[optim]") {
  for (const float value : {1.003F, -0.37F, 1e-20F, 3e4F, 0.0F, 1.5F}) {
    const float below = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xFFFF0000U);  // in magnitude
    const float above = std::bit_cast<float>((std::bit_cast<std::uint32_t>(value) & 0xFFFF0000U) + 0x10000U);
    double sum = 0;
    bool neighbours = true;
    for (std::uint32_t random = 0; random < 0x10000; ++random) {
      const float rounded = round_randomly(value, random);
      neighbours = neighbours && (rounded == below || (rounded == above && value != below));
      sum += static_cast<double>(rounded);
    }
    CHECK(neighbours);
    CHECK(sum / 0x10000 == Approx(static_cast<double>(value)).epsilon(1e-9));
  }
}
TEST_CASE("Adam with moments in bfloat16: by hand where they are exact, and any number of threads the same",
          "[optim]") {
  using Half = Adam<B, L, BFloat16>;
  Two x{{1, -2}};
  Half adam{{.rate = 0.1, .beta1 = 0.5, .beta2 = 0.75, .eps = 0.5}};
  x.step(adam, {3, -4});
  check_near(x.weight(), {1 - 0.1 * 3 / 3.5, -2 + 0.1 * 4 / 4.5});
  CHECK(adam.first_moment().values("weight")[0] == 1.5F);
  CHECK(adam.second_moment().values("weight")[1] == 4.0F);
  CHECK(adam.first_moment().bytes() * 4 == x.params.bytes());  // beside double

  using Uneven = Chain<Linear<3, 5>, Linear<5, 7>>;  // its first step does not see how moments are kept
  const auto first_step = []<class O>(O optimizer) {
    Cpu<float> be{1};
    Parameters<Cpu<float>, Uneven> params, grads;
    params.initialise(1);
    grads.initialise(2);
    optimizer.step(be, params, grads);
    const auto all = params.trainable();
    return std::vector<float>(all.data, all.data + all.size());
  };
  CHECK((first_step(Adam<Cpu<float>, Uneven, BFloat16>{{.rate = 0.1}}) ==
         first_step(Adam<Cpu<float>, Uneven>{{.rate = 0.1}})));

  using Wide = Linear<300, 333, NoBias>;
  const auto weights = [](Size threads) {
    Cpu<float> be{threads};
    Parameters<Cpu<float>, Wide> params, grads;
    params.initialise(1);
    Adam<Cpu<float>, Wide, BFloat16> rounded{{.rate = 0.1, .clip_norm = 1}};
    for (std::uint64_t step = 0; step < 5; ++step) {
      grads.initialise(step);
      rounded.step(be, params, grads);
    }
    return params.values("weight");
  };
  CHECK((weights(1) == weights(3)));
}
TEST_CASE("Moments in bfloat16 follow those in float without bias", "[optim]") {
  constexpr Size n = 4096;
  using Row = Linear<n, 1, NoBias>;
  Cpu<float> be{1};
  Parameters<Cpu<float>, Row> full, half, grads;
  Adam<Cpu<float>, Row> exact{{.rate = 1e-3}};
  Adam<Cpu<float>, Row, BFloat16> rounded{{.rate = 1e-3}};
  for (std::uint64_t step = 0; step < 2000; ++step) {  // the same gradients for all: v rises, then falls to a hundredth
    const float size = step < 1000 ? 1.0F : 0.1F;
    const double g = RandomStream{3, 0, 0}.normal(step);
    std::fill_n(grads->weight.data, n, size * static_cast<float>(g));
    exact.step(be, full, grads);
    rounded.step(be, half, grads);
  }
  const float v = exact.second_moment().values("weight")[0], w = full.values("weight")[0];
  double mean = 0, worst = 0, moved = 0;
  for (const BFloat16 one : rounded.second_moment().values("weight")) {
    mean += static_cast<double>(one) / n;
    worst = std::max(worst, std::abs(static_cast<double>(one) / static_cast<double>(v) - 1));
  }
  for (const float one : half.values("weight")) moved += static_cast<double>(one) / n;
  CHECK(mean == Approx(static_cast<double>(v)).epsilon(0.005));
  CHECK(worst < 0.3);
  CHECK(moved == Approx(static_cast<double>(w)).epsilon(0.01));
}
TEST_CASE("Adam takes no memory for moments of rows that were never used, and forgets none that were", "[optim]") {
  constexpr Size rows = 40'000, width = 64;
  using Table = Embedding<rows, width>;
  Cpu<float> be{2};
  Parameters<Cpu<float>, Table> params, grads;
  params.initialise(1);
  const std::vector<float> before = params.values("word");
  const auto moved = [&](Size row) {
    return params->word.mat()(row, 3) != before[static_cast<std::size_t>(row * width + 3)];
  };
  Adam<Cpu<float>, Table> adam{{.rate = 0.1}};
  const auto step_on = [&](std::initializer_list<Size> used) {
    grads.zero();
    for (const Size row : used) grads->word.mat()(row, 3) = 1;
    const long pages = resident_pages();
    adam.step(be, params, grads);
    return resident_pages() - pages;
  };
  constexpr long all = 2 * rows * width * 4 / 4096;  // of both moments
  CHECK(step_on({100, 30'000}) < all / 4);
  CHECK(moved(100));
  CHECK_FALSE(moved(101));
  const float there = params->word.mat()(100, 3);
  CHECK(step_on({20'000}) < all / 4);
  CHECK(params->word.mat()(100, 3) != there);  // its moments go on
  CHECK(moved(20'000));

  Adam<Cpu<float>, Table> decaying{{.rate = 0.1, .decay = 0.5, .decoupled = true}};
  grads.zero();
  decaying.step(be, params, grads);
  CHECK(moved(101));  // decay is for all
}
TEST_CASE("A value's step of Adam does not depend on where it lies, nor on how many there are", "[optim]") {
  constexpr Size n = 67;  // blocks of 16 and a rest
  Cpu<float> be{1};
  const AdamRule rule{.rate = 0.1, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8, .decay = 0.01};
  struct Vectors {
    std::vector<float> w = std::vector<float>(n + 1), g = w, m = w, v = w;
  } whole, shifted, single;
  for (Size i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const float x = static_cast<float>(i) - 30.5f;
    whole.w[at] = shifted.w[at + 1] = single.w[at] = x / 7;
    whole.g[at] = shifted.g[at + 1] = single.g[at] = 1 / x;
    whole.m[at] = shifted.m[at + 1] = single.m[at] = x / 100;
    whole.v[at] = shifted.v[at + 1] = single.v[at] = x * x / 1000;
  }
  const auto step = [&](Vectors& x, Size first, Size count) {
    const auto part = [&](std::vector<float>& of) { return Mat<float>{of.data() + first, 1, count, count}; };
    adam_update<float>(be, part(x.w), part(x.g), part(x.m), part(x.v), rule);
  };
  step(whole, 0, n);
  step(shifted, 1, n);
  for (Size i = 0; i < n; ++i) step(single, i, 1);
  CHECK(std::equal(whole.w.begin(), whole.w.end() - 1, shifted.w.begin() + 1));
  CHECK(std::equal(whole.m.begin(), whole.m.end() - 1, shifted.m.begin() + 1));
  CHECK(std::equal(whole.v.begin(), whole.v.end() - 1, shifted.v.begin() + 1));
  CHECK(whole.w == single.w);
  CHECK(whole.m == single.m);
  CHECK(whole.v == single.v);
}
TEST_CASE("Adam's decay goes into the gradient, AdamW's does not", "[optim]") {
  Two coupled{{2, 0}}, decoupled{{2, 0}};
  Adam<B, L> adam{{.rate = 0.1, .beta1 = 0, .beta2 = 0, .eps = 1, .decay = 0.5}};
  AdamW<B, L> adamw{{.rate = 0.1, .beta1 = 0, .beta2 = 0, .eps = 1, .decay = 0.5}};
  coupled.step(adam, {3, 0});
  decoupled.step(adamw, {3, 0});
  check_near(coupled.weight(), {2 - 0.1 * 4 / 5, 0});  // g = 3 + 0.5 * 2
  check_near(decoupled.weight(), {2 * (1 - 0.1 * 0.5) - 0.1 * 3 / 4, 0});
}
TEST_CASE("Two steps of gradient descent with momentum by hand", "[optim]") {
  Two x{{1, 2}};
  Sgd<B, L> sgd{{.rate = 0.1, .momentum = 0.5, .decay = 0.25}};
  x.step(sgd, {1, 0});  // g = (1.25, 0.5) = velocity
  check_near(x.weight(), {1 - 0.125, 2 - 0.05});
  x.step(sgd, {0, 1});  // g = (0.21875, 1.4875), velocity = g + (0.625, 0.25)
  check_near(x.weight(), {0.875 - 0.1 * 0.84375, 1.95 - 0.1 * 1.7375});
  check_near(sgd.velocity().values("weight"), {0.84375, 1.7375});
  CHECK(sgd.steps() == 2);
}
TEST_CASE("Two steps of Nesterov's momentum by hand", "[optim]") {
  Two x{{1, 2}};
  Sgd<B, L> sgd{{.rate = 0.1, .momentum = 0.5, .nesterov = true}};
  x.step(sgd, {1, -2});
  check_near(x.weight(), {1 - 0.1 * 1.5, 2 + 0.1 * 3});
  x.step(sgd, {1, 0});  // velocity = (1.5, -1)
  check_near(x.weight(), {0.85 - 0.1 * 1.75, 2.3 + 0.1 * 0.5});
}
TEST_CASE("The step's rate factor multiplies the rate", "[optim]") {
  Two x{{1, 2}};
  Sgd<B, L> sgd{{.rate = 0.1}};
  CHECK(x.step(sgd, {1, 1}, {.rate_factor = 0.5}).rate == Approx(0.05));
  check_near(x.weight(), {0.95, 1.95});
}
TEST_CASE("A gradient longer than the limit is clipped to it, a shorter one is not", "[optim]") {
  Two x{{0, 0}};
  Sgd<B, L> sgd{{.rate = 1, .clip_norm = 2}};
  CHECK(x.step(sgd, {3, 4}).grad_norm == Approx(5));  // before clipping
  const double factor = 2 / (5 + 1e-6);               // as PyTorch's
  check_near(x.weight(), {-3 * factor, -4 * factor});
  Two y{{0, 0}};
  y.step(sgd, {1, 1});
  CHECK(y.weight() == Values{-1, -1});
}
TEST_CASE("Accumulated gradients, scaled, are those of one big batch", "[optim]") {
  Two once{{1, 2}}, twice{{1, 2}};
  Adam<B, L> one{{.rate = 0.1, .clip_norm = 0.5}}, two{{.rate = 0.1, .clip_norm = 0.5}};
  const StepReport a = once.step(one, {2, -3});
  const StepReport b = twice.step(two, {4, -6}, {.gradient_scale = 0.5});
  CHECK(a.grad_norm == b.grad_norm);
  CHECK(once.weight() == twice.weight());
}
TEST_CASE("A gradient that is not finite changes nothing and is counted", "[optim]") {
  const auto check = [](auto& optimizer, ParameterBlock<B>& state) {
    Two x{{1, 2}};
    x.step(optimizer, {1, 1});
    const Values weight = x.weight(), kept = state.values("weight");
    for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
      const StepReport report = x.step(optimizer, {1, bad});
      CHECK(report.skipped);
      CHECK_FALSE(std::isfinite(report.grad_norm));
    }
    CHECK(x.weight() == weight);
    CHECK(state.values("weight") == kept);
    CHECK(optimizer.steps() == 1);
    CHECK(optimizer.skipped() == 2);
    CHECK_FALSE(x.step(optimizer, {1, 1}).skipped);
    CHECK(x.weight() != weight);
    optimizer.restore(10, 3);
    CHECK(optimizer.steps() == 10);
    CHECK(optimizer.skipped() == 3);
  };
  Adam<B, L> adam{{}};
  Sgd<B, L> sgd{{.momentum = 0.5}};
  check(adam, adam.first_moment());
  check(sgd, sgd.velocity());
}
TEST_CASE("Adam in float agrees with Adam in double", "[optim]") {
  using F = Cpu<float>;
  F be{1};
  Parameters<F, L> params, grads;
  params.assign("weight", std::vector<float>{1, -2});
  Two x{{1, -2}};
  Adam<F, L> in_float{{.rate = 0.1, .decay = 0.1}};
  Adam<B, L> in_double{{.rate = 0.1, .decay = 0.1}};
  for (int i = 1; i < 20; ++i) {
    grads.assign("weight", std::vector<float>{0.5F, static_cast<float>(i % 3) - 1});
    in_float.step(be, params, grads);
    x.step(in_double, {0.5, static_cast<double>(i % 3) - 1});
  }
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(static_cast<double>(params.values("weight")[i]) == Approx(x.weight()[i]).epsilon(1e-5));
  }
}
