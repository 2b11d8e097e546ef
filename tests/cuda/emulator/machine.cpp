#include "cuda/emulator/machine.hpp"

#include <sys/mman.h>

#include <cstring>
#include <exception>
#include <new>
#include <vector>

#include "cuda/emulator/memory.hpp"

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace hashweave::emulator {

namespace {

constexpr std::size_t stack_bytes = std::size_t{1} << 18;
constexpr unsigned warp = 32, most_threads = 1024;

#if defined(__x86_64__)
/// Where a fiber stopped: its stack, on which the registers lie that a call keeps.
using Context = void*;
extern "C" void hashweave_emulator_switch(void** from, void* to);
__asm__(
    ".text\n.globl hashweave_emulator_switch\n.type hashweave_emulator_switch,@function\n"
    "hashweave_emulator_switch:\n"
    "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
    "movq %rsp,(%rdi)\nmovq %rsi,%rsp\n"
    "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n"
    ".size hashweave_emulator_switch,.-hashweave_emulator_switch\n");
void change(Context& from, Context& to) { hashweave_emulator_switch(&from, to); }
void begin(Context& context, std::byte* stack, void (*entry)()) {
  auto* top = reinterpret_cast<std::uintptr_t*>(stack + stack_bytes);
  *--top = 0;  // where the entry would return to
  *--top = reinterpret_cast<std::uintptr_t>(entry);
  for (int i = 0; i < 6; ++i) *--top = 0;
  context = top;
}
#else
using Context = ucontext_t;
void change(Context& from, Context& to) { swapcontext(&from, &to); }
void begin(Context& context, std::byte* stack, void (*entry)()) {
  getcontext(&context);
  context.uc_stack.ss_sp = stack;
  context.uc_stack.ss_size = stack_bytes;
  context.uc_link = nullptr;
  makecontext(&context, entry, 0);
}
#endif

enum class Waits { nothing, block, warp, ended };
struct Thread {
  Context context{};
  std::byte* stack = nullptr;
  Waits waits = Waits::nothing;
  std::uint16_t phase = 0;
  unsigned turn = 0;
};

struct Machine {
  std::vector<Thread> threads;
  std::vector<std::byte*> stacks;
  Context scheduler{};
  unsigned current = 0;
  void (*body)(void*) = nullptr;
  void* argument = nullptr;
  std::exception_ptr failure;
  std::uint64_t blocks = 0;
  alignas(16) std::byte slots[2][most_threads * slot_bytes]{};
  bool votes[2][most_threads]{};
} machine;

void run_thread() {
  try {
    machine.body(machine.argument);
  } catch (...) {
    machine.failure = std::current_exception();
  }
  Thread& me = machine.threads[machine.current];
  me.waits = Waits::ended;
  change(me.context, machine.scheduler);
}

void resume(unsigned t) {
  Thread& thread = machine.threads[t];
  machine.current = t;
  thread_index.x = t;
  running.thread = static_cast<std::uint16_t>(t);
  running.phase = thread.phase;
  if (thread.stack == nullptr) {
    if (machine.stacks.empty()) {
      void* p = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (p == MAP_FAILED) throw std::bad_alloc{};
      machine.stacks.push_back(static_cast<std::byte*>(p));
    }
    thread.stack = machine.stacks.back();
    machine.stacks.pop_back();
    begin(thread.context, thread.stack, run_thread);
  }
  change(machine.scheduler, thread.context);
  if (thread.waits == Waits::ended) {
    machine.stacks.push_back(thread.stack);
    thread.stack = nullptr;
  }
}

/// Lets threads [first, last) go on if all of them wait for this.
bool release(unsigned first, unsigned last, Waits waits) {
  for (unsigned t = first; t < last; ++t) {
    if (machine.threads[t].waits != waits) return false;
  }
  for (unsigned t = first; t < last; ++t) {
    machine.threads[t].waits = Waits::nothing;
    if (waits == Waits::block) ++machine.threads[t].phase;
  }
  return true;
}

void run_block(unsigned threads) {
  machine.threads.assign(threads, Thread{});
  machine.failure = nullptr;
  for (;;) {
    unsigned ended = 0;
    for (unsigned t = 0; t < threads && machine.failure == nullptr; ++t) {
      if (machine.threads[t].waits == Waits::nothing) resume(t);
      ended += machine.threads[t].waits == Waits::ended ? 1 : 0;
    }
    bool moved = false;
    if (machine.failure == nullptr) {
      if (ended == threads) return;
      moved = release(0, threads, Waits::block);
      for (unsigned w = 0; w < threads && !moved; w += warp) moved = release(w, w + warp, Waits::warp);
    }
    if (!moved) {  // the other threads are left where they are
      for (Thread& t : machine.threads) {
        if (t.stack != nullptr) machine.stacks.push_back(t.stack);
      }
      if (machine.failure != nullptr) std::rethrow_exception(machine.failure);
      fault("ended, or waits elsewhere, while others wait at a barrier");
    }
  }
}

void wait(Waits what) {
  Thread& me = machine.threads[machine.current];
  me.waits = what;
  change(me.context, machine.scheduler);
}

}  // namespace

void require_not_recording(const char* what) {
  if (recording != nullptr) fault(std::string{what} + " while launches are recorded");
}

void run_blocks(unsigned across, unsigned down, unsigned threads, void (*body)(void*), void* argument) {
  if (threads == 0 || threads > most_threads || threads % warp != 0) fault("launch: threads of a block");
  if (across > 0x7fffffffU || down > 65535U) fault("launch: too many blocks");
  const Open open;
  ++launches;
  machine.body = body;
  machine.argument = argument;
  grid_extent = {across, down, 1};
  block_extent = {threads, 1, 1};
  running.launch_first = machine.blocks + 1;
  struct End {
    ~End() { running = {}; }
  } const end;
  for (unsigned y = 0; y < down; ++y) {
    for (unsigned x = 0; x < across; ++x) {
      block_index = {x, y, 0};
      running.block = ++machine.blocks;
      run_block(threads);
    }
  }
}

void wait_for_block() { wait(Waits::block); }
void wait_for_warp() { wait(Waits::warp); }
void give(const void* value, std::size_t bytes) {
  Thread& me = machine.threads[machine.current];
  me.turn = 1 - me.turn;
  std::memcpy(machine.slots[me.turn] + machine.current * slot_bytes, value, bytes);
}
const std::byte* given_by(unsigned thread) {
  return machine.slots[machine.threads[machine.current].turn] + thread * slot_bytes;
}
// All threads have passed as many barriers of the block as this one, or one more.
void give_block(bool value) { machine.votes[machine.threads[machine.current].phase % 2][machine.current] = value; }
bool given_to_block(unsigned thread) { return machine.votes[1 - machine.threads[machine.current].phase % 2][thread]; }

}  // namespace hashweave::emulator
