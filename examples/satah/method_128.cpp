#include "method_of.hpp"

namespace examples {

template <>
std::unique_ptr<Method> make_satah_of<128>(const SatahOptions& options, const DataFacts& facts, Size threads) {
  return std::make_unique<SatahMethod<128>>(options, facts, threads);
}

}  // namespace examples
