#pragma once
#include <hashweave/data/dataset_builder.hpp>
#include <hashweave/data/dataset_folder.hpp>
#include <hashweave/data/dataset_json.hpp>
#include <string>
#include <utility>

namespace hashweave::detail {

/// The caption of a sentence: its `raw` text, or its `tokens` with blanks between.
inline std::string karpathy_caption(const JsonRecord& sentence, const DatasetLimits& limits) {
  if (sentence.find("raw") != nullptr) return caption_text(sentence.text("raw"), limits, sentence.where());
  std::string text;
  for (const auto& token : sentence.list("tokens")) text += sentence.as_text(token, "tokens") + ' ';
  return caption_text(text, limits, sentence.where());
}

/// Karpathy's splits of Flickr8k, Flickr30k and COCO: `{"images": [{"filepath"?, "filename", "imgid"?, "split",
/// "sentences": [{"raw", ...}]}]}`. `restval` counts as `train`.
/// Source: Karpathy and Fei-Fei, "Deep visual-semantic alignments for generating image descriptions", CVPR 2015.
inline void read_karpathy(const DatasetFile& file, DatasetBuilder& builder) {
  ImageFolder images{builder.options(), file, true};
  const auto read = [&](const std::string& list, std::size_t number, const nlohmann::json& value) {
    if (list != "images") return;
    builder.attempt([&] {
      const std::string where = file.where + ", images[" + std::to_string(number) + "]";
      const JsonRecord record{value, where};
      ItemDraft draft;
      draft.name = record.text("filename");
      if (record.find("filepath") != nullptr) draft.name = record.text("filepath") + "/" + draft.name;
      if (record.find("imgid") != nullptr) draft.id = record.integer("imgid");
      draft.split = record.split("split");
      for (const auto& sentence : record.list("sentences"))
        draft.captions.push_back(karpathy_caption(JsonRecord{sentence, where + ", a sentence"}, builder.limits()));
      draft.place = images.place(draft.name, where);
      builder.add(std::move(draft), where);
    });
  };
  for_each_record(file.text(), file.where, builder.limits(), read);
}

}  // namespace hashweave::detail
