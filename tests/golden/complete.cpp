#include <catch2/catch.hpp>
#include <golden/test.hpp>
#include <set>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

/// Cases of INDEX.json that no test of this program reads: what belongs to the tests of images, tokenizers and real
/// checkpoints.
bool belongs_elsewhere(const std::string& name) {
  for (const std::string_view prefix : {"images", "tokenizer", "real"}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("Every golden case has one test", "[golden]") {
  std::set<std::string> tested;
  for (const Test& test : tests()) {
    INFO("case " << test.name);
    CHECK(tested.insert(test.name).second);
  }
  for (const std::string& name : case_names()) {
    INFO("case " << name << " of INDEX.json has no test");
    CHECK((belongs_elsewhere(name) || tested.contains(name)));
  }
}
