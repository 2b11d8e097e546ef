#pragma once
#include <filesystem>
#include <hashweave/data/dataset_catalogue.hpp>

namespace vit2cmh {

/// Writes a vocab.txt for training from scratch: special tokens, every character of the captions, alone and as a
/// continuation, and their most frequent words, at most `size` tokens.
void write_vocabulary(const std::filesystem::path& to, const hashweave::CaptionList& captions, hashweave::Size size);

}  // namespace vit2cmh
