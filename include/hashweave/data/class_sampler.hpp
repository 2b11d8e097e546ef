#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/data/sampler.hpp>
#include <string>
#include <utility>
#include <vector>

namespace hashweave {

/// Batches of `classes` classes with `each` samples of each, whatever the classes' sizes: for losses that need several
/// samples of a class in one batch, and for labels that are common and rare.
///
/// Like `Sampler` it has no state: every sample is a pure function of (seed, epoch, place). Rounds follow one another;
/// a round goes through the classes in an order of its own, `classes` of them a batch and none twice, and leaves out
/// what fills no batch. A class goes through its samples in an order that is new each time it is through, so that no
/// sample comes again before the others had their turn (where every round takes every class). A sample of several
/// classes stands for each of them; one without a class never comes; classes without samples count as none.
/// In a batch the samples of a class lie side by side. Source: Hermans, Beyer, Leibe, "In defense of the triplet loss",
/// arXiv:1703.07737, section 2 (PK batches).
class ClassSampler {
 public:
  /// `labels`: the classes of each sample, numbers from 0.
  /// @throws Error when a label is negative, there are fewer than `classes` classes with samples, `classes` or `each`
  /// is below 1, or there is no such rank.
  ClassSampler(const std::vector<std::vector<std::int32_t>>& labels, Size classes, Size each, std::uint64_t seed,
               Rank rank = {})
      : samples_{std::ssize(labels)}, take_{classes}, each_{each}, seed_{seed}, rank_{rank} {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      for (const std::int32_t label : labels[i]) {
        require(label >= 0, "ClassSampler", "label of sample " + std::to_string(i), "at least 0", label);
        const auto c = static_cast<std::size_t>(label);
        if (c >= members_.size()) members_.resize(c + 1);
        members_[c].push_back(static_cast<Size>(i));
      }
    }
    std::erase_if(members_, [](const auto& members) { return members.empty(); });
    require(classes >= 1 && classes <= std::ssize(members_), "ClassSampler", "classes of a batch",
            Phrase{"1 to ", std::ssize(members_), ", the classes with samples"}, classes);
    const Size most = (Size{1} << 31) / classes;
    require(each >= 1 && each <= most, "ClassSampler", "samples of a class in a batch", Phrase{"1 to ", most}, each);
    require(rank.of >= 1 && rank.number >= 0 && rank.number < rank.of, "ClassSampler", "rank",
            Phrase{"0 to ", rank.of - 1}, rank.number);
  }
  /// Samples of a global batch, over all ranks.
  Size batch_size() const { return take_ * each_; }
  /// Batches of an epoch: as many as hold the number of samples, and at least one.
  Size batches() const { return std::max<Size>(1, samples_ / batch_size()); }
  /// The sample at a place of an epoch. @throws Error unless place is within 0 … batches() batch_size() - 1.
  Size at(std::uint32_t epoch, Size place) const {
    require(place >= 0 && place < batches() * batch_size(), "ClassSampler", "place",
            Phrase{"0 to ", batches() * batch_size() - 1}, place);
    return sample(epoch, place);
  }
  /// All samples of a batch. @throws Error unless number is within 0 … batches() - 1.
  std::vector<Size> global_batch(std::uint32_t epoch, Size number) const {
    return slice(epoch, number, 0, batch_size());
  }
  /// This rank's slice of a batch, as `Sampler::batch` cuts it.
  std::vector<Size> batch(std::uint32_t epoch, Size number) const {
    return slice(epoch, number, rank_cut(batch_size(), rank_.number, rank_.of),
                 rank_cut(batch_size(), rank_.number + 1, rank_.of));
  }

 private:
  Size batches_of_round() const { return std::ssize(members_) / take_; }
  Size sample(std::uint32_t epoch, Size place) const {
    const Size batch = place / batch_size(), within = place % batch_size();
    const Size round = batch / batches_of_round(), rounds = (batches() - 1) / batches_of_round() + 1;
    const Permutation classes{std::ssize(members_),
                              {seed_ ^ name_hash("classes"), epoch, static_cast<std::uint32_t>(round)}};
    const Size c = classes(batch % batches_of_round() * take_ + within / each_);
    const std::vector<Size>& members = members_[static_cast<std::size_t>(c)];
    // how many samples of the class came before, had every round taken it
    const auto before =
        (static_cast<std::uint64_t>(epoch) * static_cast<std::uint64_t>(rounds) + static_cast<std::uint64_t>(round)) *
            static_cast<std::uint64_t>(each_) +
        static_cast<std::uint64_t>(within % each_);
    const auto pass = static_cast<std::uint32_t>(before / members.size());
    const Permutation order{std::ssize(members), {seed_ ^ name_hash("members"), pass, static_cast<std::uint32_t>(c)}};
    return members[static_cast<std::size_t>(order(static_cast<Size>(before % members.size())))];
  }
  std::vector<Size> slice(std::uint32_t epoch, Size number, Size begin, Size end) const {
    require(number >= 0 && number < batches(), "ClassSampler", "number of the batch", Phrase{"0 to ", batches() - 1},
            number);
    std::vector<Size> samples;
    for (Size i = begin; i < end; ++i) samples.push_back(sample(epoch, number * batch_size() + i));
    return samples;
  }
  Size samples_, take_, each_;
  std::uint64_t seed_;
  Rank rank_;
  std::vector<std::vector<Size>> members_;  // of each class
};

}  // namespace hashweave
