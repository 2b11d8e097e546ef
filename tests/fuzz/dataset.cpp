#include <data/dataset_exercise.hpp>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using hashweave::OnBadItem;
  const hashweave::Bytes bytes = std::as_bytes(std::span{data, size});
  std::string mended;
  if (hashweave::dataset_format(bytes) == hashweave::DatasetFormat::webdataset)
    mended = hashweave::test::with_checksums(std::string{hashweave::as_text(bytes)});
  for (const OnBadItem policy : {OnBadItem::skip, OnBadItem::error})
    for (const hashweave::Bytes file : {bytes, hashweave::as_bytes(mended)}) {
      try {
        hashweave::test::exercise_dataset(file, policy);
      } catch (const hashweave::Error&) {  // the answer to a damaged file
      }
    }
  return 0;
}
