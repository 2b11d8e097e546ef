// vit2cmh features
#include "command_line.hpp"

#include <array>
#include <cstdio>
#include <hashweave/io/npz.hpp>

namespace vit2cmh {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

struct FeatureOptions {
  DataOptions data;
  fs::path out, image_weights, text_weights, vocabulary;
  std::string model = "dinov2-s+minilm";
  Size max_tokens = 32;
};

/// The arrays of one split, kept until they are written.
struct SplitArrays {
  std::string ending;
  Size rows = 0, classes = 0;
  std::vector<float> image, text;
  std::vector<std::uint8_t> labels;
};

/// Computes features of a data set's items.
class FeatureExtractor {
 public:
  FeatureExtractor(const FeatureOptions& o, const Common& common)
      : set_{o.data.open()}, model_{make_model(o.model, code_lengths.front(), o.data.computing.with(common.threads))} {
    const Facts& f = model_->facts();
    require(!f.image_weights.empty(), "--model", "model", "one with pretrained towers", o.model);
    const fs::path text = weights_or_default(o.text_weights, f.text_weights, "--text-weights");
    model_->use(precision_named(o.data.computing.precision));
    model_->load_image_tower(weights_or_default(o.image_weights, f.image_weights, "--image-weights"));
    model_->load_text_tower(text);
    const fs::path folder = fs::is_directory(text) ? text : text.parent_path();
    tokenizer_.emplace(
        tokenizer_for(*model_, o.vocabulary.empty() ? folder / "vocab.txt" : o.vocabulary, o.max_tokens));
    feed_.emplace(*model_, set_, *tokenizer_,
                  FeedSettings{.tokens = true, .cache_bytes = 0, .threads = common.threads});
    for (Size i = 0; i < set_.size(); ++i) {
      has_images_ = has_images_ && set_.has_image(i);
      has_captions_ = has_captions_ && !set_[i].captions.empty();
    }
  }
  const CaptionDataset& set() const { return set_; }
  const Facts& facts() const { return model_->facts(); }
  bool has_images() const { return has_images_; }
  bool has_captions() const { return has_captions_; }

  SplitArrays arrays(Split split, std::string ending, Progress& progress) {
    const auto items = set_.positions(split);
    SplitArrays out{std::move(ending), std::ssize(items), std::ssize(set_.classes()), {}, {}, {}};
    constexpr std::size_t most = 32;
    for (std::size_t first = 0; first < items.size(); first += most) {
      const std::span part{items.data() + first, std::min(most, items.size() - first)};
      if (has_images_) add_images(part, out.image);
      for (const Size item : part) {
        if (has_captions_) add_text(item, out.text);
        std::vector<std::uint8_t> row(set_.classes().size());
        for (const std::int32_t label : set_[item].labels) row[static_cast<std::size_t>(label)] = 1;
        out.labels.insert(out.labels.end(), row.begin(), row.end());
      }
      progress.add(std::ssize(part));
    }
    return out;
  }

 private:
  /// The class token of each image.
  void add_images(std::span<const Size> items, std::vector<float>& out) {
    const ImageBatch batch = feed_->images(items);
    const Size row = facts().image_tokens * facts().image_width;
    for (Size i = 0; i < batch.count; ++i)
      out.insert(out.end(), batch.values.begin() + i * row, batch.values.begin() + i * row + facts().image_width);
  }
  /// The mean of the tokens of each caption, and then of the captions.
  void add_text(Size item, std::vector<float>& out) {
    const auto captions = set_[item].captions;
    const std::vector<std::string_view> views(captions.begin(), captions.end());
    const TextBatch batch = feed_->texts(views);
    const Segments segments = batch.ids->segments();
    const auto width = static_cast<std::size_t>(facts().text_width);
    std::vector<double> sum(width);
    for (Size s = 0; s < segments.count; ++s) {
      const Size begin = segments.offsets[s], end = segments.offsets[s + 1];
      for (Size t = begin; t < end; ++t)
        for (std::size_t c = 0; c < width; ++c)
          sum[c] += static_cast<double>(batch.tokens[static_cast<std::size_t>(t) * width + c]) /
                    static_cast<double>((end - begin) * segments.count);
    }
    for (const double value : sum) out.push_back(static_cast<float>(value));
  }

  CaptionDataset set_;
  std::unique_ptr<HashModel> model_;
  std::optional<BertTokenizer> tokenizer_;
  std::optional<Feed> feed_;
  bool has_images_ = true, has_captions_ = true;
};

json do_features(const FeatureOptions& o, const Common& common) {
  FeatureExtractor extractor{o, common};
  require(extractor.has_images() || extractor.has_captions(), o.data.data.string(), "items",
          "an image each, or captions each", "items without");
  Progress progress{"features", extractor.set().size(), "items"};
  std::vector<SplitArrays> all;
  for (const auto& [split, ending] :
       {std::pair{Split::train, "_tr"}, {Split::val, "_val"}, {Split::test, "_te"}, {Split::rest, "_db"}})
    if (!extractor.set().positions(split).empty()) all.push_back(extractor.arrays(split, ending, progress));
  progress.finish();
  std::vector<NamedTensor> tensors;
  for (const SplitArrays& part : all) {
    if (!part.image.empty())
      tensors.push_back({"I" + part.ending, view_of(part.image, {part.rows, extractor.facts().image_width})});
    if (!part.text.empty())
      tensors.push_back({"T" + part.ending, view_of(part.text, {part.rows, extractor.facts().text_width})});
    if (part.classes > 0) tensors.push_back({"L" + part.ending, view_of(part.labels, {part.rows, part.classes})});
  }
  write_npz(o.out, tensors);
  std::string names;
  for (const std::string& name : extractor.set().classes()) names += name + "\n";
  write_atomically(o.out.string() + ".classes.txt", [&](FileWriter& out) { out.write(names); });
  if (!common.to_output())
    std::printf("features of %td items in %s, the classes' names beside it\n", extractor.set().size(),
                o.out.string().c_str());
  return {{"items", extractor.set().size()},
          {"file", o.out.string()},
          {"images", extractor.has_images()},
          {"texts", extractor.has_captions()}};
}

}  // namespace

void add_features(CLI::App& app, Common& common, Todo& todo) {
  const auto o = std::make_shared<FeatureOptions>();
  CLI::App& c = *app.add_subcommand(
      "features",
      "write features of pretrained towers for other methods: class tokens of images, mean tokens of texts");
  common.add(c);
  c.add_option("--data", o->data.data, "data set: a folder or file (docs/datasets.md)")->required();
  c.add_option("--images", o->data.images, "folder that the data set's image paths start from");
  c.add_option("--model", o->model, "whose towers: dinov2-s+minilm or vit-b16+bert-base")->capture_default_str();
  c.add_option("--image-weights", o->image_weights, "image tower: safetensors file or folder");
  c.add_option("--text-weights", o->text_weights, "text tower: safetensors file or folder");
  c.add_option("--vocab", o->vocabulary, "vocab.txt (default: beside the text tower)");
  c.add_option("--max-tokens", o->max_tokens, "captions are cut to so many tokens")->capture_default_str();
  c.add_option("--out", o->out, "npz file to write: I_tr, T_tr, L_tr, and so on for _val, _te, _db")->required();
  o->data.computing.add(c);
  add_on_bad(c, o->data.on_bad);
  c.callback([&todo, &common, o] { todo = [&common, o] { return do_features(*o, common); }; });
}

}  // namespace vit2cmh
