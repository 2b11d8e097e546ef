#include <catch2/catch.hpp>
#include <data/images.hpp>
#include <hashweave/cpu/backend.hpp>
#include <hashweave/data/preprocess.hpp>
#include <thread>

using namespace hashweave;
using namespace hashweave::testing;

namespace {

std::string text(const Frame& frame) {
  return std::to_string(frame.height) + " x " + std::to_string(frame.width) + " at (" + std::to_string(frame.top) +
         ", " + std::to_string(frame.left) + ")";
}

/// What a preset takes of an image.
std::string geometry(const Preset& preset, Size size, Size height, Size width) {
  const Frame frame = centre_frame(preset, size, height, width);
  CHECK(frame.source == Box{0, 0, height, width});
  CHECK(frame.size == size);
  CHECK(!frame.mirrored);
  return text(frame);
}

}  // namespace

TEST_CASE("timm's preset agrees with Pillow and NumPy", "[data][golden]") {
  for (const GoldenImage& golden : golden_images) {
    INFO(golden.name);
    const auto& expected = golden_tensor(std::string{"timm_32."} + golden.name).values;
    const Image image = golden_image(std::string{"decoded."} + golden.name);
    std::vector<float> planes(3 * 32 * 32);
    preprocess<32>(image, presets::vit_timm, std::span{planes});
    double worst = 0;
    for (std::size_t i = 0; i < planes.size(); ++i) worst = std::max(worst, std::abs(planes[i] - expected.at(i)));
    CHECK(worst < 1e-6);
  }
}

TEST_CASE("presets take the part of an image that their models expect", "[data]") {
  CHECK(geometry(presets::vit_hf, 224, 480, 640) == "224 x 224 at (0, 0)");
  CHECK(geometry(presets::vit_timm, 224, 480, 640) == "248 x 330 at (12, 53)");
  CHECK(geometry(presets::vit_timm, 384, 640, 480) == "568 x 426 at (92, 21)");
  CHECK(geometry(presets::dinov2, 224, 480, 640) == "256 x 341 at (16, 58)");  // 117 / 2 is 58.5: to even
  CHECK(geometry(presets::clip, 224, 500, 333) == "336 x 224 at (56, 0)");
  CHECK(geometry(presets::clip, 224, 224, 225) == "224 x 225 at (0, 0)");  // 0.5 to 0
  CHECK(geometry(presets::clip, 224, 224, 227) == "224 x 227 at (0, 2)");  // 1.5 to 2
  Preset down = presets::clip;
  down.halving = Halving::down;
  CHECK(geometry(down, 224, 224, 227) == "224 x 227 at (0, 1)");
  CHECK_THROWS_AS(centre_frame(presets::clip, 0, 3, 3), Error);
  CHECK_THROWS_AS(centre_frame(presets::clip, 224, 0, 3), Error);
}

TEST_CASE("a crop and its mirror image by hand", "[data]") {
  const Image image = image_of(3, 4, [](Size y, Size x, Size c) { return 100 * c + 10 * y + x; });
  Preset preset;
  preset.mean = {0, 0, 0};
  preset.deviation = {1 / 255.0F, 1 / 255.0F, 1 / 255.0F};
  const auto rendered = [&](bool mirrored) {
    std::vector<double> out(3 * 2 * 2);
    render(image, {{0, 0, 3, 4}, 3, 4, 1, 2, 2, mirrored}, preset, std::span{out});
    std::vector<int> rounded;
    for (const double v : out) rounded.push_back(static_cast<int>(std::lround(v)));
    return rounded;
  };
  CHECK(rendered(false) == std::vector<int>{12, 13, 22, 23, 112, 113, 122, 123, 212, 213, 222, 223});
  CHECK(rendered(true) == std::vector<int>{13, 12, 23, 22, 113, 112, 123, 122, 213, 212, 223, 222});
}

TEST_CASE("values are less their channel's mean, over its deviation", "[data]") {
  const Image image = image_of(5, 5, [](Size, Size, Size c) { return 50 * (c + 1); });
  std::vector<float> out(3 * 4);
  for (const Preset& preset : {presets::vit_hf, presets::vit_timm, presets::dinov2, presets::clip}) {
    preprocess(image, preset, 2, std::span{out});
    for (std::size_t c = 0; c < 3; ++c) {
      const float expected = (50.0F * float(c + 1) / 255.0F - preset.mean[c]) / preset.deviation[c];
      for (std::size_t i = 0; i < 4; ++i) CHECK(out[4 * c + i] == Approx(expected).margin(1e-6));
    }
  }
}

TEST_CASE("images go straight into a batch", "[data]") {
  using B = Cpu<float>;
  B be{1};
  auto batch = make<Pixels<3, 32, 32>>(be, 2);
  const Image first = noise_image(40, 50, 1), second = noise_image(64, 33, 2);
  preprocess<32>(first, presets::clip, planes(batch, 0));
  preprocess<32>(second, presets::clip, planes(batch, 1));
  std::vector<float> alone(3 * 32 * 32);
  preprocess(second, presets::clip, 32, std::span{alone});
  CHECK(std::equal(alone.begin(), alone.end(), batch.data + 3 * 32 * 32));
  CHECK(message_of([&] { planes(batch, 2); }) == "planes: place in the batch: expected below 2, got 2");
  CHECK_THROWS_AS(preprocess(first, presets::clip, 31, std::span{alone}), Error);
}

