#pragma once
#include <charconv>
#include <hashweave/data/dataset_builder.hpp>
#include <hashweave/data/dataset_folder.hpp>
#include <hashweave/data/dataset_json.hpp>
#include <hashweave/data/dataset_jsonl.hpp>
#include <hashweave/data/tar.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace hashweave::detail {

/// A member's name at the first dot behind its last slash: WebDataset's key, and the ending in lower case.
struct ShardName {
  std::string_view key;
  std::string ending;
};
inline ShardName shard_name(std::string_view name) {
  const std::size_t base = name.rfind('/') + 1;  // npos + 1 is 0
  const std::size_t dot = std::min(name.find('.', base), name.size());
  return {name.substr(0, dot), lower_case(name.substr(std::min(dot + 1, name.size())))};
}

/// A shard of the WebDataset format: a tar file in which members that follow one another and share a key are one item:
/// `.jpg`, `.jpeg` or `.png`, and of `.json` (an object with captions, labels, split and id as in the native format, or
/// with `caption`), `.txt` (a caption) and `.cls` (a whole number) those that are there. Other members are left out.
/// Items with no `split` are in the part that the shard's name tells.
inline void read_webdataset(const DatasetFile& file, DatasetBuilder& builder) {
  TarFile tar{file.content, file.where};
  const auto members = tar.members();
  const std::int32_t shard = builder.add_shard(tar);
  const DatasetLimits& limits = builder.limits();
  const Split split = split_in_name(file.where);

  const auto read = [&](std::size_t first, std::size_t last, const std::string& where) {
    ItemDraft draft;
    bool has_split = false;
    for (std::size_t i = first; i < last; ++i) {
      const TarMember& member = members[i];
      const std::string ending = shard_name(member.name).ending, here = where + "." + ending;
      const std::string_view text = as_text(tar.read(member).bytes);
      if (ending == "jpg" || ending == "jpeg" || ending == "png") {
        require(draft.place.path.empty(), where, "images of the item", "one", "several");
        draft.place = {file.where, shard, member.offset, member.size};
      } else if (ending == "txt") {
        draft.captions.push_back(caption_text(text, limits, here));
      } else if (ending == "cls") {
        std::int64_t label = 0;
        const std::string_view digits = trimmed(text);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), label);
        const bool sound = error == std::errc{} && end == digits.data() + digits.size() && label >= 0;
        require(sound, here, "label", "a whole number that is not negative", in_quotes(digits));
        draft.labels.push_back(std::to_string(label));
      } else if (ending == "json") {
        const nlohmann::json value = parse_json(text, here, {limits.line_bytes, limits.json_depth});
        const JsonRecord record{value, here};
        take_native_fields(record, limits, draft);
        if (record.find("caption") != nullptr)
          draft.captions.push_back(caption_text(record.text("caption"), limits, here));
        has_split = record.find("split") != nullptr;
      }
    }
    require(!draft.place.path.empty(), where, "members of the item", "a .jpg, .jpeg or .png", "none");
    if (!has_split) draft.split = split;
    if (draft.name.empty()) draft.name = shard_name(members[first].name).key;
    builder.add(std::move(draft), where);
  };

  for (std::size_t first = 0, last = 0; first < members.size(); first = last) {
    const std::string_view key = shard_name(members[first].name).key;
    while (last < members.size() && shard_name(members[last].name).key == key) ++last;
    builder.attempt([&] { read(first, last, file.where + ", " + legible(key)); });
  }
}

}  // namespace hashweave::detail
