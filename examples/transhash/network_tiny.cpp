#include "hash_network_of.hpp"

namespace transhash {
std::unique_ptr<HashNetwork> make_tiny(const std::string& method, bool dual_stream, Size bits, Size threads) {
  return network_of<Tiny>(method, dual_stream, bits, threads);
}
}  // namespace transhash
