#pragma once
#include <algorithm>
#include <condition_variable>
#include <exception>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace hashweave {

/// How far and on how many threads a `Prefetcher` runs ahead.
struct PrefetchDepth {
  Size threads = 2;  ///< 0: everything is made when asked for
  Size ahead = 8;    ///< results that may be made, or in the making, and not taken yet
};

/// make(0), make(1), … make(count - 1), made ahead on threads and given in this order. What is given depends neither on
/// threads nor on time, as long as make(i) depends on i alone; several threads call it at once.
///
/// What make(i) throws, `next` throws when i's turn comes; the call after that gives i + 1. The destructor waits for
/// the results in the making and drops all that were not taken. One consumer at a time.
template <class Make>
class Prefetcher {
 public:
  using Result = std::invoke_result_t<const Make&, Size>;

  /// @throws Error when count or threads are negative or ahead is below 1; std::system_error when no thread can be had.
  Prefetcher(Size count, PrefetchDepth depth, Make make) : make_{std::move(make)}, count_{count} {
    require(count >= 0, "Prefetcher", "count", "at least 0", count);
    require(depth.threads >= 0, "Prefetcher", "threads", "at least 0", depth.threads);
    require(depth.ahead >= 1, "Prefetcher", "results ahead", "at least 1", depth.ahead);
    if (depth.threads == 0) return;
    slots_.resize(static_cast<std::size_t>(std::min(depth.ahead, std::max<Size>(count, 1))));
    try {
      for (Size t = 0; t < std::min(depth.threads, std::ssize(slots_)); ++t) workers_.emplace_back([this] { work(); });
    } catch (...) {
      stop();
      throw;
    }
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;
  ~Prefetcher() { stop(); }

  /// How many results there are in all, and how many were given (or thrown) so far.
  Size size() const { return count_; }
  Size taken() const { return taken_; }

  /// The next result; nothing behind the last one. Throws what make threw for it.
  std::optional<Result> next() {
    if (taken_ == count_) return std::nullopt;
    if (workers_.empty()) return std::as_const(make_)(taken_++);
    std::unique_lock lock{mutex_};
    Slot& slot = slots_[place(taken_)];
    ready_.wait(lock, [&] { return slot.full(); });
    Slot done = std::exchange(slot, Slot{});
    ++taken_;
    lock.unlock();
    room_.notify_one();
    if (done.fault) std::rethrow_exception(done.fault);
    return std::move(done.result);
  }

 private:
  struct Slot {
    std::optional<Result> result;
    std::exception_ptr fault;
    bool full() const { return result.has_value() || fault != nullptr; }
  };
  std::size_t place(Size i) const { return static_cast<std::size_t>(i) % slots_.size(); }

  void work() {
    for (;;) {
      std::unique_lock lock{mutex_};
      room_.wait(lock, [&] { return stopping_ || begun_ == count_ || begun_ < taken_ + std::ssize(slots_); });
      if (stopping_ || begun_ == count_) return;
      const Size i = begun_++;
      lock.unlock();
      Slot done;
      try {
        done.result.emplace(std::as_const(make_)(i));
      } catch (...) {
        done.fault = std::current_exception();
      }
      lock.lock();
      slots_[place(i)] = std::move(done);
      const bool wanted = i == taken_;
      const bool last = begun_ == count_;
      lock.unlock();
      if (wanted) ready_.notify_one();
      if (last) room_.notify_all();
    }
  }
  void stop() {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    room_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  Make make_;
  Size count_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable room_, ready_;
  Size begun_ = 0, taken_ = 0;  // under the mutex; taken_ is changed by the consumer alone
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace hashweave
