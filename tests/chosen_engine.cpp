// In every test program: the environment's HASHWEAVE_ENGINE says who computes the products, by name. Where that one is
// not available the program ends with 77, before Catch2's main function, which comes compiled with it.
#include <cstdio>
#include <cstdlib>
#include <hashweave/cpu/engine.hpp>

namespace {
bool choose() {
  using hashweave::Engine;
  if (const char* wanted = std::getenv("HASHWEAVE_ENGINE")) {
    const Engine engine = hashweave::cpu::engine_named(wanted);
    if (!hashweave::cpu::available(engine)) {
      std::printf("skipped: no products by '%s' here\n", wanted);
      std::exit(77);
    }
    hashweave::cpu::default_engine() = engine;
  }
  return true;
}
[[maybe_unused]] const bool chosen = choose();
}  // namespace
