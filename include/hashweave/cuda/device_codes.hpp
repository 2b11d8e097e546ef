#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <hashweave/core/memory.hpp>
#include <hashweave/core/threads.hpp>
#include <hashweave/cuda/hamming_search.hpp>
#include <hashweave/index/id_filter.hpp>
#include <hashweave/index/new_ids.hpp>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::cuda {

/// The codes of a `CudaHammingIndex` in the device's memory, and what the host knows of them: their ids, and which of
/// them are removed.
///
/// Rows lie in the order of their ids, so that of equally near codes the lower row is that of the lower id. Ids that
/// follow one another take no memory, others 8 bytes each of the host's. A removed row stays until there are more of
/// them than codes, or until the rows are put in order again; a bit a row, on the device too, says which are there.
class DeviceCodes {
 public:
  static constexpr Size most_rows = (Size{1} << 31) - 1;

  /// No codes yet, of `words` words each. Throws `CudaError` without a device.
  explicit DeviceCodes(Size words) : words_{words}, device_{open_device()} {}

  Device& device() { return *device_; }
  Size size() const { return rows_ - removed_; }
  Size rows() const { return rows_; }
  std::int64_t id(Size row) const { return ids_.empty() ? first_id_ + row : ids_[static_cast<std::size_t>(row)]; }
  bool has(Size row) const {
    return there_.empty() || (there_[static_cast<std::size_t>(row / 64)] >> row % 64 & 1) != 0;
  }

  /// (words, rows), on the device.
  Mat<const std::uint64_t> codes() const { return {codes_.data(), words_, rows_, room_}; }
  /// The bits of the rows that are there, on the device; null where none is removed.
  const std::uint64_t* there() const { return removed_ > 0 ? device_there_.data() : nullptr; }

  Size size_in_bytes() const {
    return 8 * (rows_ * words_ + static_cast<Size>(ids_.size()) + 2 * static_cast<Size>(there_.size()));
  }

  /// The row of an id that is there.
  std::optional<Size> find(std::int64_t wanted) const {
    if (rows_ == 0 || wanted < id(0) || wanted > id(rows_ - 1)) return std::nullopt;
    const Size row =
        ids_.empty() ? wanted - first_id_ : std::lower_bound(ids_.begin(), ids_.end(), wanted) - ids_.begin();
    return id(row) == wanted && has(row) ? std::optional{row} : std::nullopt;
  }

  /// Adds n codes, word after word; ids null: those that follow the largest one. Ids that ascend from the last row's on
  /// are put behind it (where there is no room it is doubled); others put all rows in order again, in new memory.
  /// Throws `Error` and adds nothing where an id is there already, comes twice or would pass the largest number, or
  /// where there would be more than 2^31 - 1 codes.
  void add(const std::uint64_t* codes, Size n, const std::int64_t* ids, std::string_view where) {
    require(n <= most_rows - size(), where, "number of codes", Phrase{"at most ", most_rows}, size() + n);
    std::vector<std::int64_t> numbers;
    if (ids == nullptr) {
      numbers = detail::ids_after(largest_id_, n, where);
      ids = numbers.data();
    }
    const std::span given{ids, static_cast<std::size_t>(n)};
    if (numbers.empty())
      detail::require_new_ids(
          given, [&](std::int64_t id) { return find(id).has_value(); }, where);
    if (n == 0) return;
    const bool ascend = std::ranges::adjacent_find(given, std::ranges::greater_equal{}) == given.end();
    if (ascend && n <= most_rows - rows_ && (rows_ == 0 || ids[0] > id(rows_ - 1)))
      append(codes, given);
    else
      merge(codes, given);
    largest_id_ = std::max(largest_id_, std::ranges::max(given));
  }

  /// Removes the codes of these ids, as far as they are there -> how many were.
  Size remove(std::span<const std::int64_t> ids) {
    Size count = 0;
    for (const std::int64_t id : ids) {
      const auto row = find(id);
      if (!row) continue;
      if (there_.empty()) there_.assign(static_cast<std::size_t>(blocks(rows_)), ~std::uint64_t{0});
      there_[static_cast<std::size_t>(*row / 64)] &= ~(std::uint64_t{1} << *row % 64);
      ++removed_;
      ++count;
    }
    if (count == 0) return 0;
    if (rows_ > 2 * size() + 64)
      compact();  // more gaps than codes
    else
      write_there();
    return count;
  }

