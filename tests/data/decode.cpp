#include <catch2/catch.hpp>
#include <data/images.hpp>

using namespace hashweave;
using namespace hashweave::testing;
using Catch::Matchers::Contains;

namespace {

std::vector<int> pixels(const Image& image) { return {image.data(), image.data() + image.bytes()}; }

}  // namespace

TEST_CASE("every PNG file decodes to what Pillow gives, by either decoder", "[data][golden]") {
  for (const GoldenImage& golden : golden_images) {
    if (!golden.png) continue;
    for (const Decoder& decoder : decoders) {
      INFO(golden.name << " by " << decoder.name);
      CHECK(decoder.decode(golden.file(), {}) == golden_image(std::string{"decoded."} + golden.name));
    }
  }
}

TEST_CASE("every JPEG file decodes to what Pillow gives, by stb_image to within 3", "[data][golden]") {
#if defined(HASHWEAVE_HAS_LIBJPEG)
  const int allowed = 0;
#else
  const int allowed = 3;
#endif
  for (const GoldenImage& golden : golden_images) {
    if (golden.png) continue;
    INFO(golden.name);
    const Image expected = golden_image(std::string{"decoded."} + golden.name);
    CHECK(difference(decode_image(golden.file()), expected) <= allowed);
    CHECK(difference(decode_with_stb(golden.file()), expected) <= 3);
  }
}

TEST_CASE("the header says what the decoded image is", "[data]") {
  for (const GoldenImage& golden : golden_images) {
    const Image image = decode_image(golden.file());
    const ImageFormat format = golden.png ? ImageFormat::png : ImageFormat::jpeg;
    CHECK(read_image_header(golden.file()) == ImageHeader{format, image.height(), image.width()});
  }
}

TEST_CASE("PNG samples of every depth become 8 bits of red, green and blue", "[data]") {
  for (const Decoder& decoder : decoders) {
    INFO(decoder.name);
    const auto decoded = [&](const PngHeader& header, const File& rows, const File& palette = {}) {
      return pixels(decoder.decode(png_of(header, rows, palette), {}));
    };
    CHECK(decoded({4, 1, 1, 0}, bytes({0, 0b01010000})) ==
          std::vector<int>{0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255});
    CHECK(decoded({4, 1, 2, 0}, bytes({0, 0b00011011})) ==
          std::vector<int>{0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255});
    CHECK(decoded({2, 1, 4, 0}, bytes({0, 0x1F})) == std::vector<int>{17, 17, 17, 255, 255, 255});
    CHECK(decoded({2, 1, 16, 0}, bytes({0, 0x12, 0xFF, 0xFF, 0x00})) == std::vector<int>{18, 18, 18, 255, 255, 255});
    CHECK(decoded({1, 1, 16, 2}, bytes({0, 1, 255, 2, 128, 3, 0})) == std::vector<int>{1, 2, 3});
    CHECK(decoded({1, 1, 8, 4}, bytes({0, 77, 3})) == std::vector<int>{77, 77, 77});
    CHECK(decoded({1, 1, 16, 4}, bytes({0, 77, 1, 3, 1})) == std::vector<int>{77, 77, 77});
    CHECK(decoded({1, 1, 8, 6}, bytes({0, 1, 2, 3, 0})) == std::vector<int>{1, 2, 3});
    CHECK(decoded({1, 1, 16, 6}, bytes({0, 1, 9, 2, 9, 3, 9, 0, 0})) == std::vector<int>{1, 2, 3});
    // a palette with two of four colours; the others are black
    CHECK(decoded({4, 1, 2, 3}, bytes({0, 0b00011011}), bytes({10, 20, 30, 40, 50, 60})) ==
          std::vector<int>{10, 20, 30, 40, 50, 60, 0, 0, 0, 0, 0, 0});
    // interlaced, 2 x 1: the passes that hold pixels are the first and the sixth
    CHECK(decoded({2, 1, 8, 2, 1}, bytes({0, 1, 2, 3, 0, 4, 5, 6})) == std::vector<int>{1, 2, 3, 4, 5, 6});
  }
}

TEST_CASE("chunks that do not concern the pixels are passed over", "[data]") {
  File png = png_header({1, 1, 8, 2});
  append_chunk(png, "gAMA", bytes({0, 0, 0, 1}));
  append_chunk(png, "iCCP", bytes({1, 2, 3}));  // not a valid profile
  append_chunk(png, "tRNS", bytes({0, 1, 0, 2, 0, 3}));
  append_chunk(png, "IDAT", stored(bytes({0, 1, 2, 3})));
  append_chunk(png, "IEND", {});
  for (const Decoder& decoder : decoders) CHECK(pixels(decoder.decode(png, {})) == std::vector<int>{1, 2, 3});
}

TEST_CASE("the CRC of PNG chunks is that of the standard", "[data]") {
  CHECK(detail::png_crc(bytes_of("IEND")) == 0xAE426082U);
  CHECK(detail::png_crc(bytes_of("123456789")) == 0xCBF43926U);
}

TEST_CASE("a file that is neither JPEG nor PNG is refused by name", "[data]") {
  const auto refusal = [](std::string_view begin) {
    return message_of([&] { decode_image(bytes_of(std::string{begin} + std::string(40, ' '))); });
  };
  CHECK(refusal("GIF89a") == "decode_image: format of the file: expected JPEG or PNG, got GIF");
  CHECK_THAT(refusal("BM"), Contains("got BMP"));
  CHECK_THAT(refusal("RIFF1234WEBPVP8 "), Contains("got WebP"));
  CHECK_THAT(refusal(std::string_view{"II*\0", 4}), Contains("got TIFF"));
  CHECK_THAT(refusal(std::string_view{"\0\0\0\x1C"
                                      "ftypavif",
                                      12}),
             Contains("got AVIF"));
  CHECK_THAT(refusal("<svg"), Contains("got an unknown one"));
  CHECK(message_of([] { decode_image({}); }) == "decode_image: image file: expected a JPEG or PNG file, got no bytes");
}

TEST_CASE("a draft is the smallest of the sizes that a JPEG decoder gives, or the whole image", "[data]") {
  const File photo = golden_images[9].file();  // 65 x 97
  const Image half = decode_draft(photo, 32), whole = decode_draft(photo, 33);
  CHECK(whole == decode_image(photo));
#if defined(HASHWEAVE_HAS_LIBJPEG)
  CHECK(std::pair{half.height(), half.width()} == std::pair<Size, Size>{33, 49});
  CHECK(decode_draft(photo, 1).height() == 9);
#else
  CHECK(half == whole);
#endif
  CHECK(decode_draft(golden_images[0].file(), 1) == decode_image(golden_images[0].file()));
  CHECK_THROWS_AS(decode_draft(photo, 0), Error);
}

TEST_CASE("an image is a value", "[data]") {
  const Image a = noise_image(3, 5, 0);
  Image b = a;
  CHECK(b == a);
  b.row(2)[14] ^= 1;
  CHECK(!(b == a));
  b = a;
  CHECK(b == a);
  const Image moved = std::move(b);
  CHECK(moved == a);
  CHECK(Image{} == Image{0, 0});
  CHECK(Image{crop(a, {1, 2, 2, 3})}.row(1)[0] == a.row(2)[6]);
  CHECK_THROWS_AS(Image(-1, 3), Error);
  CHECK(message_of([&] { crop(a, {1, 2, 3, 3}); }) == "crop: box: expected one within 3 x 5, got 3 x 3 at (1, 2)");
}
