#include "engine_of.hpp"

namespace vit2cmh {
std::unique_ptr<Engine> make_dinov2_minilm(Size bits, Size threads) { return make_engine_of<Dinov2Minilm>(bits, threads); }
}  // namespace vit2cmh
