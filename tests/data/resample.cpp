#include <catch2/catch.hpp>
#include <data/images.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/data/resample.hpp>

using namespace hashweave;
using namespace hashweave::testing;

namespace {

/// The same by its definition: one pass after the other, each pixel by itself, in double where Pillow uses fixed point.
/// Where a value lies within 1e-4 of a rounding border, either neighbour is right.
Image one_direction(const Image& in, Size size, Filter filter, bool along_rows) {
  const Size from = along_rows ? in.width() : in.height();
  if (size == from) return in;
  Image out = along_rows ? Image{in.height(), size} : Image{size, in.width()};
  const double scale = double(from) / double(size), stretch = std::max(1.0, scale);
  for (Size y = 0; y < out.height(); ++y)
    for (Size x = 0; x < out.width(); ++x)
      for (Size c = 0; c < 3; ++c) {
        const double centre = (double(along_rows ? x : y) + 0.5) * scale;
        double sum = 0, weights = 0;
        for (Size i = 0; i < from; ++i) {
          const double w = detail::filter_value(filter, (double(i) + 0.5 - centre) / stretch);
          sum += w * (along_rows ? in.row(y)[3 * i + c] : in.row(i)[3 * x + c]);
          weights += w;
        }
        out.row(y)[3 * x + c] = static_cast<std::uint8_t>(std::clamp(std::floor(sum / weights + 0.5), 0.0, 255.0));
      }
  return out;
}

}  // namespace

TEST_CASE("resampling gives Pillow's bits", "[data][golden]") {
  for (const GoldenImage& golden : golden_images) {
    INFO(golden.name);
    const std::string name = golden.name;
    const Image image = golden_image("decoded." + name);
    CHECK(resample(image, 32, 32, Filter::bilinear) == golden_image("bilinear_32x32." + name));
    CHECK(resample(image, 48, 20, Filter::bicubic) == golden_image("bicubic_48x20." + name));
  }
}

TEST_CASE("resampling agrees with its definition for every filter and scale", "[data]") {
  const Image image = noise_image(23, 37, 1);
  for (const Filter filter : {Filter::box, Filter::bilinear, Filter::bicubic, Filter::lanczos})
    for (const auto& [height, width] :
         std::vector<std::pair<Size, Size>>{{23, 37}, {23, 11}, {9, 37}, {10, 17}, {60, 80}}) {
      INFO(static_cast<int>(filter) << " to " << height << " x " << width);
      const Image expected = one_direction(one_direction(image, width, filter, true), height, filter, false);
      CHECK(difference(resample(image, height, width, filter, PassOrder::rows_first), expected) <= 1);
    }
}

TEST_CASE("columns come first when the height shrinks by more than twice as much as the width", "[data]") {
  const Image image = noise_image(60, 40, 2);
  const auto columns_first = [&](Size height, Size width) {
    return resample(resample(image, height, 40, Filter::bicubic), height, width, Filter::bicubic);
  };
  const auto rows_first = [&](Size height, Size width) {
    return resample(resample(image, 60, width, Filter::bicubic), height, width, Filter::bicubic);
  };
  CHECK(resample(image, 39, 30, Filter::bicubic) == columns_first(39, 30));  // 21 less, 10 less
  CHECK(resample(image, 40, 30, Filter::bicubic) == rows_first(40, 30));     // 20 less, 10 less
  CHECK(resample(image, 59, 50, Filter::bicubic) == columns_first(59, 50));
  CHECK(resample(image, 70, 90, Filter::bicubic) == rows_first(70, 90));
  CHECK(resample(image, 39, 30, Filter::bicubic, PassOrder::rows_first) == rows_first(39, 30));
  CHECK(!(rows_first(39, 30) == columns_first(39, 30)));
}

