#pragma once
#include <any>
#include <hashweave/core/memory.hpp>
#include <hashweave/core/precision.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/core/replay.hpp>
#include <hashweave/core/tape.hpp>
#include <hashweave/cuda/memory.hpp>
#include <map>
#include <memory>
#include <tuple>
#include <typeindex>
#include <utility>
#include <vector>

// Work that is launched again as it was: a CUDA graph.
namespace hashweave::cuda {

struct Device;

/// Launches and copies that were recorded, to be run again as one.
struct Graph;
struct CloseGraph {
  void operator()(Graph* graph) const noexcept;
};
using GraphPointer = std::unique_ptr<Graph, CloseGraph>;

/// What is given to the stream from here on is not run, but recorded, until `end_recording` or `drop_recording`.
/// @throws CudaError
void begin_recording(Device& device);
/// @throws CudaError when something was asked for meanwhile that cannot be recorded, such as a copy to the host.
GraphPointer end_recording(Device& device);
void drop_recording(Device& device) noexcept;
/// Gives all of it to the stream. @throws CudaError
void run_graph(Device& device, Graph& graph);

/// A recording that ends with its scope, whatever is thrown.
class Recording {
 public:
  explicit Recording(Device& device) : device_{&device} { begin_recording(device); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    if (device_ != nullptr) drop_recording(*device_);
  }
  GraphPointer end() { return end_recording(*std::exchange(device_, nullptr)); }

 private:
  Device* device_;
};

/// A random stream as kernels take it: as it is, or, in recorded work, by its place behind the one at which the work
/// begins; where that is when it is replayed lies at `base`, in the device's memory.
struct PlacedStream {
  RandomStream stream;
  const RandomState* base = nullptr;
};

/// Where work finds a backend: what, besides its key, decides on the addresses that its kernels get.
struct ReplayPlace {
  BufferStack<CudaMemory>::Mark tape{}, brief{};
  std::size_t tape_changes = 0, brief_changes = 0;
  Precision precision = Precision::full;
  const void* constants = nullptr;  ///< of which values products keep operands
  std::ptrdiff_t constants_count = 0;
  std::size_t constants_version = 0;
  friend bool operator==(const ReplayPlace&, const ReplayPlace&) = default;
};

/// What is known of work with one key.
struct Replay {
  bool seen = false;                ///< it has run at `place` and would find the same addresses again
  ReplayPlace place{};              ///< where it began
  GraphPointer graph{};             ///< if it was recorded
  Tape<CudaSharedMemory> shared{};  ///< what the recorded copies read of the host's memory
  std::size_t tape = 0, brief = 0;  ///< bytes that it left on the tape's stacks
  RandomState began{};              ///< where it was in the random numbers when it was recorded
  std::uint32_t drawn = 0;          ///< how many places it takes of them
  std::vector<bool> constants{};    ///< which kept operands are laid out after it
  std::any result{};
  std::size_t used = 0;
};

/// All work that may be replayed, the last `most` of it.
class Replays {
 public:
  static constexpr std::size_t most = 64;
  /// Which piece of code, the caller's key, and which kept operands need not be laid out.
  using Key = std::tuple<std::type_index, ReplayKey, std::vector<bool>>;

  Replay& at(Key key) {
    if (all_.size() >= most && !all_.contains(key)) {
      auto oldest = all_.begin();
      for (auto one = all_.begin(); one != all_.end(); ++one)
        if (one->second.used < oldest->second.used) oldest = one;
      all_.erase(oldest);
    }
    Replay& found = all_[std::move(key)];
    found.used = ++clock_;
    return found;
  }

 private:
  std::map<Key, Replay> all_;
  std::size_t clock_ = 0;
};

}  // namespace hashweave::cuda
