#include "method_of.hpp"

namespace examples {

template <>
std::unique_ptr<Method> make_satah_of<64>(const SatahOptions& options, const DataFacts& facts, Size threads) {
  return std::make_unique<SatahMethod<64>>(options, facts, threads);
}

}  // namespace examples
