#include <hashweave/cmh/hash_head.hpp>

#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("MedianTanh gradient agrees with central differences for even and odd numbers of bits", "[cmh][gradient]") {
  check_layer<Vectors<8>>(MedianTanh<8>{}, {{1}, {5}});
  check_layer<Tokens<7>>(MedianTanh<7>{}, {{1}, {5, 1}});
  check_layer<Vectors<1>>(MedianTanh<1>{}, {{1}, {2}});
}
TEST_CASE("HashHead gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Vectors<5>>(HashHead<5, 8>{}, {{1}, {4}});
  check_layer<Vectors<5>>(HashHead<5, 3>{}, {{1}, {4}});
}
