#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/index/code.hpp>
#include <hashweave/index/code_store.hpp>
#include <hashweave/index/hit.hpp>
#include <hashweave/index/search_options.hpp>
#include <hashweave/index/search_policies.hpp>
#include <hashweave/index/state_search.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace hashweave {

/// Exact nearest neighbours of binary codes by Hamming distance.
///
/// `Search` says how they are found: `LinearScan`, `MultiIndexHashing<Chunks>`, or `Automatic`, which has tables where
/// they pay. `Ids`: `UserIds`, 64-bit numbers of the user's or in the order of adding, or `RowIds`, the latter only.
/// Ids that follow one another take no memory; others 8 bytes each.
///
/// Answers are ordered by `ranks_before` (distance, then id) and depend on what is in the index alone: not on the order
/// of adding, the policy, the instructions or the number of threads.
///
/// Any number of threads may search while another adds, removes or updates: a search sees the index as it was when the
/// search began. Changes wait for one another. Copies of an index share what they have in common.
template <Size Bits, class Search = Automatic, class Ids = UserIds>
class HammingIndex {
 public:
  using CodeType = Code<Bits>;

  HammingIndex() : HammingIndex{Search{}} {}
  /// An empty index; `search` may hold settings.
  explicit HammingIndex(const Search& search) : store_{Bits, search.template tables_for<Bits>()} {}

  /// The codes under the ids 0 .. n - 1.
  explicit HammingIndex(std::span<const CodeType> codes, const Search& search = {}) : HammingIndex{search} {
    add(codes);
  }

  /// The codes under the given ids. Throws `Error` as `add` does.
  HammingIndex(std::span<const CodeType> codes, std::span<const std::int64_t> ids, const Search& search = {})
    requires Ids::given
      : HammingIndex{search} {
    add(codes, ids);
  }

  /// Adds codes under the ids that follow the largest one that ever was there (0, 1, 2 … in an empty index).
  /// Throws `Error` when these would pass the largest 64-bit number.
  void add(std::span<const CodeType> codes) {
    store_.add(words(codes), std::ssize(codes), nullptr, "HammingIndex::add");
  }

  /// Adds codes under the given ids, in any order. Adds nothing and throws `Error` if there are not as many ids as
  /// codes, or if an id is there already or comes twice.
  void add(std::span<const CodeType> codes, std::span<const std::int64_t> ids)
    requires Ids::given
  {
    require(codes.size() == ids.size(), "HammingIndex::add", "ids, one a code", codes.size(), ids.size());
    store_.add(words(codes), std::ssize(codes), ids.data(), "HammingIndex::add");
  }

  /// Removes the items with these ids, as far as they are there -> how many were.
  Size remove(std::span<const std::int64_t> ids) { return store_.remove(ids); }

  /// Gives items that are there other codes. Changes nothing and throws `Error` if there are not as many ids as codes,
  /// or if an id is missing or comes twice.
  void update(std::span<const CodeType> codes, std::span<const std::int64_t> ids) {
    require(codes.size() == ids.size(), "HammingIndex::update", "ids, one a code", codes.size(), ids.size());
    store_.update(words(codes), ids, "HammingIndex::update");
  }

  /// Gives back the memory of what was removed, and makes the tables of `Search` for all that is there.
  void compact() { store_.compact(); }

  Size size() const { return store_.state()->size; }

  /// Memory of codes, ids and tables, without what is kept free for more.
  Size size_in_bytes() const { return detail::size_in_bytes(*store_.state()); }

  /// The code of an id, or nothing.
  std::optional<CodeType> reconstruct(std::int64_t id) const {
    const auto state = store_.state();
    const auto place = state->find(id);
    if (!place) return std::nullopt;
    return code_at(*state, *place);
  }

  /// The ids of all items, ascending.
  std::vector<std::int64_t> ids() const {
    std::vector<std::int64_t> all;
    for_each([&](std::int64_t id, const CodeType&) { all.push_back(id); });
    std::ranges::sort(all);
    return all;
  }

  /// f(id, code) for every item, in no particular order.
  template <class F>
  void for_each(F&& f) const {
    const auto state = store_.state();
    for (Size p = 0; p < std::ssize(state->parts); ++p) {
      const detail::CodePart& part = state->parts.data()[p];
      for (Size row = 0; row < part.rows; ++row)
        if (part.has(row)) f(part.id(row), code_at(*state, {p, row}));
    }
  }

  /// The k nearest items, nearest first, ties by the lower id; all of them where there are fewer.
  /// Throws `Error` unless k > 0.
  std::vector<Hit> search(const CodeType& query, Size k, const SearchOptions& options = {}) const {
    return std::move(search(std::span{&query, 1}, k, options)[0]);
  }

  /// The same for every query: one list of hits each.
  std::vector<std::vector<Hit>> search(std::span<const CodeType> queries, Size k,
                                       const SearchOptions& options = {}) const {
    require(k > 0, "HammingIndex::search", "k", "at least 1", k);
    const auto state = store_.state();
    const Size wanted = std::max<Size>(1, std::min(k, state->size));
    return answers(*state, queries, options, detail::NearestSelection{wanted, Bits});
  }

  /// Every item at a distance of at most `radius` bits, nearest first, ties by the lower id.
  /// Throws `Error` unless radius >= 0.
  std::vector<Hit> search_radius(const CodeType& query, Size radius, const SearchOptions& options = {}) const {
    return std::move(search_radius(std::span{&query, 1}, radius, options)[0]);
  }

  /// The same for every query.
  std::vector<std::vector<Hit>> search_radius(std::span<const CodeType> queries, Size radius,
                                              const SearchOptions& options = {}) const {
    require(radius >= 0, "HammingIndex::search_radius", "radius", "at least 0 bits", radius);
    return answers(*store_.state(), queries, options, detail::RadiusSelection{std::min(radius, Bits)});
  }

  /// What files and other parts of the library work on.
  detail::CodeStore& store() { return store_; }
  const detail::CodeStore& store() const { return store_; }

 private:
  static const std::uint64_t* words(std::span<const CodeType> codes) {
    static_assert(sizeof(CodeType) == sizeof(std::uint64_t) * static_cast<std::size_t>(CodeType::word_count));
    return codes.empty() ? nullptr : codes.data()->words.data();
  }

  static CodeType code_at(const detail::CodeState& state, detail::CodeState::Place place) {
    CodeType code;
    state.layout.get(state.parts.data()[place.part].blocks, place.row, code.words.data());
    return code;
  }

  template <class Selection>
  static std::vector<std::vector<Hit>> answers(const detail::CodeState& state, std::span<const CodeType> queries,
                                               const SearchOptions& options, const Selection& empty) {
    require(available(options.kernel), "HammingIndex", "instructions of the scan", "some that this processor has",
            name_of(options.kernel));
    return detail::StateSearch<Selection>{state, words(queries), std::ssize(queries), options, empty}.answers();
  }

  detail::CodeStore store_;
};

}  // namespace hashweave
