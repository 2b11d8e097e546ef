#include <hashweave/cmh/towers.hpp>

#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("VitTower gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Pixels<3, 4, 4>>(VitTower<4, 2, 6, 2, 2, 8>{}, {{1}, {2}});
}
TEST_CASE("Dinov2Tower gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Pixels<3, 4, 4>>(Dinov2Tower<4, 2, 6, 1, 2, 8>{}, {{1}, {2}});
}
TEST_CASE("BertTower gradient agrees with central differences", "[cmh][gradient]") {
  for (const Lengths& lengths : usual_shapes) {
    check_gradient_on_ids(BertTower<7, 6, 6, 2, 2, 8>{}, some_tokens(lengths, 7, 2));
  }
}
TEST_CASE("ClipImageTower gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Pixels<3, 4, 4>>(ClipImageTower<4, 2, 6, 1, 2, 8, 5>{}, {{1}, {2}});
}
TEST_CASE("ClipTextTower gradient agrees with central differences", "[cmh][gradient]") {
  for (const Lengths& lengths : usual_shapes) {
    check_gradient_on_ids(ClipTextTower<7, 6, 6, 1, 2, 8, 5>{}, some_tokens(lengths, 7));
  }
}
