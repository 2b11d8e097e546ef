#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/core/types.hpp>
#include <vector>

namespace hashweave {

/// A permutation of 0 … count - 1 as a function of place and stream: no memory, any place at once.
///
/// An unbalanced Feistel network of ten rounds, keyed by Philox, permutes the smallest power of two that holds `count`,
/// and 32 at least, because smaller networks do not reach all places equally often. What it sends beyond `count` is
/// sent through again until it is within (cycle walking): less than twice on average, for a count above 16. Sources:
/// Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002, section 3; Hoang and Rogaway, "On
/// generalized Feistel networks", CRYPTO 2010.
class Permutation {
 public:
  /// @throws Error when `count` is below 1.
  Permutation(Size count, const RandomStream& stream) : count_{static_cast<std::uint64_t>(count)}, stream_{stream} {
    require(count >= 1, "Permutation", "count", "at least 1", count);
    const int bits = std::max(5, static_cast<int>(std::bit_width(count_ - 1)));
    low_ = bits / 2;
    high_ = bits - low_;
  }
  constexpr Size size() const { return static_cast<Size>(count_); }
  /// Where `place` goes. @throws Error unless it is within 0 … size() - 1.
  Size operator()(Size place) const {
    require(place >= 0 && place < size(), "Permutation", "place", Phrase{"0 to ", size() - 1}, place);
    auto x = static_cast<std::uint64_t>(place);
    do x = network(x);
    while (x >= count_);
    return static_cast<Size>(x);
  }

 private:
  static constexpr std::uint32_t rounds = 10;

  constexpr std::uint64_t network(std::uint64_t x) const {
    const std::uint64_t low_mask = (std::uint64_t{1} << low_) - 1, high_mask = (std::uint64_t{1} << high_) - 1;
    std::uint64_t low = x & low_mask, high = x >> low_;
    for (std::uint32_t round = 0; round < rounds; round += 2) {
      low ^= keyed(round, high) & low_mask;
      high ^= keyed(round + 1, low) & high_mask;
    }
    return high << low_ | low;
  }
  /// 32 random bits of a round and half a place: both halves are below 2^32.
  constexpr std::uint64_t keyed(std::uint32_t round, std::uint64_t half) const {
    return philox({static_cast<std::uint32_t>(half), round, stream_.place, stream_.step}, stream_.seed)[0];
  }
  std::uint64_t count_;
  RandomStream stream_;
  int low_ = 0, high_ = 0;
};

/// Which of `count` captions of an image an epoch takes: every caption comes once in `count` epochs, in an order that
/// differs between images. A pure function of its arguments.
/// @throws Error when `count` is below 1.
inline Size caption_choice(std::uint64_t seed, std::uint32_t epoch, Size image, Size count) {
  require(count >= 1, "caption_choice", "captions of the image", "at least 1", count);
  const auto captions = static_cast<std::uint64_t>(count);
  const auto round = static_cast<std::uint32_t>(epoch / captions);
  const Permutation order{count, {seed ^ name_hash("captions"), round, static_cast<std::uint32_t>(image)}};
  return order(static_cast<Size>(epoch % captions));
}

/// One process among several that train together.
struct Rank {
  Size number = 0, of = 1;
};

/// Where a rank's slice of m samples begins: of n ranks, rank r has those at [m r / n, m (r + 1) / n).
constexpr Size rank_cut(Size m, Size rank, Size ranks) { return m / ranks * rank + m % ranks * rank / ranks; }

/// What becomes of the samples at the end of an epoch that do not fill a batch.
enum class LastBatch : std::uint8_t { keep, drop };

/// Which samples make up which batch: every epoch goes through 0 … count - 1 once, in an order that is a pure function
/// of (seed, epoch, place). There is no state: to go on with a run, ask for the batch that comes next.
///
/// A global batch is the same for any number of ranks; each rank takes a contiguous slice of it.
class Sampler {
 public:
  /// `batch`: samples of a global batch, over all ranks.
  /// @throws Error when `count` or `batch` is below 1, or there is no such rank.
  Sampler(Size count, Size batch, std::uint64_t seed, Rank rank = {}, LastBatch last = LastBatch::keep)
      : count_{count}, batch_{batch}, seed_{seed}, rank_{rank}, last_{last} {
    require(count >= 1, "Sampler", "samples", "at least 1", count);
    require(batch >= 1, "Sampler", "samples of a batch", "at least 1", batch);
    require(rank.of >= 1 && rank.number >= 0 && rank.number < rank.of, "Sampler", "rank", Phrase{"0 to ", rank.of - 1},
            rank.number);
    require(last == LastBatch::keep || batch <= count, "Sampler", "samples of a batch, the last one being dropped",
            Phrase{"at most ", count}, batch);
  }
  /// Batches of an epoch.
  Size batches() const { return count_ / batch_ + (last_ == LastBatch::keep && count_ % batch_ != 0 ? 1 : 0); }
  /// The sample at a place of an epoch. @throws Error unless place is within 0 … count - 1.
  Size at(std::uint32_t epoch, Size place) const { return order(epoch)(place); }

  /// All samples of a batch. @throws Error unless number is within 0 … batches() - 1.
  std::vector<Size> global_batch(std::uint32_t epoch, Size number) const {
    const auto [begin, end] = bounds(number);
    return slice(epoch, begin, end);
  }
  /// This rank's slice of a batch: of m samples, those at [m r / n, m (r + 1) / n). A last batch of fewer samples than
  /// there are ranks leaves some ranks without any.
  std::vector<Size> batch(std::uint32_t epoch, Size number) const {
    const auto [begin, end] = bounds(number);
    const Size m = end - begin;
    return slice(epoch, begin + rank_cut(m, rank_.number, rank_.of), begin + rank_cut(m, rank_.number + 1, rank_.of));
  }

 private:
  struct Bounds {
    Size begin, end;
  };
  Permutation order(std::uint32_t epoch) const { return {count_, {seed_ ^ name_hash("sampler"), epoch, 0}}; }
  Bounds bounds(Size number) const {
    require(number >= 0 && number < batches(), "Sampler", "number of the batch", Phrase{"0 to ", batches() - 1},
            number);
    return {number * batch_, std::min(count_, (number + 1) * batch_)};
  }
  std::vector<Size> slice(std::uint32_t epoch, Size begin, Size end) const {
    const Permutation permutation = order(epoch);
    std::vector<Size> samples;
    for (Size place = begin; place < end; ++place) samples.push_back(permutation(place));
    return samples;
  }
  Size count_, batch_;
  std::uint64_t seed_;
  Rank rank_;
  LastBatch last_;
};

}  // namespace hashweave
