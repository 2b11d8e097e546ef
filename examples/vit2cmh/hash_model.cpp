#include "hash_model.hpp"

#include <algorithm>

namespace vit2cmh {

std::unique_ptr<HashModel> make_tiny(Size bits, Size threads);
std::unique_ptr<HashModel> make_dinov2_minilm(Size bits, Size threads);
std::unique_ptr<HashModel> make_vit_bert(Size bits, Size threads);

namespace {

constexpr std::array<std::string_view, 3> models{"tiny", "dinov2-s+minilm", "vit-b16+bert-base"};
constexpr std::array<Size, 8> lengths{16, 32, 64, 128, 256, 512, 1024, 2048};

std::string listed(const auto& values) {
  std::ostringstream text;
  for (const auto& value : values) text << (&value == values.data() ? "" : ", ") << value;
  return text.str();
}

}  // namespace

std::span<const std::string_view> model_names() { return models; }
std::span<const Size> code_lengths() { return lengths; }

std::unique_ptr<HashModel> make_model(std::string_view model, Size bits, Size threads) {
  require(std::find(models.begin(), models.end(), model) != models.end(), "model", "name", "one of " + listed(models),
          model);
  require(std::find(lengths.begin(), lengths.end(), bits) != lengths.end(), "model", "bits",
          "one of " + listed(lengths), bits);
  if (model == models[0]) return make_tiny(bits, threads);
  if (model == models[1]) return make_dinov2_minilm(bits, threads);
  return make_vit_bert(bits, threads);
}

}  // namespace vit2cmh
