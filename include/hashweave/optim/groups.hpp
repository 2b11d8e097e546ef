#pragma once
#include <cmath>
#include <hashweave/core/backend.hpp>
#include <hashweave/core/optimise.hpp>
#include <hashweave/core/parameters.hpp>
#include <limits>
#include <string>
#include <vector>

namespace hashweave {

/// How the parameters under a dotted prefix are trained: "image" means image and image.…, "" everything. Where several
/// prefixes fit, the longest counts. A rate factor of 0 freezes: not changed, not in the norm.
struct ParameterGroup {
  std::string prefix;
  double rate_factor = 1;   ///< times the optimiser's rate
  double decay_factor = 1;  ///< times the optimiser's weight decay
};

/// What may differ from step to step.
struct StepOptions {
  double rate_factor = 1;     ///< times the base rate: what a schedule gives
  double gradient_scale = 1;  ///< times the gradient: 1/k after accumulating k batches whose mean is wanted
};

namespace detail {

/// A stretch of the parameter block that is trained in one way.
struct TrainedRange {
  Size offset = 0, size = 0;
  double rate_factor = 1, decay_factor = 1;
};

inline bool under(std::string_view name, std::string_view prefix) {
  return prefix.empty() || name == prefix || (name.starts_with(prefix) && name[prefix.size()] == '.');
}

/// The trained stretches in order, neighbours of one group merged.
/// @throws Error for a prefix that no parameter has: most likely a misspelt name.
inline std::vector<TrainedRange> trained_ranges(std::span<const ParameterEntry> entries,
                                                const std::vector<ParameterGroup>& groups) {
  std::vector<TrainedRange> ranges;
  std::vector<bool> used(groups.size(), false);
  bool adjoins = false;  // the last range ends with the parameter before this one
  for (const ParameterEntry& e : entries) {
    if (e.statistic()) continue;
    const ParameterGroup* best = nullptr;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!under(e.name, groups[i].prefix)) continue;
      used[i] = true;
      if (best == nullptr || groups[i].prefix.size() > best->prefix.size()) best = &groups[i];
    }
    const TrainedRange range{e.offset, e.size(), best == nullptr ? 1 : best->rate_factor,
                             best == nullptr ? 1 : best->decay_factor};
    if (range.rate_factor == 0) {
      adjoins = false;
      continue;
    }
    if (adjoins && ranges.back().rate_factor == range.rate_factor && ranges.back().decay_factor == range.decay_factor) {
      ranges.back().size = range.offset + range.size - ranges.back().offset;  // the gap that aligns parameters is zero
    } else {
      ranges.push_back(range);
    }
    adjoins = true;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    require(used[i], "parameter group", "prefix", "the beginning of a parameter's name", "'" + groups[i].prefix + "'");
  }
  return ranges;
}

template <class T>
Mat<T> slice(Mat<T> flat, const TrainedRange& r) {
  return cols_of(flat, r.offset, r.size);
}

/// The Euclidean norm of the trained gradient.
template <class B>
double gradient_norm(B& be, const ParameterBlock<B>& grads, const std::vector<TrainedRange>& ranges) {
  double sum = 0;
  for (const TrainedRange& r : ranges) sum += squared_norm(be, slice(grads.flat(), r));
  return std::sqrt(sum);
}

/// The factor that brings a gradient of norm `norm` to at most `limit`, as PyTorch's clip_grad_norm_.
inline double clip_factor(double norm, double limit) { return norm > limit ? limit / (norm + 1e-6) : 1; }

}  // namespace detail

/// Adds what a training step's backward left for the running statistics (BatchNorm). Call it once a step.
template <class B>
void update_statistics(B& be, ParameterBlock<B>& params, const ParameterBlock<B>& grads) {
  for (const ParameterEntry& e : params.entries()) {
    if (e.statistic()) add_scaled(be, params.at(e), grads.at(e), 1);
  }
}

}  // namespace hashweave
