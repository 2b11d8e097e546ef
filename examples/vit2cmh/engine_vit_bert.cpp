#include "engine_of.hpp"

namespace vit2cmh {
std::unique_ptr<Engine> make_vit_bert(Size bits, Size threads) { return make_engine_of<VitBert>(bits, threads); }
}  // namespace vit2cmh
