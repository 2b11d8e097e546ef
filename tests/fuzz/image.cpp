#include <cstdint>
#include <data/image_exercise.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hashweave::testing::exercise_image(std::as_bytes(std::span{data, size}));
  return 0;
}
