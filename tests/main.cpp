// The test programs' main function: compiled once, it takes the longest of all.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <hashweave/cpu/engine.hpp>

// The environment's HASHWEAVE_ENGINE says who computes the products, by name. 77: not available here.
int main(int argc, char** argv) {
  using hashweave::Engine;
  if (const char* wanted = std::getenv("HASHWEAVE_ENGINE")) {
    const Engine engine = hashweave::cpu::engine_named(wanted);
    if (!hashweave::cpu::available(engine)) {
      std::printf("skipped: no products by '%s' here\n", wanted);
      return 77;
    }
    hashweave::cpu::default_engine() = engine;
  }
  return Catch::Session().run(argc, argv);
}
