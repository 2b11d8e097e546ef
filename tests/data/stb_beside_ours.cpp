// A program may use stb_image itself: before our headers, and after them, here with its own memory functions.
#define STBI_NO_HDR
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include <stb/stb_image.h>

#include <catch2/catch.hpp>
#include <data/images.hpp>
#undef STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

using namespace hashweave;
using namespace hashweave::testing;

TEST_CASE("a program's own stb_image lives beside ours", "[data]") {
  const File file = golden_images[0].file();
  int height = 0, width = 0, channels = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(file.data());
  unsigned char* pixels = stbi_load_from_memory(data, static_cast<int>(file.size()), &width, &height, &channels, 3);
  REQUIRE(pixels != nullptr);
  CHECK(Image{ImageView{pixels, height, width, Size{3} * width}} == decode_with_stb(file));
  stbi_image_free(pixels);
#if !defined(STBI_NO_HDR) || defined(STBI_ONLY_JPEG)
  FAIL("the program's settings of stb_image were changed");
#endif
}
