#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/types.hpp>
#include <hashweave/index/hit.hpp>
#include <vector>

namespace hashweave::detail {

/// The k nearest of the items offered one by one, ties by the lower id: selection by counting, since a distance is one
/// of Bits + 1 numbers.
///
/// `counts[d]` says how many of the offered items lie at distance d, so that the k-th smallest distance, `kth`, is
/// always known and only ever falls; items beyond it are dropped now and then. Cost: O(1) an item on the average.
class NearestSelection {
 public:
  /// k > 0; distances are at most `bits`.
  NearestSelection(Size k, Size bits) : k_{k}, kth_{bits + 1}, counts_(static_cast<std::size_t>(bits + 1)) {}

  /// An item is worth offering where its distance is below this. `ascending`: ids are offered in ascending order from
  /// now on, above all before, so that of equally near items the earlier stays.
  std::uint32_t limit(bool ascending) const {
    return static_cast<std::uint32_t>(std::ssize(kept_) < k_ || ascending ? kth_ : kth_ + 1);
  }

  /// The largest distance that an answer can have: Bits + 1 while fewer than k were offered.
  Size kth() const { return kth_; }

  void offer(std::int64_t id, Size distance) {
    if (distance > kth_) return;
    kept_.push_back({id, distance});
    ++counts_.data()[distance];
    if (distance < kth_) ++nearer_;
    while (nearer_ >= k_) nearer_ -= counts_.data()[--kth_];
    if (std::ssize(kept_) >= 2 * k_ + slack) prune();
  }

  void take(const NearestSelection& other) {
    for (const Hit& hit : other.kept_) offer(hit.id, hit.distance);
  }

  /// The answers in order. The selection is empty of them afterwards.
  std::vector<Hit> answers() {
    prune();
    std::ranges::sort(kept_, ranks_before);
    return std::move(kept_);
  }

 private:
  static constexpr Size slack = 64;

  void prune() {
    std::erase_if(kept_, [&](const Hit& hit) { return hit.distance > kth_; });
    if (std::ssize(kept_) > k_) {
      // all at kth_ but the nearer ones; the lowest ids of them stay
      std::ranges::nth_element(kept_, kept_.begin() + k_, ranks_before);
      counts_.data()[kth_] -= std::ssize(kept_) - k_;
      kept_.resize(static_cast<std::size_t>(k_));
    }
  }

  Size k_, kth_;
  Size nearer_ = 0;  // kept items at a distance below kth_
  std::vector<Size> counts_;
  std::vector<Hit> kept_;
};

/// Every item offered within a radius.
class RadiusSelection {
 public:
  explicit RadiusSelection(Size radius) : radius_{radius} {}

  std::uint32_t limit(bool) const { return static_cast<std::uint32_t>(radius_ + 1); }
  Size kth() const { return radius_; }
  void offer(std::int64_t id, Size distance) {
    if (distance <= radius_) kept_.push_back({id, distance});
  }
  void take(const RadiusSelection& other) { kept_.insert(kept_.end(), other.kept_.begin(), other.kept_.end()); }
  std::vector<Hit> answers() {
    std::ranges::sort(kept_, ranks_before);
    return std::move(kept_);
  }

 private:
  Size radius_;
  std::vector<Hit> kept_;
};

}  // namespace hashweave::detail
