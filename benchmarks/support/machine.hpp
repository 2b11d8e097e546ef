#pragma once
#include <unistd.h>

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <hashweave/core/form.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/gemm.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

// What this machine can do, measured in this process on as many threads as the backend has: the peaks against which
// the benchmarks report what they reach.
namespace hashweave::bench {

/// Threads of every benchmark: the environment's HASHWEAVE_THREADS, else one a core.
inline Size thread_count() {
  if (const char* text = std::getenv("HASHWEAVE_THREADS")) return std::max<Size>(1, std::stoll(text));
  return std::max<Size>(1, static_cast<Size>(std::thread::hardware_concurrency()));
}

/// Who computes the products: the one that the environment's HASHWEAVE_ENGINE names, else what is best here.
inline Engine engine() {
  const char* name = std::getenv("HASHWEAVE_ENGINE");
  return name != nullptr ? cpu::engine_named(name) : cpu::default_engine();
}

/// The backend that all benchmarks of a process share.
template <class T>
Cpu<T>& backend() {
  static Cpu<T> be{thread_count()};
  if constexpr (std::is_same_v<T, float>) {
    [[maybe_unused]] static const bool chosen = (be.use(engine()), true);
  }
  return be;
}

/// Wall-clock seconds of one call.
template <class F>
double seconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
/// The same, the best of `rounds` calls.
template <class F>
double best_seconds(int rounds, F&& f) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < rounds; ++i) best = std::min(best, seconds(f));
  return best;
}

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
#elif defined(__AVX2__)
inline constexpr int vector_bytes = 32;
#else
inline constexpr int vector_bytes = 16;
#endif
using F32 [[gnu::vector_size(vector_bytes)]] = float;
using F64 [[gnu::vector_size(vector_bytes)]] = double;

/// `repeats` rounds of independent chains x = x / 2 + term; their sum, so that they are not left out.
/// Chains: at least the latency of a multiply-add times its units, at most the registers.
template <class V, Size Chains, class T>
#ifdef __clang__
__attribute__((min_vector_width(8 * vector_bytes)))  // or 512 bits become twice 256
#endif
V multiply_add_chains(T term, Size repeats) {
  V x[Chains];
  for (Size i = 0; i < Chains; ++i) x[i] = V{} + static_cast<T>(i);
  const V half = V{} + T(0.5), terms = V{} + term;
  for (Size n = 0; n < repeats; ++n) {
#pragma GCC unroll 12
    for (Size i = 0; i < Chains; ++i) x[i] = x[i] * half + terms;
  }
  V sum{};
  for (const V& v : x) sum += v;
  return sum;
}

/// Floating-point operations a second of multiply-adds between registers, on all the backend's threads.
template <class T>
double multiply_add_peak() {
  static const double peak = [] {
    using V = std::conditional_t<std::is_same_v<T, float>, F32, F64>;
    constexpr Size chains = 12, repeats = 1 << 17, lanes = vector_bytes / static_cast<Size>(sizeof(T));
    Threads& threads = backend<T>().threads();
    std::vector<V> kept(static_cast<std::size_t>(threads.count()));
    const double best = best_seconds(60, [&] {
      threads.run(threads.count(), [&](Size task, Size) {
        kept[static_cast<std::size_t>(task)] = multiply_add_chains<V, chains>(static_cast<T>(task), repeats);
      });
    });
    return static_cast<double>(2 * chains * lanes * repeats * threads.count()) / best;
  }();
  return peak;
}

/// Bytes a second of a = b + s c over arrays far larger than the caches, on all the backend's threads. Three arrays
/// are counted, as STREAM does; what a cache reads of a line before it is written is not.
inline double memory_bandwidth() {
  static const double bandwidth = [] {
    const Size cache = std::max<Size>(0, sysconf(_SC_LEVEL3_CACHE_SIZE));
    const Size values = std::clamp<Size>(cache, Size{64} << 20, Size{512} << 20) / static_cast<Size>(sizeof(float));
    Cpu<float>& be = backend<float>();
    const auto count = static_cast<std::size_t>(values);
    std::vector<float> a(count), b(count, 1.0F), c(count, 2.0F);
    const double best = best_seconds(4, [&] {
      for_row_chunks(be, values, 1, [&](Size first, Size n) {
        float* __restrict__ x = a.data() + first;
        const float *y = b.data() + first, *z = c.data() + first;
        for (Size i = 0; i < n; ++i) x[i] = y[i] + 3.0F * z[i];
      });
    });
    return 3 * static_cast<double>(values) * sizeof(float) / best;
  }();
  return bandwidth;
}

