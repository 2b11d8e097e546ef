#include "hash_model_of.hpp"

#include <hashweave/cuda.hpp>

namespace vit2cmh {
std::unique_ptr<HashModel> make_dinov2_minilm_on_cuda(Size bits) {
  return make_model_of<Dinov2Minilm, Cuda<float>>(bits);
}
}  // namespace vit2cmh
