#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <data/image_exercise.hpp>
#include <data/images.hpp>
#include <data/mend_png.hpp>
#include <filesystem>
#include <hashweave/core/random.hpp>
#include <support/damaged.hpp>

using namespace hashweave;
using namespace hashweave::testing;
using Catch::Matchers::Contains;
using test::damaged_files;

namespace {

/// A file changed in a way that its number decides.
File mutant(const File& original, std::uint32_t number) {
  const RandomStream random{7, number, 0};
  File file = original;
  std::uint64_t drawn = 0;
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random.bits(drawn++)) % n; };
  const auto byte = [&] { return static_cast<std::byte>(random.bits(drawn++) & 255); };
  switch (number % 5) {
    case 0:
      file.resize(below(file.size()));
      break;  // cut off
    case 1:   // flipped bits
      for (std::size_t n = 1 + below(8); n > 0; --n) file[below(file.size())] ^= std::byte{1} << below(8);
      break;
    case 2:  // bytes that mean much
      for (std::size_t n = 1 + below(4); n > 0; --n) {
        constexpr std::array<std::byte, 5> values{std::byte{0}, std::byte{1}, std::byte{127}, std::byte{128},
                                                  std::byte{255}};
        file[below(file.size())] = values[below(5)];
      }
      break;
    case 3: {  // a hostile size or segment length near the beginning
      const std::size_t at = below(std::min<std::size_t>(file.size() - 4, 700));
      for (std::size_t i = 0; i < 2 + below(3); ++i) file[at + i] = byte();
      break;
    }
    default: {  // a piece moved elsewhere
      const std::size_t from = below(file.size()), to = below(file.size());
      const std::size_t n = std::min(1 + below(60), file.size() - std::max(from, to));
      std::copy_n(original.begin() + static_cast<Size>(from), n, file.begin() + static_cast<Size>(to));
    }
  }
  return file;
}

/// Bytes of memory that the process has ever held at once.
std::size_t most_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

TEST_CASE("Damaged files either decode to the size that they say or are refused", "[data]") {
  std::vector<File> originals;
  for (const GoldenImage& golden : golden_images) {
    File file = golden.file();
    if (file.size() < 6000) originals.push_back(std::move(file));
  }
  REQUIRE(originals.size() >= 8);
  for (const Decoder& decoder : decoders) {
    INFO(decoder.name);
    std::uint32_t decoded = 0, refused = 0, other = 0;
    for (std::uint32_t number = 0; number < damaged_files; ++number) {
      File file = mutant(originals[number / 5 % originals.size()], number);
      if (number % 2 != 0) mend_checksums(file);
      try {
        const Image image = decoder.decode(file, {});
        const ImageHeader header = read_image_header(file);
        header.height == image.height() && header.width == image.width() ? ++decoded : ++other;
      } catch (const Error&) {
        ++refused;
      }
    }
    CHECK(other == 0);
    CHECK(decoded + refused == damaged_files);
    CHECK(decoded > damaged_files / 20);  // many changes leave a file valid
    CHECK(refused > damaged_files / 10 * 4);
  }
}

TEST_CASE("a file that is cut off anywhere is refused", "[data]") {
  for (const char* name : {"jpeg_grey", "jpeg_progressive", "tiny", "palette"}) {
    const auto golden = std::ranges::find(golden_images, std::string_view{name}, &GoldenImage::name);
    const File file = golden->file();
    for (const Decoder& decoder : decoders) {
      std::size_t accepted = 0;
      for (std::size_t size = 0; size < file.size(); ++size) {
        const std::string message = message_of([&] { decoder.decode(std::span{file}.first(size), {}); });
        accepted += message == "no error" ? 1 : 0;
      }
      INFO(name << " by " << decoder.name);
      CHECK(accepted == 0);
    }
  }
}

