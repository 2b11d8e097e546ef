#include "cuda/emulator/memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <hashweave/core/error.hpp>
#include <map>
#include <new>

namespace hashweave::emulator {

namespace {

constexpr std::size_t arena_bytes = std::size_t{1} << 32, cell = 4, redzone = 256;

/// Addresses of one kind of memory, with a state for every cell; nothing is backed before it is touched.
class Arena {
 public:
  Arena(bool is_shared, int protection)
      : base{reserve<std::byte>(arena_bytes, protection)},
        states{reserve<State>(arena_bytes / cell * sizeof(State), PROT_READ | PROT_WRITE)},
        records{reserve<Record>(arena_bytes / cell * sizeof(Record), PROT_READ | PROT_WRITE)},
        shared{is_shared} {}

  bool holds(const void* p) const { return p >= base && p < base + arena_bytes; }
  std::size_t place(const void* p) const { return static_cast<std::size_t>(static_cast<const std::byte*>(p) - base); }

  std::byte* take(std::size_t bytes) {
    const std::size_t size = (bytes + 2 * redzone - 1) / redzone * redzone;
    const auto kept = free.find(size);
    std::size_t at = top;
    if (kept != free.end()) {
      at = kept->second;
      free.erase(kept);
    } else {
      top += size;
      if (top > arena_bytes) throw std::bad_alloc{};
    }
    taken[at] = size;
    std::fill_n(states + at / cell, (bytes + cell - 1) / cell, shared ? State::written : State::taken);
    return base + at;
  }
  void give_back(std::byte* p) {
    const auto found = taken.find(place(p));
    if (found == taken.end()) fault("gives back memory that was not taken");
    std::fill_n(states + found->first / cell, found->second / cell, State::nobodys);
    free.emplace(found->second, found->first);
    taken.erase(found);
  }

  std::byte* base;
  State* states;
  Record* records;
  bool shared;
  std::size_t top = 0;

 private:
  template <class T>
  static T* reserve(std::size_t bytes, int protection) {
    void* p = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc{};
    return static_cast<T*>(p);
  }
  std::map<std::size_t, std::size_t> taken;
  std::multimap<std::size_t, std::size_t> free;
};

Arena& device() {
  static Arena arena{false, PROT_NONE};
  return arena;
}
Arena& shared() {
  static Arena arena{true, PROT_READ | PROT_WRITE};
  return arena;
}
Arena& arena_of(const void* p) {
  if (device().holds(p)) return device();
  if (shared().holds(p)) return shared();
  fault("touches memory that is not the device's");
}

int open_count = 0;

template <class F>
void for_cells(const void* p, std::size_t bytes, F&& f) {
  Arena& arena = arena_of(p);
  const std::size_t at = arena.place(p);
  if (at % std::min<std::size_t>(bytes, 16) != 0) fault("touches an address that is not aligned");
  for (std::size_t c = at / cell; c <= (at + bytes - 1) / cell; ++c) {
    if (arena.states[c] == State::nobodys) fault("touches memory out of bounds");
    f(arena.states[c], arena.records[c]);
  }
}

}  // namespace

void fault(const std::string& what) {
  std::string text = "emulated device: ";
  if (running.block != 0) {
    text += "thread " + std::to_string(running.thread) + " of block " +
            std::to_string(running.block - running.launch_first) + " ";
  }
  throw Error{text + what};
}

void check_read(const void* p, std::size_t bytes) {
  for_cells(p, bytes, [](State state, Record& record) {
    if (state != State::written) fault("reads memory that was never written");
    if (const char* what = record.read(running)) fault(what);
  });
}
void check_write(void* p, std::size_t bytes) {
  for_cells(p, bytes, [](State& state, Record& record) {
    state = State::written;
    if (const char* what = record.write(running)) fault(what);
  });
}
void check_atomic(const void* p, std::size_t bytes) {
  for_cells(p, bytes, [](State state, Record&) {
    if (state != State::written) fault("reads memory that was never written");
  });
}

bool is_devices(const void* p) { return device().holds(p) || shared().holds(p); }
std::byte* take(std::size_t bytes, bool is_shared) { return (is_shared ? shared() : device()).take(bytes); }
void give_back(std::byte* p) { arena_of(p).give_back(p); }
void mark(const void* p, std::size_t bytes, State state) {
  Arena& arena = arena_of(p);
  std::fill_n(arena.states + arena.place(p) / cell, (bytes + cell - 1) / cell, state);
}
void copy_marks(const void* to, const void* from, std::size_t bytes) {
  Arena &a = arena_of(to), &b = arena_of(from);
  std::copy_n(b.states + b.place(from) / cell, (bytes + cell - 1) / cell, a.states + a.place(to) / cell);
}
void require_written(const void* p, std::size_t bytes, const char* who) {
  Arena& arena = arena_of(p);
  const State* first = arena.states + arena.place(p) / cell;
  for (std::size_t c = 0; c < (bytes + cell - 1) / cell; ++c) {
    if (first[c] == State::nobodys) fault(std::string{who} + " touches memory out of bounds");
    if (first[c] == State::taken) fault(std::string{who} + " reads memory that was never written");
  }
}
void copy_in(void* to, const void* from, std::size_t bytes) {
  const Open open;
  if (device().holds(from) || shared().holds(from)) require_written(from, bytes, "a copy");
  std::memcpy(to, from, bytes);
  mark(to, bytes, State::written);
}

Open::Open() {
  if (open_count++ == 0 && device().top > 0) mprotect(device().base, device().top, PROT_READ | PROT_WRITE);
}
Open::~Open() {
  if (--open_count == 0 && device().top > 0) mprotect(device().base, device().top, PROT_NONE);
}

}  // namespace hashweave::emulator
