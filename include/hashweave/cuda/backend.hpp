#pragma once
#include <concepts>
#include <hashweave/core/backend.hpp>
#include <hashweave/core/constants.hpp>
#include <hashweave/core/error.hpp>
#include <hashweave/core/precision.hpp>
#include <hashweave/cuda/memory.hpp>
#include <hashweave/cuda/replay.hpp>
#include <hashweave/cuda/uploads.hpp>
#include <memory>
#include <type_traits>

// What a program sees of the CUDA backend, for any C++ compiler. Definitions are in the project's one .cu file, which
// includes <hashweave/cuda/definitions.cuh>.
namespace hashweave {

namespace cuda {

/// A stream and the library handles that belong to it.
struct Device;
struct CloseDevice {
  void operator()(Device* device) const noexcept;
};
using DevicePointer = std::unique_ptr<Device, CloseDevice>;
/// @throws CudaError where there is no device.
DevicePointer open_device();
/// Waits for all that was given to the stream. @throws CudaError for what has failed since the last time.
void synchronise(Device& device);

}  // namespace cuda

/// The first CUDA device, computing in T. Kernels are given to one stream and run in order; a call returns before they
/// are done. What comes back to the host (`to_host`, `squared_norm`, copies) waits for them. Every sum has one order
/// and there are no atomic additions of floating-point numbers: a step gives the same bits each time on one device.
///
/// Scalars (images, codes, parameters) lie in `CudaMemory`; ids, segments and owners in `CudaSharedMemory`.
///
///     Cuda<float> be;
///     Model<Cuda<float>, Vit2Cmh, Pixels<3, 224, 224>, TokenIds> model;
template <std::floating_point T>
class Cuda {
 public:
  using Scalar = T;
  using Memory = CudaMemory;
  /// Besides the matrix: of how many groups it is the first, and how far the next one is.
  using Constants = hashweave::Constants<T, CudaMemory, std::tuple<Size, Size>>;

  /// @throws CudaError where there is no device.
  explicit Cuda(std::uint64_t seed = 0) : device_{cuda::open_device()} { random_.seed = seed; }

  Tape<CudaMemory>& tape() { return tape_; }
  RandomState& random() { return random_; }
  cuda::Device& device() { return *device_; }

  /// Products in this precision from now on: with bf16 their operands are rounded to bfloat16, on the tape unless they
  /// are kept (`ConstantScope`), attention's in shared memory; sums and results stay float. On devices of a compute
  /// capability below 8.0 attention's own products stay float, as those of the attention of one token do everywhere.
  void use(Precision precision)
    requires std::same_as<T, float>
  {
    precision_ = precision;
  }
  Precision precision() const { return precision_; }

  /// What products in bf16 keep of weights that do not change, rounded: see `ConstantScope`. One rounding serves all
  /// forms of a product, hence forward and backward.
  Constants& constants() { return constants_; }

  /// Waits for all kernels. @throws CudaError when one has failed.
  void synchronise() { cuda::synchronise(*device_); }

  /// n values that the host writes and kernels read, valid as long as what is on the tape. The first that are taken
  /// after the tape was empty give back those before, once the kernels that may still read them are done.
  template <class U>
  U* take_shared(Size n) {
    if (recorded_ != nullptr) return recorded_->shared.template take<U>(n);
    if (seen_ != tape_.emptied()) {
      synchronise();
      shared_.rewind();
      seen_ = tape_.emptied();
    }
    tape_.template take<std::byte>(1);  // so that the tape is not empty while these are in use
    return shared_.template take<U>(n);
  }

  /// What travels to the device while kernels run, such as the next batch's pictures.
  CudaUploads<T>& uploads() { return uploads_; }

