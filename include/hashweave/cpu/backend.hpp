#pragma once
#include <concepts>
#include <hashweave/core/backend.hpp>
#include <hashweave/core/constants.hpp>
#include <hashweave/core/form.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/threads.hpp>
#include <hashweave/cpu/engine.hpp>
#include <memory>
#include <thread>
#include <vector>

namespace hashweave {

/// The processor, computing in T (float, or double for checking). Results do not depend on the number of threads: work
/// is cut by its sizes alone and sums are taken in a fixed order. One user thread at a time.
///
///     Cpu<float> be;            // a thread for each core
///     Cpu<double> one{1};       // one thread
///     be.use(Precision::bf16);  // products of rounded operands; all else stays float
template <std::floating_point T>
class Cpu {
 public:
  using Scalar = T;
  using Memory = HostMemory;
  using Constants = hashweave::Constants<T, HostMemory, std::tuple<Form, Engine, Precision>>;

  /// @throws Error when `threads` is less than 1.
  explicit Cpu(Size threads = std::max<Size>(1, static_cast<Size>(std::thread::hardware_concurrency())),
               std::uint64_t seed = 0)
      : threads_{threads}, scratch_(static_cast<std::size_t>(threads)) {
    random_.seed = seed;
  }

  Tape<HostMemory>& tape() { return tape_; }
  RandomState& random() { return random_; }
  Threads& threads() { return threads_; }

  const Arithmetic& arithmetic() const { return arithmetic_; }
  /// Products by this engine, or in this precision, from now on.
  /// @throws Error when this program or processor cannot.
  void use(Engine engine)
    requires std::same_as<T, float>
  {
    arithmetic_.use(engine);
  }
  void use(Precision precision)
    requires std::same_as<T, float>
  {
    arithmetic_.use(precision);
  }

  /// In bf16 products round their operands, so that what products give is kept for `backward` rounded as well.
  bool keeps_half() const
    requires std::same_as<T, float>
  {
    return arithmetic_.precision == Precision::bf16;
  }

  /// What products keep of weights that do not change: see `ConstantScope`.
  Constants& constants() { return constants_; }

  /// Working memory of one worker, kept from call to call; the content is lost when it has to grow.
  std::byte* scratch(Size worker, std::size_t bytes) {
    return grown(scratch_[static_cast<std::size_t>(worker)], bytes);
  }
  /// Before tasks that use `scratch`: brings every worker's to this size, so that nothing has to be allocated later
  /// only because another worker takes the task. Not from within a task.
  void reserve_scratch(std::size_t bytes) {
    for (Size worker = 0; worker < threads_.count(); ++worker) scratch(worker, bytes);
  }
  /// Working memory of one kernel on all threads, kept from call to call. Not from within a task.
  std::byte* shared(std::size_t bytes) { return grown(shared_, bytes); }

 private:
  static std::byte* grown(Buffer<std::byte, HostMemory>& held, std::size_t bytes) {
    if (held.bytes() < bytes) held = Buffer<std::byte, HostMemory>{static_cast<Size>(bytes)};
    return held.data();
  }

  Threads threads_;
  Arithmetic arithmetic_;
  Constants constants_;
  Tape<HostMemory> tape_;
  RandomState random_;
  std::vector<Buffer<std::byte, HostMemory>> scratch_;
  Buffer<std::byte, HostMemory> shared_;
};

/// Calls f(first, count) for chunks of `rows` rows, `cols` wide, on the backend's threads. The cut depends on the sizes
/// alone: about `grain` values a chunk.
template <class T, class F>
void for_row_chunks(Cpu<T>& be, Size rows, Size cols, F&& f, Size grain = Size{1} << 15) {
  const Size each = std::max<Size>(1, grain / std::max<Size>(1, cols));
  const Size chunks = (rows + each - 1) / each;
  be.threads().run(chunks, [&](Size chunk, Size) {
    const Size first = chunk * each;
    f(first, std::min(each, rows - first));
  });
}

/// Calls f(first, count) for chunks of at most `column_chunk` columns, on the backend's threads: sums over rows, each
/// in the order of the rows.
inline constexpr Size column_chunk = 64;
template <class T, class F>
void for_column_chunks(Cpu<T>& be, Size cols, F&& f) {
  be.threads().run((cols + column_chunk - 1) / column_chunk, [&](Size task, Size) {
    f(task * column_chunk, std::min(column_chunk, cols - task * column_chunk));
  });
}

}  // namespace hashweave
