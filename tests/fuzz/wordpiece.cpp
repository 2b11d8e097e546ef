#include <cstdint>
#include <text/exercise.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hashweave::test::exercise_tokenizers({reinterpret_cast<const char*>(data), size});
  return 0;
}
