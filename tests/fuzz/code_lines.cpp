#include <io/exercise.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    hashweave::test::exercise_code_lines(std::as_bytes(std::span{data, size}));
  } catch (const hashweave::Error&) {  // the answer to a damaged file
  }
  return 0;
}
