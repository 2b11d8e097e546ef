#pragma once
#include <hashweave/core/error.hpp>
#include <hashweave/core/precision.hpp>
#include <hashweave/cpu/instructions.hpp>
#include <hashweave/cpu/onednn_product.hpp>
#include <initializer_list>
#include <string_view>

namespace hashweave {

/// Who computes the CPU's products. `Cpu<double>` always uses Eigen.
enum class Engine {
  eigen,   ///< Eigen's products: everywhere
  onednn,  ///< oneDNN's in float, where the program is built with it: chooses its instructions at run time
  avx2,    ///< our own, where the program is compiled for AVX2 and FMA
  avx512,  ///< our own, where the program is compiled for AVX-512; bf16 where for AVX512-BF16
  amx,     ///< as avx512, but bf16 by AMX's tiles
};

namespace cpu {

/// Whether products can be computed so here and now.
inline bool available(Engine engine, Precision precision = Precision::full) {
  switch (engine) {
    case Engine::amx:
      return amx_granted();
    case Engine::avx512:
      return precision == Precision::full ? HASHWEAVE_AVX512 != 0 : HASHWEAVE_AVX512_BF16 != 0;
    case Engine::avx2:
      return precision == Precision::full && HASHWEAVE_AVX2 != 0;
    case Engine::onednn:
      return precision == Precision::full && onednn_available();
    case Engine::eigen:
      return precision == Precision::full;
  }
  return false;
}

/// All there are, the one that is fastest where it is available first.
inline constexpr std::initializer_list<Engine> engines{Engine::amx, Engine::avx512, Engine::avx2, Engine::onednn,
                                                       Engine::eigen};

inline constexpr std::string_view name_of(Engine engine) {
  constexpr std::string_view names[]{"eigen", "onednn", "avx2", "avx512", "amx"};
  return names[static_cast<std::size_t>(engine)];
}

/// The engine of this name. @throws Error when there is none.
inline Engine engine_named(std::string_view name) {
  for (const Engine e : engines) {
    if (name_of(e) == name) return e;
  }
  fail("products", "engine", "amx, avx512, avx2, onednn or eigen", name);
}

/// What a new backend takes: the first of `engines` that is available. Tests set it.
inline Engine& default_engine() {
  static Engine chosen = [] {
    for (const Engine e : engines) {
      if (available(e)) return e;
    }
    return Engine::eigen;
  }();
  return chosen;
}

}  // namespace cpu

/// Whether `Precision::bf16` is possible: the processor has AMX or AVX512-BF16 and the program is compiled for it
/// (-march=native).
inline bool bf16_supported() {
  for (const Engine e : cpu::engines) {
    if (cpu::available(e, Precision::bf16)) return true;
  }
  return false;
}

/// How a backend multiplies.
struct Arithmetic {
  Engine engine = cpu::default_engine();
  Precision precision = Precision::full;

  /// @throws Error when the engine is not available.
  void use(Engine wanted) {
    require(cpu::available(wanted, precision), "products", "engine", "one that is available here, in this precision",
            cpu::name_of(wanted));
    engine = wanted;
  }
  /// Takes another engine where this one cannot.
  /// @throws Error when none can.
  void use(Precision wanted) {
    precision = wanted;
    if (cpu::available(engine, wanted)) return;
    for (const Engine e : cpu::engines) {
      if (cpu::available(e, wanted)) {
        engine = e;
        return;
      }
    }
    precision = Precision::full;
    fail("products", "precision bf16",
         "a processor with AMX or AVX512-BF16 and a program compiled for it (-march=native)", "none");
  }
};

}  // namespace hashweave
