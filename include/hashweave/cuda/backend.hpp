#pragma once
#include <concepts>
#include <hashweave/core/backend.hpp>
#include <hashweave/core/error.hpp>
#include <hashweave/core/precision.hpp>
#include <memory>

// What a program sees of the CUDA backend, for any C++ compiler. Definitions are in the project's one .cu file, which
// includes <hashweave/cuda/definitions.cuh>.
namespace hashweave {

/// A call of CUDA or cuBLASLt that failed. The message names the call, its file and line, and what the driver says.
class CudaError : public MachineError {
 public:
  using MachineError::MachineError;
};

/// The device's memory. Host code may not touch it; the copies wait for all kernels before them.
struct CudaMemory {
  static std::byte* allocate(std::size_t bytes, std::size_t alignment);
  static void deallocate(std::byte* p, std::size_t alignment) noexcept;
  static void zero(void* p, std::size_t bytes);
  static void copy(void* to, const void* from, std::size_t bytes);
  static void copy_from_host(void* to, const void* host, std::size_t bytes);
  static void copy_to_host(void* host, const void* from, std::size_t bytes);
  static void forbid(void* p, std::size_t bytes);
  static void permit(void* p, std::size_t bytes);
};

/// The host's memory, pinned and mapped: offsets, ids and owners lie here. Kernels read it after the call has returned;
/// before the host writes it again, call `be.synchronise()` or read a result of that step.
///
///     Buffer<std::int32_t, CudaSharedMemory> ids{tokens};
struct CudaSharedMemory {
  static std::byte* allocate(std::size_t bytes, std::size_t alignment);
  static void deallocate(std::byte* p, std::size_t alignment) noexcept;
  static void zero(void* p, std::size_t bytes);
  static void forbid(void*, std::size_t) {}
  static void permit(void*, std::size_t) {}
};

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

  /// @throws CudaError where there is no device.
  explicit Cuda(std::uint64_t seed = 0) : device_{cuda::open_device()} { random_.seed = seed; }

  Tape<CudaMemory>& tape() { return tape_; }
  RandomState& random() { return random_; }
  cuda::Device& device() { return *device_; }

  /// Products in this precision from now on: with bf16 their operands are rounded to bfloat16 on the tape, attention's
  /// in shared memory, sums and results stay float. On devices of a compute capability below 8.0 attention's own
  /// products stay float, as those of the attention of one token do everywhere.
  void use(Precision precision)
    requires std::same_as<T, float>
  {
    precision_ = precision;
  }
  Precision precision() const { return precision_; }

  /// Waits for all kernels. @throws CudaError when one has failed.
  void synchronise() { cuda::synchronise(*device_); }

  /// n values that the host writes and kernels read, valid as long as what is on the tape. The first that are taken
  /// after the tape was empty give back those before, once the kernels that may still read them are done.
  template <class U>
  U* take_shared(Size n) {
    if (seen_ != tape_.emptied()) {
      synchronise();
      shared_.rewind();
      seen_ = tape_.emptied();
    }
    tape_.template take<std::byte>(1);  // so that the tape is not empty while these are in use
    return shared_.template take<U>(n);
  }

 private:
  cuda::DevicePointer device_;
  Tape<CudaMemory> tape_;
  Tape<CudaSharedMemory> shared_;
  std::size_t seen_ = 0;  ///< tape_.emptied() when shared_ was rewound last
  RandomState random_;
  Precision precision_ = Precision::full;
};

}  // namespace hashweave
