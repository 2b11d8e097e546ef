#pragma once
#include <concepts>
#include <cstdint>

namespace hashweave {

/// Which items a search may answer with: a predicate on ids, held by reference, or none. It is asked only about items
/// that are near enough to be answers; with several threads, by several at once.
class IdFilter {
 public:
  IdFilter() = default;
  template <class F>
    requires std::predicate<const F&, std::int64_t> && (!std::same_as<F, IdFilter>)
  IdFilter(const F& passes)  // NOLINT(google-explicit-constructor): a lambda is handed over as it is
      : what_{&passes}, passes_{[](const void* what, std::int64_t id) {
          return static_cast<bool>((*static_cast<const F*>(what))(id));
        }} {}

  bool operator()(std::int64_t id) const { return passes_ == nullptr || passes_(what_, id); }

 private:
  const void* what_ = nullptr;
  bool (*passes_)(const void*, std::int64_t) = nullptr;
};

}  // namespace hashweave
