#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

// The emulated device's blocks and threads. A block's threads are fibers; each runs until it waits for others. A thread
// that never waits costs one switch, and a kernel without barriers uses one stack.
namespace hashweave::emulator {

struct Index3 {
  unsigned x = 0, y = 0, z = 0;
};
inline Index3 thread_index, block_index, block_extent, grid_extent;
/// Whether the device multiplies fragments, as those of compute capability 8.0 and higher do; a test may take it away.
inline bool fragments = true;

/// The library of products has activations as epilogues; set to false by tests of what is done where it has none.
inline bool finishes_products = true;

/// What a device does for the host: launches, products, copies to the device. It is done at once, or, while there is a
/// recording, put there, to be done whenever the recording is run.
using Work = std::function<void()>;
inline std::vector<Work>* recording = nullptr;
inline void perform(Work work) {
  if (recording != nullptr) {
    recording->push_back(std::move(work));
  } else {
    work();
  }
}
/// @throws hashweave::Error for what a device does not do while it records.
void require_not_recording(const char* what);
/// Kernels launched so far, those of recordings that were run included.
inline std::size_t launches = 0;

/// Runs body(argument) as every thread of every block, block by block.
/// @throws hashweave::Error for a launch that no device takes, for threads that wait for others in vain, and whatever a
/// thread throws.
void run_blocks(unsigned across, unsigned down, unsigned threads, void (*body)(void*), void* argument);

/// Until all threads of the block, or of the warp, are here.
void wait_for_block();
void wait_for_warp();

/// Gives 16 bytes to the warp, which sees them after `wait_for_warp`. Two sets of slots take turns: nobody writes the
/// set that is being read before all have come to the next wait.
inline constexpr std::size_t slot_bytes = 16;
void give(const void* value, std::size_t bytes);
const std::byte* given_by(unsigned thread);
/// The same with the block and one bit.
void give_block(bool value);
bool given_to_block(unsigned thread);

}  // namespace hashweave::emulator