  /// Gives ids that are there other codes. Throws `Error` and changes nothing where one is missing or comes twice.
  void update(const std::uint64_t* codes, std::span<const std::int64_t> ids, std::string_view where) {
    detail::require_ids_there(
        ids, [&](std::int64_t id) { return find(id).has_value(); }, where);
    if (ids.empty()) return;
    std::vector<std::uint32_t> rows;
    for (const std::int64_t id : ids) rows.push_back(static_cast<std::uint32_t>(*find(id)));
    const auto changed = staged(codes, std::ssize(ids));
    const auto places = on_device(rows);
    put_codes(*device_, {codes_.data(), words_, rows_, room_}, view(changed, std::ssize(ids)), places.data());
    synchronise(*device_);
  }

  /// Gives back the memory of removed rows.
  void compact() {
    if (removed_ > 0) merge(nullptr, {});
  }

  /// The words of a row that is there.
  void read(Size row, std::uint64_t* words) const {
    for (Size w = 0; w < words_; ++w)
      CudaMemory::copy_to_host(words + w, codes_.data() + w * room_ + row, sizeof *words);
  }
  /// All rows, (words, rows).
  std::vector<std::uint64_t> read() const {
    std::vector<std::uint64_t> all(static_cast<std::size_t>(words_ * rows_));
    for (Size w = 0; rows_ > 0 && w < words_; ++w)
      CudaMemory::copy_to_host(all.data() + w * rows_, codes_.data() + w * room_,
                               static_cast<std::size_t>(rows_) * sizeof all[0]);
    return all;
  }

  /// A bit a row, and how many are 1.
  struct Allowed {
    std::vector<std::uint64_t> bits;
    Size count = 0;
  };
  /// The rows that are there and pass: every one of them is asked about once, by all threads.
  Allowed allowed(const IdFilter& passes, Threads* threads) const {
    Allowed out{std::vector<std::uint64_t>(static_cast<std::size_t>(blocks(rows_))), 0};
    const auto ask = [&](Size block, Size) {
      for (Size row = 64 * block; row < std::min(rows_, 64 * (block + 1)); ++row)
        if (has(row) && passes(id(row))) out.bits.data()[block] |= std::uint64_t{1} << row % 64;
    };
    if (threads != nullptr)
      threads->run(blocks(rows_), ask);
    else
      for (Size block = 0; block < blocks(rows_); ++block) ask(block, 0);
    for (const std::uint64_t word : out.bits) out.count += std::popcount(word);
    return out;
  }

 private:
  using Words = Buffer<std::uint64_t, CudaMemory>;

  static Size blocks(Size rows) { return (rows + 63) / 64; }
  static bool follow_one_another(std::span<const std::int64_t> ascending) {
    return static_cast<std::uint64_t>(ascending.back()) - static_cast<std::uint64_t>(ascending.front()) ==
           ascending.size() - 1;
  }

  /// n codes of the host's memory to columns of the device's: word w of code i to to[w * room + i].
  void write(std::uint64_t* to, Size room, const std::uint64_t* codes, Size n) const {
    std::vector<std::uint64_t> one(static_cast<std::size_t>(n));
    for (Size w = 0; n > 0 && w < words_; ++w) {
      for (Size i = 0; i < n; ++i) one.data()[i] = codes[i * words_ + w];
      CudaMemory::copy_from_host(to + w * room, one.data(), one.size() * sizeof one[0]);
    }
  }
  Words staged(const std::uint64_t* codes, Size n) const {
    Words there{words_ * n};
    write(there.data(), n, codes, n);
    return there;
  }
  Mat<const std::uint64_t> view(const Words& there, Size n) const {
    return matrix<const std::uint64_t>(there.data(), words_, n);
  }
  static Buffer<std::uint32_t, CudaMemory> on_device(const std::vector<std::uint32_t>& rows) {
    Buffer<std::uint32_t, CudaMemory> there{std::ssize(rows)};
    if (!rows.empty()) CudaMemory::copy_from_host(there.data(), rows.data(), there.bytes());
    return there;
  }

