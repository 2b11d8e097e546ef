#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

// The emulated device's memory. Every four bytes have a state (nobody's, taken, written) and a record of who wrote and
// read them last, so that a wrong access is an exception the moment it happens. Host code cannot touch device memory:
// between kernels its pages are protected.
namespace hashweave::emulator {

/// Which thread is running: the serial number of its block over all launches (0: the host), its place in the block, and
/// how many barriers of the block it has passed.
struct Running {
  std::uint64_t block = 0;
  std::uint16_t thread = 0, phase = 0;
  std::uint64_t launch_first = ~std::uint64_t{0};  ///< the serial of the launch's first block; the host's is behind all
};
inline Running running;

/// Who wrote and who read a place last.
struct Record {
  static constexpr std::uint16_t several = 0xffff;
  std::uint64_t write_block = 0, read_block = 0, other_read_block = 0;
  std::uint16_t write_thread = 0, write_phase = 0, read_thread = 0, read_phase = 0;

  /// Notes the access; gives what is wrong with it, or null.
  const char* read(const Running& me) {
    const char* fault = nullptr;
    if (write_block >= me.launch_first && write_block != 0) {
      if (write_block != me.block) fault = "reads what another block of the same launch wrote";
      if (write_block == me.block && write_thread != me.thread && write_phase == me.phase)
        fault = "reads what another thread wrote, without a barrier between";
    }
    if (read_block != me.block) {
      other_read_block = read_block;
      read_block = me.block;
      read_thread = me.thread;
      read_phase = me.phase;
    } else if (read_phase != me.phase) {
      read_thread = me.thread;
      read_phase = me.phase;
    } else if (read_thread != me.thread) {
      read_thread = several;
    }
    return fault;
  }
  const char* write(const Running& me) {
    const char* fault = nullptr;
    const auto now = [&](std::uint64_t block) { return block != 0 && block >= me.launch_first; };
    if (now(write_block) && write_block != me.block) fault = "writes what another block of the same launch wrote";
    if (now(write_block) && write_block == me.block && write_thread != me.thread && write_phase == me.phase)
      fault = "writes what another thread wrote, without a barrier between";
    if ((now(read_block) && read_block != me.block) || (now(other_read_block) && other_read_block != me.block))
      fault = "writes what another block of the same launch reads";
    if (now(read_block) && read_block == me.block && read_thread != me.thread && read_phase == me.phase)
      fault = "writes what another thread read, without a barrier between";
    write_block = me.block;
    write_thread = me.thread;
    write_phase = me.phase;
    return fault;
  }
};

/// What a kernel may do at an address, and the note that it did. Atomic accesses take no part in the search for races.
/// @throws hashweave::Error that says what is wrong and which thread did it.
void check_read(const void* p, std::size_t bytes);
void check_write(void* p, std::size_t bytes);
void check_atomic(const void* p, std::size_t bytes);
[[noreturn]] void fault(const std::string& what);

/// Memory of the device, or that it shares with the host.
bool is_devices(const void* p);
std::byte* take(std::size_t bytes, bool shared);
void give_back(std::byte* p);
enum class State : std::uint8_t { nobodys, taken, written };
void mark(const void* p, std::size_t bytes, State state);
void copy_marks(const void* to, const void* from, std::size_t bytes);
/// @throws hashweave::Error unless all of it was written.
void require_written(const void* p, std::size_t bytes, const char* who);

/// To the device, from there or from any memory of the host.
void copy_in(void* to, const void* from, std::size_t bytes);

/// While one of these lives, device memory can be touched.
struct Open {
  Open();
  Open(const Open&) = delete;
  ~Open();
};

}  // namespace hashweave::emulator
