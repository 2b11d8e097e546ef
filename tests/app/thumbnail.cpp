#include <vit2cmh/thumbnail.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <hashweave/core/error.hpp>
#include <hashweave/data/decode.hpp>
#include <string>
#include <string_view>

using namespace hashweave;
using namespace vit2cmh;

namespace {

std::string of(std::string_view text) { return base64(as_bytes(text)); }

std::string from_base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) break;
    group = (group << 6) | static_cast<std::uint32_t>(digit);
    if ((bits += 6) >= 8) out += static_cast<char>((group >> (bits -= 8)) & 0xFF);
  }
  return out;
}

/// Smooth colours, as JPEG likes them.
Image gradient(Size height, Size width) {
  Image image{height, width};
  for (Size y = 0; y < height; ++y)
    for (Size x = 0; x < width; ++x) {
      std::uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<std::uint8_t>(255 * y / height);
      pixel[1] = static_cast<std::uint8_t>(255 * x / width);
      pixel[2] = 90;
    }
  return image;
}

Image decoded(std::string_view uri) {
  const auto comma = uri.find(',');
  const std::string file = from_base64(uri.substr(comma + 1));
  return decode_image(as_bytes(file));
}

}  // namespace

TEST_CASE("Base64 gives the examples of RFC 4648", "[app]") {
  CHECK(of("").empty());
  CHECK(of("f") == "Zg==");
  CHECK(of("fo") == "Zm8=");
  CHECK(of("foo") == "Zm9v");
  CHECK(of("foob") == "Zm9vYg==");
  CHECK(of("fooba") == "Zm9vYmE=");
  CHECK(of("foobar") == "Zm9vYmFy");
  CHECK(of("\xff\xfe\xfd") == "//79");
}

TEST_CASE("A PNG file holds the image's pixels exactly", "[app]") {
  for (const auto& [height, width] : {std::pair<Size, Size>{1, 1}, {7, 5}, {64, 300}}) {
    const Image image = gradient(height, width);
    CHECK(decode_image(as_bytes(png_file(image))) == image);
  }
}

TEST_CASE("A thumbnail fits its square, keeps the shape and is never larger than the image", "[app]") {
  const auto size_of = [](Size height, Size width, Size side) {
    const Image small = decoded(thumbnail_data_uri(gradient(height, width), side));
    return std::pair{small.height(), small.width()};
  };
  CHECK(size_of(224, 448, 112) == std::pair<Size, Size>{56, 112});
  CHECK(size_of(300, 200, 112) == std::pair<Size, Size>{112, 75});
  CHECK(size_of(40, 30, 112) == std::pair<Size, Size>{40, 30});
  CHECK(size_of(2000, 1, 100) == std::pair<Size, Size>{100, 1});
  CHECK(size_of(1, 1, 1) == std::pair<Size, Size>{1, 1});
}

TEST_CASE("A thumbnail is a data URL of a JPEG or PNG picture that looks like the image", "[app]") {
  const std::string uri = thumbnail_data_uri(gradient(448, 448));
#ifdef HASHWEAVE_HAS_LIBJPEG
  CHECK(uri.substr(0, 23) == "data:image/jpeg;base64,");
#else
  CHECK(uri.substr(0, 22) == "data:image/png;base64,");
#endif
  CHECK(uri.size() < 60'000);
  const Image small = decoded(uri), expected = gradient(112, 112);
  REQUIRE(small.bytes() == expected.bytes());
  double error = 0;
  for (std::size_t i = 0; i < small.bytes(); ++i) error += std::abs(int{small.data()[i]} - int{expected.data()[i]});
  CHECK(error / static_cast<double>(small.bytes()) < 3);
}

TEST_CASE("An image without pixels and a side of nothing are errors", "[app]") {
  CHECK_THROWS_AS(thumbnail_data_uri(Image{}), Error);
  CHECK_THROWS_AS(thumbnail_data_uri(gradient(2, 2), 0), Error);
  CHECK_THROWS_WITH(picture_file(ImageView{nullptr, 0, 3, 9}),
                    "picture_file: height and width: expected 1 to 65500, got 0 x 3");
}