TEST_CASE("a window of the scaled image is that part of the whole", "[data]") {
  const Image image = noise_image(45, 70, 3);
  for (const auto& [height, width] :
       std::vector<std::pair<Size, Size>>{{30, 47}, {45, 20}, {12, 70}, {45, 70}, {8, 60}}) {
    const Image whole = resample(image, height, width, Filter::bicubic);
    for (const Box& box :
         {Box{0, 0, 1, 1}, Box{height - 1, width - 1, 1, 1}, Box{3, 5, 4, 13}, Box{0, 0, height, width}})
      CHECK(resample(image, height, width, Filter::bicubic, box) == Image{crop(whole, box)});
  }
}

TEST_CASE("a window of an enormous scaled image costs what the window costs", "[data]") {
  const Image image = noise_image(1, 4000, 4);
  const Image part = resample(image, 224, Size{224} * 4000, Filter::bicubic, {0, 448'000, 224, 224});
  CHECK(part.height() == 224);
}

TEST_CASE("small cases by hand", "[data]") {
  const auto row = [](std::initializer_list<int> values) {
    return image_of(1, static_cast<Size>(values.size()), [&](Size, Size x, Size) { return *(values.begin() + x); });
  };
  CHECK(resample(row({10, 20, 31, 40}), 1, 2, Filter::box) == row({15, 36}));  // 35.5 rounds up
  CHECK(resample(row({0, 100}), 1, 4, Filter::bilinear) == row({0, 25, 75, 100}));
  CHECK(resample(row({0, 80, 0, 80}), 1, 2, Filter::bilinear) == row({34, 46}));  // weights 3 3 1 and 1 3 3 of 7
  CHECK(resample(row({7, 9, 200}), 1, 3, Filter::lanczos) == row({7, 9, 200}));
  CHECK(resample(row({50}), 3, 5, Filter::bicubic) == image_of(3, 5, [](Size, Size, Size) { return 50; }));
}

TEST_CASE("the vectorised kernels give the portable one's bytes", "[data]") {
  const Image rows = noise_image(9, 70, 5);  // 210 bytes a row
  for (const Filter filter : {Filter::bilinear, Filter::bicubic, Filter::lanczos}) {
    for (const Size in : {Size{2}, Size{7}, Size{9}}) {
      const detail::Taps taps = detail::make_taps(filter, in, 5, 0, 5);
      for (Size y = 0; y < 5; ++y)
        for (const Size n : {Size{1}, Size{16}, Size{31}, Size{48}, Size{100}, Size{210}}) {
          std::vector<std::uint8_t> a(211, 77), b = a;
          const auto* first = rows.row(taps[y].first);
          detail::weigh_rows_portable(a.data(), 0, n, first, 210, taps.weights(y), taps[y].count);
          detail::weigh_rows(b.data(), n, first, 210, taps.weights(y), taps[y].count);
          CHECK(a == b);
#if defined(__x86_64__)
          std::ranges::fill(b, std::uint8_t{77});
          const Size done = detail::weigh_rows_sse2(b.data(), 0, n, first, 210, taps.weights(y), taps[y].count);
          CHECK(std::equal(b.begin(), b.begin() + done, a.begin()));
          CHECK(std::all_of(b.begin() + done, b.end(), [](auto v) { return v == 77; }));
#endif
        }
    }
  }
}

TEST_CASE("an image can shrink from the largest extent to one pixel", "[data]") {
  const Image image = image_of(1, 16384, [](Size, Size x, Size c) { return c == 0 ? x % 2 * 200 : 255; });
  const Image pixel = resample(image, 1, 1, Filter::bicubic);
  CHECK(pixel.row(0)[0] == 100);
  CHECK(pixel.row(0)[1] == 255);
}

TEST_CASE("resampling says which size is wrong", "[data]") {
  const Image image = noise_image(4, 4, 6);
  CHECK(message_of([&] { resample(image, 0, 3, Filter::box); }) ==
        "resample: height and width: expected 1 to 1073741824, got 0");
  CHECK_THROWS_AS(resample(Image{}, 3, 3, Filter::box), Error);
  CHECK_THROWS_AS(resample(image, 3, 3, Filter::box, Box{1, 0, 3, 3}), Error);
}
