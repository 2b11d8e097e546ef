#include "hash_model.hpp"

#include <algorithm>

namespace vit2cmh {

std::unique_ptr<HashModel> make_tiny(Size bits, Size threads);
std::unique_ptr<HashModel> make_dinov2_minilm(Size bits, Size threads);
std::unique_ptr<HashModel> make_vit_bert(Size bits, Size threads);
#ifdef VIT2CMH_HAS_CUDA
std::unique_ptr<HashModel> make_tiny_on_cuda(Size bits);
std::unique_ptr<HashModel> make_dinov2_minilm_on_cuda(Size bits);
std::unique_ptr<HashModel> make_vit_bert_on_cuda(Size bits);
#endif

namespace {

std::unique_ptr<HashModel> make_unpinned(std::string_view model, Size bits, const Machine& machine) {
  require(std::find(model_names.begin(), model_names.end(), model) != model_names.end(), "model", "name",
          "one of " + listed(model_names), model);
  require(std::find(code_lengths.begin(), code_lengths.end(), bits) != code_lengths.end(), "model", "bits",
          "one of " + listed(code_lengths), bits);
  require(std::find(backend_names.begin(), backend_names.end(), machine.backend) != backend_names.end(), "model",
          "backend", "one that this program was built with: " + listed(backend_names) + " (docs/cuda.md)",
          machine.backend);
#ifdef VIT2CMH_HAS_CUDA
  if (machine.backend == "cuda") {
    if (model == model_names[0]) return make_tiny_on_cuda(bits);
    if (model == model_names[1]) return make_dinov2_minilm_on_cuda(bits);
    return make_vit_bert_on_cuda(bits);
  }
#endif
  if (model == model_names[0]) return make_tiny(bits, machine.threads);
  if (model == model_names[1]) return make_dinov2_minilm(bits, machine.threads);
  return make_vit_bert(bits, machine.threads);
}

}  // namespace

std::unique_ptr<HashModel> make_model(std::string_view model, Size bits, const Machine& machine) {
  auto made = make_unpinned(model, bits, machine);
  if (machine.pin) made->pin_threads();
  return made;
}

}  // namespace vit2cmh
