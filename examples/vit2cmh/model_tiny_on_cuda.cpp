#include "hash_model_of.hpp"

#include <hashweave/cuda.hpp>

namespace vit2cmh {
std::unique_ptr<HashModel> make_tiny_on_cuda(Size bits) { return make_model_of<Tiny, Cuda<float>>(bits); }
}  // namespace vit2cmh