/// c = op(a) op(b) by Eigen's public expressions: the rows of c are cut into one equal part for each of the backend's
/// threads, and every part is one Eigen product.
template <class T>
void eigen_product(Cpu<T>& be, Form form, Out<T> c, In<T> a, In<T> b) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto map = [](auto m) {
    using E = std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(m.data)>>, const Matrix, Matrix>;
    return Eigen::Map<E, 0, Eigen::OuterStride<>>(m.data, m.rows, m.cols, Eigen::OuterStride<>(m.ld));
  };
  const Size parts = be.threads().count(), each = (c.rows + parts - 1) / parts;
  be.threads().run(parts, [&](Size part, Size) {
    const Size first = std::min(c.rows, part * each), count = std::min(each, c.rows - first);
    if (count <= 0) return;
    auto y = map(rows_of(c, first, count));
    if (form == Form::nn) y.noalias() = map(rows_of(a, first, count)) * map(b);
    if (form == Form::nt) y.noalias() = map(rows_of(a, first, count)) * map(b).transpose();
    if (form == Form::tn) y.noalias() = map(cols_of(a, first, count)).transpose() * map(b);
  });
}

/// Eigen's product with operands of its own: c (m, n), depth k.
template <class T>
class EigenProduct {
 public:
  EigenProduct(Form form, Size m, Size n, Size k)
      : form_{form},
        m_{m},
        n_{n},
        k_{k},
        a_(static_cast<std::size_t>(m * k), T(0.25)),
        b_(static_cast<std::size_t>(k * n), T(0.5)),
        c_(static_cast<std::size_t>(m * n)) {}

  void operator()() {
    const bool ta = form_ == Form::tn, tb = form_ == Form::nt;
    eigen_product<T>(backend<T>(), form_, matrix(c_.data(), m_, n_), matrix(a_.data(), ta ? k_ : m_, ta ? m_ : k_),
                     matrix(b_.data(), tb ? n_ : k_, tb ? k_ : n_));
  }
  double flop() const { return 2.0 * static_cast<double>(m_) * static_cast<double>(n_) * static_cast<double>(k_); }

 private:
  Form form_;
  Size m_, n_, k_;
  std::vector<T> a_, b_, c_;
};

/// Floating-point operations a second of Eigen's own product c (m, n), depth k; the best of several.
template <class T>
double eigen_rate(Form form, Size m, Size n, Size k) {
  EigenProduct<T> product{form, m, n, k};
  return product.flop() / best_seconds(5, product);
}

/// Floating-point operations a second of the backend's own large product (nt), best of `rounds`.
inline double product_rate(Cpu<float>& be, int rounds) {
  constexpr Size m = 2048, n = 3072, k = 768;
  static const std::vector<float> a(m * k, 0.25F), b(n * k, 0.5F);
  static std::vector<float> c(m * n);
  return 2.0 * m * n * k / best_seconds(rounds, [&] {
           multiply<float>(be, Form::nt, matrix(c.data(), m, n), matrix(a.data(), m, k), matrix(b.data(), n, k));
         });
}

/// What a pre-norm transformer block computes in products and attention, in floating-point operations.
struct BlockWork {
  Size sequences, tokens, width, hidden;

  Size rows() const { return sequences * tokens; }
  double attention() const { return 4.0 * static_cast<double>(rows() * tokens * width); }
  double forward() const {
    return 2.0 * static_cast<double>(rows() * (4 * width * width + 2 * width * hidden)) + attention();
  }
  double training() const { return 3 * forward(); }  ///< forward and backward
};

/// Eigen's own products of exactly the shapes of a transformer block.
template <class T>
class EigenBlock {
 public:
  explicit EigenBlock(const BlockWork& w) {
    const Size shapes[][2]{{3 * w.width, w.width}, {w.width, w.width}, {w.hidden, w.width}, {w.width, w.hidden}};
    for (const auto& [out, in] : shapes) {
      forward_.emplace_back(Form::nt, w.rows(), out, in);
      backward_.emplace_back(Form::nn, w.rows(), in, out);
      backward_.emplace_back(Form::tn, out, in, w.rows());
    }
  }
  void forward() {
    for (auto& product : forward_) product();
  }
  void backward() {
    for (auto& product : backward_) product();
  }
  double forward_flop() const { return sum(forward_); }
  double backward_flop() const { return sum(backward_); }

 private:
  static double sum(const std::vector<EigenProduct<T>>& products) {
    double flop = 0;
    for (const auto& product : products) flop += product.flop();
    return flop;
  }
  std::vector<EigenProduct<T>> forward_, backward_;
};

}  // namespace hashweave::bench
