#pragma once
#include <hashweave/data/dataset_builder.hpp>
#include <hashweave/data/dataset_folder.hpp>
#include <hashweave/data/dataset_json.hpp>
#include <string>
#include <utility>

namespace hashweave::detail {

/// Takes captions, labels and split of a native record; `captions` is a list of strings or one.
inline void take_native_fields(const JsonRecord& record, const DatasetLimits& limits, ItemDraft& draft) {
  if (const nlohmann::json* captions = record.find("captions"); captions != nullptr && captions->is_string()) {
    draft.captions.push_back(caption_text(record.text("captions"), limits, record.where()));
  } else if (captions != nullptr) {
    for (const auto& caption : record.list("captions"))
      draft.captions.push_back(caption_text(record.as_text(caption, "captions"), limits, record.where()));
  }
  if (record.find("labels") != nullptr)
    for (const auto& label : record.list("labels")) draft.labels.push_back(record.as_name(label, "labels"));
  draft.split = record.split("split");
  if (const nlohmann::json* id = record.find("id"); id != nullptr) {
    draft.name = record.as_name(*id, "id");
    if (id->is_number()) draft.id = record.integer("id");
  }
}

/// The native format: on every line an object with `image` (a path relative to the file), `captions` (a list), and if
/// wanted `id` (a whole number or a string; otherwise the path), `labels` (a list of strings or whole numbers) and
/// `split` (train, val or test). Other members and blank lines are left out.
inline void read_jsonl(const DatasetFile& file, DatasetBuilder& builder) {
  ImageFolder images{builder.options(), file, false};
  const DatasetLimits& limits = builder.limits();
  for_each_line(file.text(), [&](std::string_view line, std::size_t number) {
    if (trimmed(line).empty()) return;
    builder.attempt([&] {
      const std::string where = file.at_line(number);
      require(line.size() <= limits.line_bytes, where, "bytes of the line",
              Phrase{"at most ", static_cast<Size>(limits.line_bytes)}, line.size());
      const nlohmann::json value = parse_json(line, where, {limits.line_bytes, limits.json_depth});
      const JsonRecord record{value, where};
      ItemDraft draft;
      take_native_fields(record, limits, draft);
      const std::string& image = record.text("image");
      draft.place = images.place(image, where);
      if (draft.name.empty()) draft.name = image;
      builder.add(std::move(draft), where);
    });
  });
}

}  // namespace hashweave::detail
