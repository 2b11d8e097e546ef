#include <catch2/catch.hpp>
#include <cmath>
#include <hashweave/cpu/linear_codes.hpp>
#include <numbers>
#include <numeric>

#include "support/check_error.hpp"
#include "support/kernel_run.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

constexpr Size rows = 400, width = 12;

/// Clusters that do not lie along the axes, far from the origin, wider in some directions than in others.
std::vector<double> some_features() {
  const RandomStream stream{7, 0, 0};
  std::vector<double> x(rows * width);
  for (Size r = 0; r < rows; ++r) {
    for (Size c = 0; c < width; ++c) {
      const auto i = static_cast<std::uint64_t>(r * width + c);
      const double cluster = ((r * (2 * c + 3)) / 5) % 4 < 2 ? 1 : -1;
      x[i] = 5 + 0.3 * static_cast<double>(c + 1) * cluster + stream.normal(i) / static_cast<double>(c + 1);
    }
  }
  return x;
}
Mat<const double> seen(const std::vector<double>& x) {
  return matrix(x.data(), static_cast<Size>(x.size()) / width, width);
}

std::vector<double> codes_of(const LinearCode<double>& code, const std::vector<double>& x) {
  Cpu<double> be{1};
  std::vector<double> h(static_cast<std::size_t>(seen(x).rows * code.bits));
  affine(be, matrix(h.data(), seen(x).rows, code.bits), seen(x), matrix(code.weight.data(), code.bits, code.features),
         matrix(code.bias.data(), 1, code.bits));
  return h;
}

}  // namespace

TEST_CASE("ITQ's rotation is orthogonal, and its quantisation error falls below that of principal components",
          "[cpu][itq]") {
  const std::vector<double> x = some_features();
  for (const Size bits : {1, 5, 12}) {
    INFO(bits << " bits");
    const ItqFit<double> fit = fit_itq(seen(x), bits, 30, 1);
    const Mat<const double> r = matrix(fit.rotation.data(), bits, bits);
    for (Size i = 0; i < bits; ++i) {
      for (Size j = 0; j < bits; ++j) {
        double dot = 0;
        for (Size k = 0; k < bits; ++k) dot += r(i, k) * r(j, k);
        CHECK(dot == Approx(i == j ? 1 : 0).margin(1e-12));
      }
    }
    REQUIRE(fit.errors.size() == 30);
    for (std::size_t i = 1; i < fit.errors.size(); ++i) CHECK(fit.errors[i] <= fit.errors[i - 1] + 1e-12);
    if (bits > 1) CHECK(fit.errors.back() < 0.99 * fit.unrotated);
    // the error that is reported is that of the map
    const std::vector<double> h = codes_of(fit.code, x);
    double error = 0;
    for (const double v : h) error += (std::abs(v) - 1) * (std::abs(v) - 1);
    CHECK(error / rows == Approx(fit.errors.back()));
  }
}
TEST_CASE("With as many bits as features ITQ keeps all distances, and its codes are centred", "[cpu][itq]") {
  const std::vector<double> x = some_features();
  const std::vector<double> h = codes_of(fit_itq(seen(x), width).code, x);
  const auto distance = [](const std::vector<double>& v, Size a, Size b) {
    double sum = 0;
    for (Size c = 0; c < width; ++c) {
      const double d = v[static_cast<std::size_t>(a * width + c)] - v[static_cast<std::size_t>(b * width + c)];
      sum += d * d;
    }
    return sum;
  };
  for (const auto& [a, b] : {std::pair<Size, Size>{0, 1}, {3, 200}, {399, 17}}) {
    CHECK(distance(h, a, b) == Approx(distance(x, a, b)));
  }
  CHECK(std::accumulate(h.begin(), h.end(), 0.0) == Approx(0).margin(1e-9));
}
TEST_CASE("ITQ's directions are the principal components, the largest first for one bit", "[cpu][itq]") {
  std::vector<double> x(rows * width, 3.0);
  for (Size r = 0; r < rows; ++r)
    x[static_cast<std::size_t>(r * width + 4)] = r % 2 == 0 ? 2 : -2;  // one column varies
  const LinearCode<double> code = fit_itq(seen(x), 1).code;
  for (std::size_t c = 0; c < width; ++c) CHECK(std::abs(code.weight[c]) == Approx(c == 4 ? 1 : 0).margin(1e-12));
  CHECK(code.bias[0] == Approx(0).margin(1e-12));
}
TEST_CASE("LSH's hyperplanes pass through the mean, and collide as the angle between features says", "[cpu][lsh]") {
  const std::vector<double> x = some_features();
  const LinearCode<double> code = fit_lsh(seen(x), 4000, 5);
  std::vector<double> mean(width, 0);
  for (std::size_t i = 0; i < x.size(); ++i) mean[i % width] += x[i] / rows;
  for (const double v : codes_of(code, mean)) CHECK(v == Approx(0).margin(1e-9));
  const auto offset = [&](Size r, Size c) {
    return x[static_cast<std::size_t>(r * width + c)] - mean[static_cast<std::size_t>(c)];
  };
  const std::vector<double> h = codes_of(code, x);
  for (const auto& [a, b] : {std::pair<Size, Size>{0, 1}, {3, 200}, {399, 17}}) {
    double dot = 0, aa = 0, bb = 0, differing = 0;
    for (Size c = 0; c < width; ++c) {
      dot += offset(a, c) * offset(b, c);
      aa += offset(a, c) * offset(a, c);
      bb += offset(b, c) * offset(b, c);
    }
    for (Size k = 0; k < 4000; ++k) {
      differing += (h[static_cast<std::size_t>(a * 4000 + k)] > 0) != (h[static_cast<std::size_t>(b * 4000 + k)] > 0);
    }
    CHECK(differing / 4000 == Approx(std::acos(dot / std::sqrt(aa * bb)) / std::numbers::pi).margin(0.04));
  }
  CHECK(fit_lsh(seen(x), 3, 5).weight == fit_lsh(seen(x), 3, 5).weight);
  CHECK(fit_lsh(seen(x), 3, 5).weight != fit_lsh(seen(x), 3, 6).weight);
}
TEST_CASE("ITQ and LSH refuse what they cannot fit", "[cpu][errors]") {
  const std::vector<double> x = some_features();
  check_error([&] { fit_itq(rows_of(seen(x), 0, 1), 2); }, {"fit_itq", "rows of features", "at least 2, got 1"});
  check_error([&] { fit_itq(seen(x), 13); }, {"fit_itq", "bits", "1 to 12 (the features' width), got 13"});
  check_error([&] { fit_itq(seen(x), 0); }, {"fit_itq", "bits", "1 to 12", "got 0"});
  check_error([&] { fit_itq(seen(x), 2, 0); }, {"fit_itq", "iterations", "at least 1, got 0"});
  check_error([&] { fit_lsh(seen(x), 0); }, {"fit_lsh", "bits", "at least 1, got 0"});
  check_error([&] { fit_lsh(rows_of(seen(x), 0, 0), 3); }, {"fit_lsh", "features", "got 0 x 12"});
}

