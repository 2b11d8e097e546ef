// The test programs' main function: compiled once, it takes the longest of all.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <hashweave/cpu/engine.hpp>

// The environment's HASHWEAVE_ENGINE says who computes the products: eigen, onednn, avx512 or amx. 77: not available
// here.
int main(int argc, char** argv) {
  using hashweave::Engine;
  if (const char* wanted = std::getenv("HASHWEAVE_ENGINE")) {
    const char* names[]{"eigen", "onednn", "avx512", "amx"};
    const Engine engines[]{Engine::eigen, Engine::onednn, Engine::avx512, Engine::amx};
    bool found = false;
    for (int i = 0; i < 4; ++i) {
      if (std::strcmp(wanted, names[i]) != 0 || !hashweave::cpu::available(engines[i])) continue;
      hashweave::cpu::default_engine() = engines[i];
      found = true;
    }
    if (!found) {
      std::printf("skipped: no products by '%s' here\n", wanted);
      return 77;
    }
  }
  return Catch::Session().run(argc, argv);
}
