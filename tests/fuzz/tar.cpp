#include <data/dataset_exercise.hpp>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hashweave::Bytes bytes = std::as_bytes(std::span{data, size});
  const std::string mended = hashweave::test::with_checksums(std::string{hashweave::as_text(bytes)});
  for (const hashweave::Bytes file : {bytes, hashweave::as_bytes(mended)}) {
    try {
      hashweave::test::exercise_tar(file);
    } catch (const hashweave::Error&) {  // the answer to a damaged file
    }
  }
  return 0;
}
