#pragma once
#include <bit>
#include <compare>
#include <concepts>
#include <cstdint>
#include <hashweave/core/backend.hpp>
#include <hashweave/core/segments.hpp>
#include <vector>

namespace hashweave {

/// What decides which kernels a piece of work launches and with which arguments: sizes, addresses, offsets, and numbers
/// such as rates and margins. Of segments it is the offsets themselves and where they lie. Work by the same key may
/// find other values at these addresses.
///
///     ReplayKey{x.data, x.batch}
class ReplayKey {
 public:
  template <class... Parts>
  explicit ReplayKey(const Parts&... parts) {
    (add(parts), ...);
  }
  friend auto operator<=>(const ReplayKey&, const ReplayKey&) = default;

 private:
  template <std::integral I>
  void add(I size) {
    words_.push_back(static_cast<std::uint64_t>(size));
  }
  template <std::floating_point T>
  void add(T number) {
    words_.push_back(std::bit_cast<std::uint64_t>(static_cast<double>(number)));
  }
  void add(const void* address) { words_.push_back(reinterpret_cast<std::uintptr_t>(address)); }
  void add(const Segments& segments) {
    add(static_cast<const void*>(segments.offsets));
    add(segments.count);
    for (Size i = 0; i <= segments.count; ++i) add(segments.offsets[i]);
  }

  std::vector<std::uint64_t> words_;
};

/// f(), by a backend that can do so as one launch of what it has recorded (`be.replay`), else as it is.
template <Backend B, class F>
auto replayed(B& be, const ReplayKey& key, F&& f) {
  if constexpr (requires { be.replay(key, f); }) {
    return be.replay(key, f);
  } else {
    return f();
  }
}

}  // namespace hashweave
