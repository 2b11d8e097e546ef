#pragma once
#include <array>
#include <cstddef>
#include <hashweave/core/error.hpp>
#include <hashweave/core/memory.hpp>
#include <hashweave/cuda/memory.hpp>
#include <memory>
#include <span>

// Copies to the device while kernels run.
namespace hashweave {

namespace cuda {

struct Device;

/// A second stream, which copies from pinned memory to two places on the device, and two events for each place: it has
/// been copied to; what was given to the first stream until then has read it.
struct CopyStream;
struct CloseCopyStream {
  void operator()(CopyStream* copies) const noexcept;
};
using CopyStreamPointer = std::unique_ptr<CopyStream, CloseCopyStream>;
inline constexpr std::size_t copy_places = 2;

/// @throws CudaError as all of these, when a call of CUDA fails.
CopyStreamPointer open_copy_stream(Device& device);
/// Copies as soon as `place` has been read.
void copy_behind(CopyStream& copies, std::size_t place, void* to, const void* from, std::size_t bytes);
/// The host waits for the copies to `place`; kernels that are launched from here on wait for them.
void wait_on_host(CopyStream& copies, std::size_t place);
void wait_on_device(CopyStream& copies, std::size_t place);
/// What was launched so far is all that reads `place`, as it is now.
void note_read(CopyStream& copies, std::size_t place);

}  // namespace cuda

/// Numbers that travel to the device while its kernels run: the host writes the next ones into pinned memory, a second
/// stream copies them, and the kernels that are launched after `receive` wait for these copies alone. Two places take
/// turns, each as large as the most that was asked for, in the host's memory and in the device's.
///
///     const std::span<float> next = be.uploads().room(n);   // of the host; written by any thread
///     be.uploads().send(0, n);                              // all at once, or part by part
///     const float* x = be.uploads().receive();              // of the device, until the next `receive`
template <class T>
class CudaUploads {
 public:
  explicit CudaUploads(cuda::Device& device) : device_{&device} {}

  /// Memory for the next n numbers. What was there and was not received is given up.
  std::span<T> room(Size n) {
    if (copies_ == nullptr) copies_ = cuda::open_copy_stream(*device_);
    Place& next = places_[1 - current_];
    cuda::wait_on_host(*copies_, 1 - current_);
    if (next.host.size() < n) {
      next = Place{};
      next.host = Buffer<T, CudaSharedMemory>{n};
      next.device = Buffer<T, CudaMemory>{n};
      cuda::note_read(*copies_, 1 - current_);  // the zeros that were written there come first
    }
    next.count = n;
    next.sent = 0;
    return {next.host.data(), static_cast<std::size_t>(n)};
  }
  /// `count` numbers from number `first` on are written. From the thread that uses the backend.
  /// @throws Error for more than there is room for.
  void send(Size first, Size count) {
    Place& next = places_[1 - current_];
    require(first >= 0 && count >= 0 && first + count <= next.count, "CudaUploads::send", "numbers",
            Phrase{"at most ", next.count}, first + count);
    if (count == 0) return;
    cuda::copy_behind(*copies_, 1 - current_, next.device.data() + first, next.host.data() + first,
                      static_cast<std::size_t>(count) * sizeof(T));
    next.sent += count;
  }
  /// The numbers that were sent last, on the device. What the `receive` before gave is no longer to be read.
  /// @throws Error unless all of them were sent.
  T* receive() {
    Place& next = places_[1 - current_];
    require(next.count > 0 && next.sent == next.count, "CudaUploads::receive", "numbers sent", next.count, next.sent);
    next.sent = 0;
    cuda::note_read(*copies_, current_);
    current_ = 1 - current_;
    cuda::wait_on_device(*copies_, current_);
    return next.device.data();
  }
  /// The numbers at this address of the host, if they are what `room` gave last: received now, or before.
  T* find(const T* host) {
    if (copies_ == nullptr || host == nullptr) return nullptr;
    if (host == places_[current_].host.data()) return places_[current_].device.data();
    return host == places_[1 - current_].host.data() ? receive() : nullptr;
  }

 private:
  struct Place {
    Buffer<T, CudaSharedMemory> host{};
    Buffer<T, CudaMemory> device{};
    Size count = 0, sent = 0;  ///< in numbers
  };

  cuda::Device* device_;
  std::array<Place, cuda::copy_places> places_{};
  std::size_t current_ = 0;  ///< the place that was received last
  cuda::CopyStreamPointer copies_{};
};

}  // namespace hashweave