  /// f(), whose kernels are recorded when the same work comes for the second time, and from then on launched as one
  /// CUDA graph, without running f. Work is the same when it is this f in the program, the key is equal, and it finds
  /// the tape, the precision and the kept weights as they were; else f runs as it is. What f captures and launches
  /// kernels with has to be part of the key: sizes, addresses, offsets, rates. Values in the memory that it names may
  /// change, in the device's and in pinned memory, but what f checks of them is checked only when f runs. The result is
  /// made of views and matrices, or nothing; it lies on the tape as if f had run.
  ///
  /// f draws the random numbers that it would draw if it ran, and `random()` is the same afterwards; it begins no step
  /// of them. It reads nothing back (`to_host`, `squared_norm`), and copies and zeroes nothing but by kernels. So of a
  /// training step it is all from forward to backward; clearing the gradients comes before, and behind it come the
  /// loss's value and the optimiser.
  /// @throws Error when f changes the seed or the step of the random numbers, or while it is recorded draws by a stream
  /// that is not its own; CudaError when it does what cannot be recorded.
  ///
  ///     auto codes = be.replay(ReplayKey{x.data, x.batch}, [&] { return model.infer(be, x); });
  ///     auto judged = be.replay(ReplayKey{x.data, x.batch, labels.data}, [&] {
  ///       auto [h, saved] = model.forward(be, x);
  ///       auto result = loss(be, h, labels);
  ///       model.backward(be, saved, result.gradient);
  ///       return result;
  ///     });
  ///     double value = to_host(be, judged.value);
  template <class F>
  std::invoke_result_t<F&> replay(const ReplayKey& key, F&& f);
  /// How often work was recorded, and how often it was launched as recorded.
  struct ReplayCounts {
    Size recorded = 0, replayed = 0;
  };
  ReplayCounts replays() const { return replay_counts_; }
  /// For kernels that draw: the stream, relative to the place where the work began while it is recorded.
  cuda::PlacedStream placed(const RandomStream& stream) const {
    if (recorded_ == nullptr) return {stream};
    const RandomState& began = recorded_->began;
    require(stream.seed == began.seed && stream.step == began.step && stream.place >= began.place, "Cuda::replay",
            "random stream", "one that f takes from random()", "another");
    return {{0, 0, stream.place - began.place}, random_base_.data()};
  }

 private:
  cuda::ReplayPlace place() {
    return {tape_.mark(),
            tape_.brief().mark(),
            tape_.changes(),
            tape_.brief().changes(),
            precision_,
            constants_.values().data(),
            std::ssize(constants_.values()),
            constants_.version()};
  }
  /// f(), in a box.
  template <class F>
  std::any boxed(F& f) {
    const RandomState before = random_;
    std::any result;
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
      f();
    } else {
      result = f();
    }
    require(random_.seed == before.seed && random_.step == before.step, "Cuda::replay", "random numbers after f",
            "the seed and the step before it", "others");
    return result;
  }

  cuda::DevicePointer device_;
  Tape<CudaMemory> tape_;
  Tape<CudaSharedMemory> shared_;
  std::size_t seen_ = 0;  ///< tape_.emptied() when shared_ was rewound last
  RandomState random_;
  Precision precision_ = Precision::full;
  Constants constants_;
  CudaUploads<T> uploads_{*device_};
  cuda::Replays replays_;
  ReplayCounts replay_counts_;
  cuda::Replay* recorded_ = nullptr;               ///< what is being recorded
  Buffer<RandomState, CudaMemory> random_base_{};  ///< where replayed work begins in the random numbers
};

template <std::floating_point T>
template <class F>
std::invoke_result_t<F&> Cuda<T>::replay(const ReplayKey& key, F&& f) {
  using Result = std::invoke_result_t<F&>;
  static_assert(std::is_void_v<Result> || std::is_trivially_copyable_v<Result>, "replay: f gives views or matrices");
  if (recorded_ != nullptr) return f();  // a part of what is recorded
  cuda::Replay& known = replays_.at({typeid(f), key, constants_.current()});
  const cuda::ReplayPlace begun = place();
  const bool same = known.seen && known.place == begun;
  if (!same) {
    known.graph.reset();
    known.seen = false;
    known.result = boxed(f);
    known.place = begun;
    known.seen = tape_.mark().block == begun.tape.block && tape_.brief().mark().block == begun.brief.block;
  } else {
    if (known.graph == nullptr) {
      known.seen = false;  // should f throw
      struct End {
        cuda::Replay*& recorded;
        ~End() { recorded = nullptr; }
      } const end{recorded_};
      known.shared.template take<std::byte>(static_cast<Size>(shared_.high_water()));  // at least what f will take
      known.shared.rewind();
      if (random_base_.size() == 0) random_base_ = Buffer<RandomState, CudaMemory>{1};
      known.began = random_;
      recorded_ = &known;
      cuda::Recording recording{*device_};
      known.result = boxed(f);
      known.graph = recording.end();
      known.tape = tape_.mark().top - begun.tape.top;
      known.brief = tape_.brief().mark().top - begun.brief.top;
      known.drawn = random_.place - known.began.place;
      known.constants = constants_.current();
      known.seen = true;
      ++replay_counts_.recorded;
    } else {
      if (known.tape > 0) tape_.template take<std::byte>(static_cast<Size>(known.tape));
      if (known.brief > 0) tape_.brief().template take<std::byte>(static_cast<Size>(known.brief));
      known.began = random_;
      random_.place += known.drawn;
      constants_.set_current(known.constants);
      ++replay_counts_.replayed;
    }
    if (known.drawn > 0) set_random_base(*this, random_base_.data(), known.began);
    cuda::run_graph(*device_, *known.graph);
  }
  if constexpr (!std::is_void_v<Result>) return std::any_cast<Result>(known.result);
}

}  // namespace hashweave
