#include "hash_model.hpp"

#include <algorithm>

namespace vit2cmh {

std::unique_ptr<HashModel> make_tiny(Size bits, Size threads);
std::unique_ptr<HashModel> make_dinov2_minilm(Size bits, Size threads);
std::unique_ptr<HashModel> make_vit_bert(Size bits, Size threads);

std::unique_ptr<HashModel> make_model(std::string_view model, Size bits, Size threads) {
  require(std::find(model_names.begin(), model_names.end(), model) != model_names.end(), "model", "name",
          "one of " + listed(model_names), model);
  require(std::find(code_lengths.begin(), code_lengths.end(), bits) != code_lengths.end(), "model", "bits",
          "one of " + listed(code_lengths), bits);
  if (model == model_names[0]) return make_tiny(bits, threads);
  if (model == model_names[1]) return make_dinov2_minilm(bits, threads);
  return make_vit_bert(bits, threads);
}

}  // namespace vit2cmh