  void write_there() {
    if (device_there_.size() < std::ssize(there_)) device_there_ = Words{blocks(room_)};
    CudaMemory::copy_from_host(device_there_.data(), there_.data(), there_.size() * sizeof there_[0]);
  }

  void grow(Size room) {
    Words larger{words_ * room};
    for (Size w = 0; rows_ > 0 && w < words_; ++w)
      CudaMemory::copy(larger.data() + w * room, codes_.data() + w * room_,
                       static_cast<std::size_t>(rows_) * sizeof(std::uint64_t));
    codes_ = std::move(larger);
    room_ = room;
  }

  void append(const std::uint64_t* codes, std::span<const std::int64_t> ids) {
    const Size total = rows_ + std::ssize(ids);
    if (total > room_) grow(std::max(total, std::min(2 * room_, most_rows)));
    write(codes_.data() + rows_, room_, codes, std::ssize(ids));
    if (rows_ == 0) first_id_ = ids[0];
    if (!ids_.empty() || ids[0] != first_id_ + rows_ || !follow_one_another(ids)) {
      if (ids_.empty()) {
        ids_.resize(static_cast<std::size_t>(rows_));
        std::iota(ids_.begin(), ids_.end(), first_id_);
      }
      ids_.insert(ids_.end(), ids.begin(), ids.end());
    }
    rows_ = total;
    if (removed_ == 0) return;
    there_.resize(static_cast<std::size_t>(blocks(rows_)), ~std::uint64_t{0});  // bits behind the last row are 1
    write_there();
  }

  /// What is there and these codes, into new memory in the order of their ids.
  void merge(const std::uint64_t* codes, std::span<const std::int64_t> ids) {
    std::vector<std::uint32_t> by_id(ids.size()), from;
    std::iota(by_id.begin(), by_id.end(), std::uint32_t{0});
    std::ranges::sort(by_id, {}, [&](std::uint32_t i) { return ids[i]; });
    std::vector<std::int64_t> all;
    const std::size_t total = static_cast<std::size_t>(size()) + ids.size();
    from.reserve(total);
    all.reserve(total);
    auto next = by_id.begin();
    const auto take_new = [&](auto&& goes_first) {
      for (; next != by_id.end() && goes_first(ids[*next]); ++next) {
        from.push_back(static_cast<std::uint32_t>(rows_) + *next);
        all.push_back(ids[*next]);
      }
    };
    for (Size row = 0; row < rows_; ++row) {
      if (!has(row)) continue;
      take_new([&](std::int64_t other) { return other < id(row); });
      from.push_back(static_cast<std::uint32_t>(row));
      all.push_back(id(row));
    }
    take_new([](std::int64_t) { return true; });

    const auto added = staged(codes, std::ssize(ids));
    const auto order = on_device(from);
    Words ordered{words_ * std::ssize(from)};
    arrange_codes(*device_, matrix(ordered.data(), words_, std::ssize(from)), this->codes(),
                  view(added, std::ssize(ids)), order.data());
    synchronise(*device_);
    codes_ = std::move(ordered);
    rows_ = room_ = std::ssize(from);
    removed_ = 0;
    there_ = {};
    device_there_ = {};
    first_id_ = all.empty() ? 0 : all.front();
    ids_ = all.empty() || follow_one_another(all) ? std::vector<std::int64_t>{} : std::move(all);
  }

  Size words_, rows_ = 0, room_ = 0, removed_ = 0;
  DevicePointer device_;
  Words codes_;                              ///< (words, room), in the order of the ids
  std::vector<std::int64_t> ids_;            ///< of the rows, ascending; empty: first_id, first_id + 1, …
  std::int64_t first_id_ = 0;                ///< of row 0
  std::int64_t largest_id_ = detail::no_id;  ///< of those that ever were there
  std::vector<std::uint64_t> there_;         ///< bit i % 64 of word i / 64: row i is there; empty: all are
  Words device_there_;
};

}  // namespace hashweave::cuda
