#include "hash_model_of.hpp"

namespace vit2cmh {
std::unique_ptr<HashModel> make_vit_bert(Size bits, Size threads) {
  return make_model_of<VitBert, Cpu<float>>(bits, threads);
}
}  // namespace vit2cmh
