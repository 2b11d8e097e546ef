#pragma once
#include <cstdint>
#include <hashweave/data/dataset_builder.hpp>
#include <hashweave/data/dataset_folder.hpp>
#include <hashweave/data/dataset_json.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// COCO's JSON, of one file or of several about the same images: `images` [{id, file_name}], `annotations` [{image_id,
/// caption} or {image_id, category_id}], `categories` [{id, name}].
class CocoReader {
 public:
  explicit CocoReader(DatasetBuilder& builder) : builder_{builder} {}

  /// Reads one file. Only the images of the first are taken: others, of instances say, add to them.
  void read(const DatasetFile& file) {
    const bool first = std::exchange(first_, false);
    for_each_record(file.text(), file.where, builder_.limits(),
                    [&](const std::string& list, std::size_t number, const nlohmann::json& value) {
                      const bool wanted = (list == "images" && first) || list == "annotations" || list == "categories";
                      if (!wanted) return;
                      builder_.attempt([&] {
                        const JsonRecord record{value, file.where + ", " + list + "[" + std::to_string(number) + "]"};
                        if (list == "images")
                          read_image(record);
                        else if (list == "categories")
                          read_category(record);
                        else
                          read_annotation(record);
                      });
                    });
  }
  /// The names of the categories so far, by id: the ids have gaps, the numbers of the classes have none.
  const std::map<std::int64_t, std::string>& categories() const { return categories_; }

  /// Hands the images to the builder, in the order of the file. An annotation of no image is broken.
  void finish(Split split, ImageFolder& images) {
    for (auto& [where, id, name] : images_)
      builder_.attempt([&, &where = where, id = id, &name = name] {
        ItemDraft draft;
        draft.id = id;
        draft.split = split;
        draft.place = images.place(name, where);
        draft.name = std::move(name);
        if (auto said = said_.extract(id); !said.empty()) {
          draft.captions = std::move(said.mapped().captions);
          for (const std::int64_t category : said.mapped().categories)
            draft.labels.push_back(category_name(category, where));
        }
        builder_.add(std::move(draft), where);
      });
    for (const auto& [id, said] : std::map<std::int64_t, Said>{said_.begin(), said_.end()})
      builder_.attempt([&, id = id, &said = said] { fail(said.where, "image_id", "the id of an image", id); });
  }

 private:
  struct Image {
    std::string where;
    std::int64_t id = 0;
    std::string name;
  };
  struct Said {
    std::string where;  ///< of the first annotation
    std::vector<std::string> captions;
    std::set<std::int64_t> categories;
  };
  void read_image(const JsonRecord& record) {
    images_.push_back({record.where(), record.integer("id"), record.text("file_name")});
  }
  void read_category(const JsonRecord& record) {
    const std::int64_t id = record.integer("id");
    const auto [found, added] = categories_.emplace(id, record.text("name"));
    require(added || found->second == record.text("name"), record.where(), "name of category " + std::to_string(id),
            in_quotes(found->second), in_quotes(record.text("name")));
  }
  void read_annotation(const JsonRecord& record) {
    const std::int64_t image = record.integer("image_id");
    const bool says = record.find("caption") != nullptr || record.find("category_id") != nullptr;
    require(says, record.where(), "annotation", "a member 'caption' or 'category_id'", "neither");
    std::string caption;
    if (record.find("caption") != nullptr)
      caption = caption_text(record.text("caption"), builder_.limits(), record.where());
    const bool labelled = record.find("category_id") != nullptr;
    const std::int64_t category = labelled ? record.integer("category_id") : 0;
    Said& said = said_[image];
    if (said.where.empty()) said.where = record.where();
    if (!caption.empty()) said.captions.push_back(std::move(caption));
    if (labelled) said.categories.insert(category);
  }
  std::string category_name(std::int64_t id, std::string_view where) const {
    const auto found = categories_.find(id);
    require(found != categories_.end(), where, "category_id", "the id of a category", id);
    return found->second;
  }
  DatasetBuilder& builder_;
  bool first_ = true;
  std::vector<Image> images_;
  std::unordered_map<std::int64_t, Said> said_;
  std::map<std::int64_t, std::string> categories_;
};

/// Files of captions, each with its file of instances or none; images of all of them make one data set.
struct CocoPair {
  DatasetFile captions;
  std::optional<DatasetFile> instances{};
};

inline void read_coco(const std::vector<CocoPair>& pairs, DatasetBuilder& builder) {
  std::vector<CocoReader> readers;
  std::map<std::int64_t, std::string> categories;
  for (const CocoPair& pair : pairs) {
    CocoReader& reader = readers.emplace_back(builder);
    reader.read(pair.captions);
    if (pair.instances) reader.read(*pair.instances);
    categories.insert(reader.categories().begin(), reader.categories().end());
  }
  std::vector<std::string> names;
  for (const auto& [id, name] : categories) names.push_back(name);
  builder.set_classes(names);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    ImageFolder images{builder.options(), pairs[i].captions, true};
    readers[i].finish(split_in_name(pairs[i].captions.where), images);
  }
}

}  // namespace hashweave::detail
