#pragma once
#include <algorithm>
#include <charconv>
#include <hashweave/data/dataset.hpp>
#include <hashweave/data/tar.hpp>
#include <string>

namespace hashweave::test {

/// A tar file with the checksums of its headers made right, so that damage reaches further than the first of them.
inline std::string with_checksums(std::string text) {
  for (std::size_t at = 0; at + 512 <= text.size();) {
    char* block = &text[at];
    if (std::all_of(block, block + 512, [](char c) { return c == '\0'; })) break;
    std::fill_n(block + 148, 8, ' ');
    unsigned sum = 0;
    for (const char c : text.substr(at, 512)) sum += static_cast<unsigned char>(c);
    for (char* digit = block + 153; digit >= block + 148; --digit, sum >>= 3)
      *digit = static_cast<char>('0' + (sum & 7));
    block[154] = '\0';
    std::size_t size = 0;
    std::from_chars(block + 124, block + 136, size, 8);
    at += 512 + std::min(text.size(), (size + 511) / 512 * 512);
  }
  return text;
}

/// Reads a data set of any format whole. Hostile bytes may make it throw `Error`, nothing else.
inline std::size_t exercise_dataset(Bytes bytes, OnBadItem policy) {
  DatasetOptions options;
  options.check = ImageCheck::none;
  options.on_bad_item = policy;
  const CaptionDataset set = parse_dataset(borrowed_blob(bytes), "file", options);
  std::size_t sum = 0;
  for (Size i = 0; i < set.size(); ++i) {
    const DatasetItem item = set[i];
    for (const std::string& caption : item.captions) sum += caption.size();
    for (const std::int32_t label : item.labels) sum += set.classes().at(static_cast<std::size_t>(label)).size();
    if (set.place(i).shard != ImagePlace::no_shard)
      for (const std::byte b : set.image_bytes(i).bytes) sum += std::to_integer<std::size_t>(b);
  }
  return sum;
}

/// Reads every member of a tar file.
inline std::size_t exercise_tar(Bytes bytes) {
  const TarFile tar{borrowed_blob(bytes), "file"};
  std::size_t sum = 0;
  for (const TarMember& member : tar.members())
    for (const std::byte b : tar.read(member).bytes) sum += std::to_integer<std::size_t>(b);
  return sum;
}

}  // namespace hashweave::test
