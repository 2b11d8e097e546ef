#include "hash_model_of.hpp"

namespace vit2cmh {
std::unique_ptr<HashModel> make_dinov2_minilm(Size bits, Size threads) {
  return make_model_of<Dinov2Minilm, Cpu<float>>(bits, threads);
}
}  // namespace vit2cmh
