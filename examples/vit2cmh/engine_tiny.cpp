#include "engine_of.hpp"

namespace vit2cmh {
std::unique_ptr<Engine> make_tiny(Size bits, Size threads) { return make_engine_of<Tiny>(bits, threads); }
}  // namespace vit2cmh
