#pragma once
#include <atomic>
#include <condition_variable>
#include <exception>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace hashweave {

/// Threads that take tasks together: those of a backend, or of searches. `run(tasks, f)` calls f(task, worker) for
/// every task; which worker takes which task is left to chance, so f's results may depend on the task alone. One caller
/// at a time; calls from within a task run in line.
class Threads {
 public:
  /// @throws Error when `count` is less than 1.
  explicit Threads(Size count) {
    require(count >= 1, "threads", "number of threads", "at least 1", count);
    for (Size w = 1; w < count; ++w) workers_.emplace_back([this, w] { work(w); });
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& t : workers_) t.join();
  }

  Size count() const { return static_cast<Size>(workers_.size()) + 1; }

  /// Binds each of its own threads to a processor, of those that the calling thread may use the second, the third and
  /// so on. The first is left to the calling thread, which stays free: threads that it starts later take after it. For
  /// machines that nothing else uses: a bound thread waits for who shares its processor.
  /// @throws Error when there are fewer processors; MachineError where the system can't.
  void pin() {
#if defined(__linux__)
    cpu_set_t allowed;
    bind(::pthread_getaffinity_np(::pthread_self(), sizeof allowed, &allowed));
    require(CPU_COUNT(&allowed) >= count(), "threads", "processors to bind them to", Phrase{"at least ", count()},
            CPU_COUNT(&allowed));
    std::size_t processor = 0;
    while (!CPU_ISSET(processor, &allowed)) ++processor;
    for (std::thread& worker : workers_) {
      do ++processor;
      while (!CPU_ISSET(processor, &allowed));
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(processor, &one);
      bind(::pthread_setaffinity_np(worker.native_handle(), sizeof one, &one));
    }
#else
    throw MachineError{"threads: binding them to processors: expected Linux, got another system"};
#endif
  }

  template <class F>
  void run(Size tasks, F&& f) {
    const Place* at = &place();
    while (at != nullptr && at->pool != this) at = at->outer;
    if (tasks <= 1 || workers_.empty() || at != nullptr) {
      const Size worker = at != nullptr ? at->worker : 0;
      for (Size t = 0; t < tasks; ++t) f(t, worker);
      return;
    }
    call_ = [](void* context, Size task, Size worker) {
      (*static_cast<std::remove_reference_t<F>*>(context))(task, worker);
    };
    context_ = const_cast<void*>(static_cast<const void*>(&f));
    tasks_ = tasks;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<Size>(workers_.size()), std::memory_order_relaxed);
    {
      const std::lock_guard lock{mutex_};
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    const Place outer = place();
    place() = {this, 0, &outer};
    take_tasks(0);
    place() = outer;
    for (int spin = 0; busy_.load(std::memory_order_acquire) != 0; ++spin) {
      if (spin > spins) std::this_thread::yield();
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
#if defined(__linux__)
  static void bind(int fault) {
    if (fault != 0)
      throw MachineError{"threads: binding them to processors: " + std::generic_category().message(fault)};
  }
#endif
  static constexpr int spins = 4096;  // some tens of microseconds: the usual gap between two kernels

  /// As whose worker this thread runs a task, and within which.
  struct Place {
    const Threads* pool = nullptr;
    Size worker = 0;
    const Place* outer = nullptr;
  };
  static Place& place() {
    thread_local Place here;
    return here;
  }
  void take_tasks(Size worker) {
    try {
      for (Size t = next_.fetch_add(1); t < tasks_; t = next_.fetch_add(1)) call_(context_, t, worker);
    } catch (...) {
      next_.store(tasks_);
      const std::lock_guard lock{mutex_};
      if (!failure_) failure_ = std::current_exception();
    }
  }
  void work(Size worker) {
    place() = {this, worker, nullptr};
    std::uint64_t seen = 0;
    for (;;) {
      for (int spin = 0; spin < spins && generation_.load(std::memory_order_acquire) == seen; ++spin) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
      }
      if (generation_.load(std::memory_order_acquire) == seen) {
        std::unique_lock lock{mutex_};
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
      }
      seen = generation_.load(std::memory_order_acquire);
      if (stopping_) return;
      take_tasks(worker);
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<Size> next_{0}, busy_{0};
  bool stopping_ = false;
  Size tasks_ = 0;
  void (*call_)(void*, Size, Size) = nullptr;
  void* context_ = nullptr;
  std::exception_ptr failure_;
};

}  // namespace hashweave
