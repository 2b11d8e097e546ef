#include <hashweave/cpu/math.hpp>

#include <catch2/catch.hpp>
#include <limits>

using namespace hashweave;

namespace {

/// The largest error of f against g over [from, to], divided by max(|g|, floor).
template <class F, class G>
double worst_error(float from, float to, double floor, F f, G g) {
  constexpr int points = 200'000;
  double worst = 0;
  for (int i = 0; i <= points; ++i) {
    const float x = from + (to - from) * (static_cast<float>(i) / points);
    const double expected = g(static_cast<double>(x));
    const double e = std::abs(static_cast<double>(f(x)) - expected) / std::max(std::abs(expected), floor);
    if (!(e <= worst)) worst = e;
  }
  return worst;
}
constexpr float infinite = std::numeric_limits<float>::infinity(),
                not_a_number = std::numeric_limits<float>::quiet_NaN();
double cumulative(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846); }

}  // namespace

TEST_CASE("exp in float agrees with exp in double", "[cpu][math]") {
  const auto f = [](float x) { return cpu::exp(x); };
  const auto g = [](double x) { return std::exp(x); };
  CHECK(worst_error(-87.0F, 88.0F, 0, f, g) < 1e-6);
  CHECK(worst_error(-1.0F, 1.0F, 0, f, g) < 3e-7);
  CHECK(cpu::exp(0.0F) == 1.0F);
}
TEST_CASE("exp in float is clamped at its ends and hands NaN on", "[cpu][math]") {
  CHECK(std::isfinite(cpu::exp(1000.0F)));
  CHECK(cpu::exp(1000.0F) > 1e38F);
  CHECK(cpu::exp(infinite) == cpu::exp(1000.0F));
  CHECK(cpu::exp(-1000.0F) >= 0);
  CHECK(cpu::exp(-1000.0F) < 2e-38F);
  CHECK(cpu::exp(-infinite) == cpu::exp(-1000.0F));
  CHECK(std::isnan(cpu::exp(not_a_number)));
}
TEST_CASE("tanh in float agrees with tanh in double", "[cpu][math]") {
  const auto f = [](float x) { return cpu::tanh(x); };
  const auto g = [](double x) { return std::tanh(x); };
  CHECK(worst_error(-10.0F, 10.0F, 0.0, f, g) < 5e-6);
  CHECK(worst_error(-0.3F, 0.3F, 1e-3, f, g) < 5e-6);
  CHECK(cpu::tanh(0.0F) == 0);
  CHECK(cpu::tanh(50.0F) == 1);
  CHECK(cpu::tanh(-infinite) == -1);
  CHECK(std::isnan(cpu::tanh(not_a_number)));
}
TEST_CASE("sigmoid in float agrees with double", "[cpu][math]") {
  const auto f = [](float x) { return cpu::sigmoid(x); };
  const auto g = [](double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(worst_error(-80.0F, 80.0F, 0, f, g) < 1e-6);
  CHECK(cpu::sigmoid(infinite) == 1);
  CHECK(cpu::sigmoid(-infinite) == Approx(0).margin(1e-37));
  CHECK(std::isnan(cpu::sigmoid(not_a_number)));
}
TEST_CASE("The normal distribution in float agrees with double", "[cpu][math]") {
  CHECK(worst_error(
            -12.0F, 12.0F, 1, [](float x) { return cpu::normal(x).cumulative; }, cumulative) < 5e-7);
  CHECK(worst_error(
            -12.0F, 12.0F, 1, [](float x) { return cpu::normal(x).density; }, density) < 5e-7);
  CHECK(cpu::normal(infinite).cumulative == 1);
  CHECK(cpu::normal(-infinite).cumulative == Approx(0).margin(1e-30));
  CHECK(std::isnan(cpu::normal(not_a_number).cumulative));
  CHECK(std::isnan(cpu::normal(not_a_number).density));
}
TEST_CASE("In double the functions are the standard library's", "[cpu][math]") {
  for (const double x : {-5.0, -1.5, 0.0, 0.3, 7.0}) {
    CHECK(cpu::exp(x) == std::exp(x));
    CHECK(cpu::tanh(x) == std::tanh(x));
    CHECK(cpu::normal(x).cumulative == Approx(cumulative(x)).epsilon(1e-13));
    CHECK(cpu::normal(x).density == Approx(density(x)).epsilon(1e-14));
  }
}