TEST_CASE("random parts have the areas and aspects asked for", "[data]") {
  const Augmentation rule;
  double smallest = 1, largest = 0;
  int mirrored = 0;
  constexpr int count = 2000;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Frame frame = random_frame(presets::clip, rule, augmentation_stream(3, 0, i), 224, 300, 400);
    require_within(frame.source, 300, 400, "test");
    CHECK(text(frame) == "224 x 224 at (0, 0)");
    const double area = double(frame.source.height * frame.source.width) / (300 * 400);
    const double aspect = double(frame.source.width) / double(frame.source.height);
    smallest = std::min(smallest, area);
    largest = std::max(largest, area);
    if (aspect < 0.74 || aspect > 1.35) FAIL("aspect " << aspect);
    mirrored += frame.mirrored ? 1 : 0;
  }
  CHECK(smallest == Approx(0.08).margin(0.01));
  CHECK(largest > 0.9);
  CHECK(std::abs(mirrored - count / 2) < 100);
}

TEST_CASE("an image too long for any part gives the largest one in its middle", "[data]") {
  const auto part = [](Size height, Size width) {
    return random_frame(presets::clip, {.min_area = 1}, augmentation_stream(1, 2, 3), 224, height, width).source;
  };
  CHECK(part(30, 3000) == Box{0, 1480, 30, 40});
  CHECK(part(3000, 30) == Box{1480, 0, 40, 30});
  CHECK(part(1, 1) == Box{0, 0, 1, 1});
}

TEST_CASE("a shifted crop stays within the scaled image and reaches its borders", "[data]") {
  const Augmentation rule{.crop = Augmentation::Crop::shifted, .mirror = 0};
  Size low = 1000, high = 0;
  for (std::uint32_t i = 0; i < 500; ++i) {
    const Frame frame = random_frame(presets::dinov2, rule, augmentation_stream(5, 1, i), 224, 300, 300);
    CHECK((frame.height == 256 && frame.width == 256 && !frame.mirrored));
    low = std::min({low, frame.top, frame.left});
    high = std::max({high, frame.top, frame.left});
  }
  CHECK(low == 0);
  CHECK(high == 32);
}

TEST_CASE("an augmentation without choice is the preset", "[data]") {
  const Augmentation none{.crop = Augmentation::Crop::centre, .mirror = 0};
  CHECK(random_frame(presets::clip, none, augmentation_stream(1, 1, 1), 224, 333, 500) ==
        centre_frame(presets::clip, 224, 333, 500));
  CHECK_THROWS_AS(random_frame(presets::clip, {.min_area = 0}, {}, 224, 333, 500), Error);
  CHECK_THROWS_AS(random_frame(presets::clip, {.max_area = 2}, {}, 224, 333, 500), Error);
  CHECK_THROWS_AS(random_frame(presets::clip, {.min_aspect = 2}, {}, 224, 333, 500), Error);
}

TEST_CASE("augmentation depends on seed, epoch and position, not on order or threads", "[data][threads]") {
  constexpr std::uint32_t count = 12;
  constexpr std::size_t numbers = 3 * 24 * 24;
  const Image image = noise_image(50, 70, 9);
  const auto augmented = [&](std::uint64_t seed, std::uint32_t epoch, std::uint32_t position, std::span<float> out) {
    preprocess(image, presets::clip, Augmentation{}, augmentation_stream(seed, epoch, position), 24, out);
  };
  std::vector<float> in_order(count * numbers), in_threads(count * numbers), other(numbers);
  for (std::uint32_t i = 0; i < count; ++i) augmented(1, 5, i, std::span{in_order}.subspan(i * numbers, numbers));
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (std::uint32_t i = count; i-- > 0;)
        if (i % 3 == t) augmented(1, 5, i, std::span{in_threads}.subspan(i * numbers, numbers));
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(in_threads == in_order);
  const std::vector<float> first(in_order.begin(), in_order.begin() + numbers);
  for (const auto& [seed, epoch, position] :
       std::vector<std::array<std::uint32_t, 3>>{{2, 5, 0}, {1, 6, 0}, {1, 5, 1}}) {
    augmented(seed, epoch, position, other);
    CHECK(other != first);
  }
}

TEST_CASE("files decode in several threads at once as they do in one", "[data][threads]") {
  std::vector<std::thread> threads;
  std::array<int, 3> wrong{};
  for (std::size_t t = 0; t < 3; ++t)
    threads.emplace_back([&wrong, t] {
      for (int round = 0; round < 3; ++round)
        for (const GoldenImage& golden : golden_images) {
          const File file = golden.file();
          const Image expected = golden_image(std::string{"decoded."} + golden.name);
          wrong[t] += difference(decode_image(file), expected) > 3 ? 1 : 0;
          wrong[t] += difference(decode_with_stb(file), expected) > 3 ? 1 : 0;
        }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::array<int, 3>{});
}
