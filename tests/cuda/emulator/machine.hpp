#pragma once
#include <cstddef>
#include <cstdint>

// The emulated device's blocks and threads. A block's threads are fibers; each runs until it waits for others. A thread
// that never waits costs one switch, and a kernel without barriers uses one stack.
namespace hashweave::emulator {

struct Index3 {
  unsigned x = 0, y = 0, z = 0;
};
inline Index3 thread_index, block_index, block_extent, grid_extent;
/// Whether the device multiplies fragments, as those of compute capability 8.0 and higher do; a test may take it away.
inline bool fragments = true;

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