TEST_CASE("an image of 30000 x 30000 in less than 100 KB is refused without memory for it", "[data]") {
  File bomb = png_header({30000, 30000, 8, 0});
  append_chunk(bomb, "IDAT", File(90'000));
  append_chunk(bomb, "IEND", {});
  REQUIRE(bomb.size() < 100'000);
  ImageLimits generous;
  generous.max_dimension = 40'000;
  generous.max_pixels = 2'000'000'000;
  generous.max_memory = Size{8} << 30;
  const std::size_t before = most_memory();
  for (const Decoder& decoder : decoders) {
    CHECK_THAT(message_of([&] { decoder.decode(bomb, {}); }),
               Contains("decode_image: height in pixels: expected at most 16384, got 30000"));
    CHECK_THAT(message_of([&] { decoder.decode(bomb, generous); }), Contains("bytes of PNG image data"));
  }
  CHECK(most_memory() - before < std::size_t{32} << 20);
}

TEST_CASE("a JPEG too short for the size that it claims is refused at once", "[data]") {
  File file = golden_images[9].file();
  for (std::size_t at = 2;;) {  // the frame header
    const std::uint32_t code = detail::next_jpeg_marker(file, at);
    if (code == 0xC0) {
      file[at + 3] = file[at + 5] = std::byte{0x1E};
      break;
    }
    at += detail::u16_at(file, at);
  }
  const std::size_t before = most_memory();
  for (const Decoder& decoder : decoders)
    CHECK_THAT(message_of([&] { decoder.decode(file, {}); }), Contains("bytes of the JPEG file"));
  CHECK(most_memory() - before < std::size_t{32} << 20);
}

TEST_CASE("every limit is checked, and says so", "[data]") {
  const File jpeg = golden_images[10].file(), png = golden_images[0].file();  // progressive 70 x 50; 61 x 83
  const auto refusal = [](const File& file, const ImageLimits& limits) {
    const std::string by_libraries = message_of([&] { decode_image(file, limits); });
    CHECK(message_of([&] { decode_with_stb(file, limits); }) == by_libraries);
    CHECK(message_of([&] { read_image_header(file, limits); }) == by_libraries);
    return by_libraries;
  };
  ImageLimits limits;
  limits.max_bytes = 100;
  CHECK_THAT(refusal(png, limits), Contains("bytes of the file: expected at most 100"));
  limits = {};
  limits.max_dimension = 69;
  CHECK_THAT(refusal(jpeg, limits), Contains("height in pixels: expected at most 69, got 70"));
  CHECK_THAT(refusal(png, limits), Contains("width in pixels: expected at most 69, got 83"));
  limits = {};
  limits.max_pixels = 61 * 83 - 1;
  CHECK_THAT(refusal(png, limits), Contains("pixels: expected at most 5062, got 61 x 83"));
  limits = {};
  limits.max_memory = 61 * 83 * 3 - 1;
  CHECK_THAT(refusal(png, limits), Contains("bytes of memory"));
  limits.max_memory = 70 * 50 * 3 + 100;  // a progressive image needs its coefficients besides
  CHECK_THAT(refusal(jpeg, limits), Contains("bytes of memory"));
  limits = {};
  limits.max_scans = 2;
  CHECK_THAT(refusal(jpeg, limits), Contains("scans of the JPEG image: expected at most 2"));
}

TEST_CASE("stb_image takes no more memory than it may", "[data]") {
  ImageLimits limits;
  limits.max_memory = 61 * 83 * 3 + 1000;
  CHECK_THAT(message_of([&] { decode_with_stb(golden_images[0].file(), limits); }), Contains("bytes of memory"));
}

TEST_CASE("kinds of JPEG that are not decoded are refused by name", "[data]") {
  const auto refusal = [](int code) {
    File file = bytes({0xFF, 0xD8, 0xFF, code, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0xFF, 0xD9});
    return message_of([&] { decode_image(file); });
  };
  CHECK_THAT(refusal(0xC9), Contains("got arithmetic"));
  CHECK_THAT(refusal(0xC3), Contains("got lossless"));
  CHECK_THAT(refusal(0xC5), Contains("got hierarchical"));
  CHECK_THAT(refusal(0xC0), Contains("at least one scan"));
}

TEST_CASE("the seeds of the fuzz target of images are decoded or refused", "[data]") {
  const auto folder = std::filesystem::path{HASHWEAVE_TESTS} / "fuzz/corpus/image";
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    CAPTURE(entry.path().string());
    CHECK_NOTHROW(exercise_image(bytes_of(golden::read_file(entry.path()))));
    ++seeds;
  }
  CHECK(seeds > 10);
}
