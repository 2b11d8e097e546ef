#pragma once
#include <concepts>
#include <cstdint>
#include <span>

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
  /// Whether there is no predicate.
  bool passes_all() const { return passes_ == nullptr; }

 private:
  const void* what_ = nullptr;
  bool (*passes_)(const void*, std::int64_t) = nullptr;
};

/// A bitset of ids as a filter: id passes where bit id - first is 1 (the lowest of a word first). It keeps no copy.
///
///     index.search(query, 10, {.where = IdBits{words}});
struct IdBits {
  std::span<const std::uint64_t> words;
  std::int64_t first = 0;

  bool operator()(std::int64_t id) const {
    const std::uint64_t at = static_cast<std::uint64_t>(id) - static_cast<std::uint64_t>(first);
    return id >= first && at / 64 < words.size() && (words[at / 64] >> at % 64 & 1) != 0;
  }
};

}  // namespace hashweave
