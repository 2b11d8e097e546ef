// Counts what a training step takes from the heap, by standing in for glibc's allocator. Sanitizers stand there
// themselves, so that this file is empty under them.
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define HASHWEAVE_OWN_ALLOCATOR 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HASHWEAVE_OWN_ALLOCATOR 0
#endif
#endif
#ifndef HASHWEAVE_OWN_ALLOCATOR
#define HASHWEAVE_OWN_ALLOCATOR 1
#endif

#if HASHWEAVE_OWN_ALLOCATOR
#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <new>

#include "support/tiny_model.hpp"
#include "support/tiny_satah.hpp"

namespace {

std::atomic<bool> counting{false};
std::atomic<long> taken{0};
void count() {
  if (counting.load(std::memory_order_relaxed)) taken.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t bytes) noexcept;
void* __libc_calloc(std::size_t n, std::size_t bytes) noexcept;
void* __libc_realloc(void* p, std::size_t bytes) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t bytes) noexcept;

void* malloc(std::size_t bytes) noexcept {
  count();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t n, std::size_t bytes) noexcept {
  count();
  return __libc_calloc(n, bytes);
}
void* realloc(void* p, std::size_t bytes) noexcept {
  count();
  return __libc_realloc(p, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  count();
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  count();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** p, std::size_t alignment, std::size_t bytes) noexcept {
  count();
  *p = __libc_memalign(alignment, bytes);
  return *p == nullptr ? ENOMEM : 0;
}
}

namespace {

/// How often f takes memory from the heap, on all threads.
template <class F>
long allocations(F&& f) {
  taken = 0;
  counting = true;
  f();
  counting = false;
  return taken;
}

using namespace hashweave;
using namespace hashweave::test;

/// In all the precisions that there are; oneDNN takes working memory of its own.
std::vector<Precision> precisions() {
  std::vector<Precision> all;
  if (cpu::default_engine() != Engine::onednn) all.push_back(Precision::full);
  if (bf16_supported()) all.push_back(Precision::bf16);
  return all;
}

/// Allocations of three steps after two.
template <class B, class Step>
long in_steady_state(B& be, Step step) {
  std::uint32_t number = 0;
  const auto one = [&] {
    be.tape().rewind();
    be.random().begin_step(number++);
    step();
  };
  one();
  one();
  return allocations([&] {
    for (int i = 0; i < 3; ++i) one();
  });
}

volatile bool keep = true;  // so that the compiler cannot leave a pair of calls out
template <class T>
void* sink(T* p) {
  return keep ? static_cast<void*>(p) : nullptr;
}

}  // namespace

TEST_CASE("The count of allocations sees every way to the heap", "[cpu][allocations]") {
  CHECK(allocations([] {}) == 0);
  constexpr std::align_val_t wide{128};
  CHECK(allocations([] { ::operator delete(sink(::operator new(8))); }) == 1);  // a new expression may be left out
  CHECK(allocations([] { ::operator delete(sink(::operator new(128, wide)), wide); }) == 1);
  CHECK(allocations([] { std::free(sink(std::malloc(8))); }) == 1);
  CHECK(allocations([] { std::free(sink(std::calloc(8, 8))); }) == 1);
  CHECK(allocations([] { std::free(sink(std::realloc(sink(std::malloc(8)), 800))); }) == 2);
  CHECK(allocations([] { std::free(sink(std::aligned_alloc(64, 64))); }) == 1);
  CHECK(allocations([] {
          void* p = nullptr;
          if (posix_memalign(&p, 64, 64) == 0) std::free(sink(p));
        }) == 1);
}

TEST_CASE("A training step of ViT2CMH in steady state allocates nothing", "[cpu][allocations]") {
  using B = Cpu<float>;
  const auto check = [](Size threads, Precision precision) {
    INFO(threads << " threads");
    B be{threads};
    be.use(precision);
    TinyModel<B> model;
    model.params.initialise(1);
    set_dropout(model.arch, 0.1);
    TinyBatch<float> batch{6};
    const TripletAngularLoss<> loss{0.1, 0.1};
    Adam<B, TinyVit2Cmh> adam{{.clip_norm = 2}};
    const auto step = [&] {
      model.grads.zero();
      const auto forward = model.forward(be, batch.images<B>(), batch.captions<B>());
      const auto result = loss(be, forward.y.image, forward.y.text, batch.owners);
      model.backward(be, forward.saved, result.gradient);
      adam.step(be, model.params, model.grads);
    };
    CHECK(in_steady_state(be, step) == 0);
    CHECK(adam.steps() == 5);
    CHECK(be.tape().capacity() == be.tape().high_water());
    CHECK(be.tape().step_peak() == be.tape().high_water());
  };
  for (const Precision p : precisions()) {
    for (const Size threads : {1, 2}) check(threads, p);
  }
}

TEST_CASE("A training step of SATAH in steady state allocates nothing", "[cpu][allocations]") {
  using B = Cpu<float>;
  for (const Precision p : precisions()) {
    for (const Size threads : {1, 2}) {
      INFO(threads << " threads");
      B be{threads};
      be.use(p);
      TinySatah<B> tiny{9};
      const auto step = [&] {
        tiny.label_step(be);
        tiny.step(be);
      };
      CHECK(in_steady_state(be, step) == 0);
      CHECK(tiny.adversaries.optimizer.steps() == 5);
      CHECK(be.tape().capacity() == be.tape().high_water());
    }
  }
}

TEST_CASE("A step whose work is cut into many pieces allocates nothing in steady state, whoever takes them",
          "[cpu][allocations]") {
  using B = Cpu<float>;
  using Block = TransformerBlock<96, 4, 384>;
  const auto check = [](Size threads, Precision precision) {
    INFO(threads << " threads");
    B be{threads};
    be.use(precision);
    Model<B, Block, Tokens<96>> model;
    model.params.initialise(1);
    std::vector<Size> offsets{0, 240, 241, 270, 300};
    std::vector<float> values(300 * 96, 0.5F);
    const View<B, Tokens<96>> x{values.data(), checked_segments(offsets, 300)};
    Sgd<B, Block> sgd{{.momentum = 0.9}};
    const auto step = [&] {
      const auto forward = model.forward(be, x);
      model.backward(be, forward.saved, forward.y);
      sgd.step(be, model.params, model.grads);
      model.infer(be, x);
    };
    CHECK(in_steady_state(be, step) == 0);
    CHECK(be.tape().capacity() == be.tape().high_water());
  };
  for (const Precision p : precisions()) {
    for (const Size threads : {2, 4}) check(threads, p);
  }
}
#endif
