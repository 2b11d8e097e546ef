#include "hash_network.hpp"

#include <algorithm>

namespace transhash {

std::unique_ptr<HashNetwork> make_tiny(const std::string& method, bool dual_stream, Size bits, Size threads);
std::unique_ptr<HashNetwork> make_dinov2_s(const std::string& method, bool dual_stream, Size bits, Size threads);

std::unique_ptr<HashNetwork> make_network(const std::string& model, const std::string& method, bool dual_stream,
                                          Size bits, Size threads) {
  require(std::ranges::find(code_lengths, bits) != code_lengths.end(), "--bits", "code length", "16, 32, 48 or 64",
          bits);
  if (model == "tiny") return make_tiny(method, dual_stream, bits, threads);
  require(model == "dinov2-s", "--model", "name", "tiny or dinov2-s", model);
  return make_dinov2_s(method, dual_stream, bits, threads);
}

}  // namespace transhash