TEST_CASE("A rotation from the identity finds back the signs that a small one hid", "[cpu][itq]") {
  constexpr Size n = 40, bits = 6;
  const RandomStream stream{31, 0, 0};
  std::vector<double> signs(n * bits), turned(n * bits);
  for (std::size_t i = 0; i < signs.size(); ++i) signs[i] = stream.bits(i) % 2 == 0 ? 1 : -1;
  // each pair of columns is turned by 0.6, which moves some values over zero
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t c = 0; c < bits; c += 2) {
      const double x = signs[r * bits + c], y = signs[r * bits + c + 1];
      turned[r * bits + c] = std::cos(0.6) * x - std::sin(0.6) * y;
      turned[r * bits + c + 1] = std::sin(0.6) * x + std::cos(0.6) * y;
    }
  const Mat<const double> codes = matrix<const double>(turned.data(), n, bits);
  const RotationFit fit = fit_rotation(codes, 5);
  REQUIRE(fit.errors.size() == 5);
  CHECK(fit.unrotated > 0.5);
  CHECK(fit.errors.back() < 1e-20);
  for (std::size_t i = 1; i < fit.errors.size(); ++i) CHECK(fit.errors[i] <= fit.errors[i - 1] + 1e-12);
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t c = 0; c < bits; ++c) {
      double h = 0;
      for (std::size_t k = 0; k < bits; ++k) h += turned[r * bits + k] * fit.rotation[k * bits + c];
      CHECK(h == Approx(signs[r * bits + c]));
    }
  CHECK_THROWS_WITH(fit_rotation(codes, 0), Catch::Contains("iterations: expected at least 1"));
  CHECK_THROWS_WITH(fit_rotation(matrix<const double>(nullptr, 0, 6)), Catch::Contains("codes: expected at least one"));
}
