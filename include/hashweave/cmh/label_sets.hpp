#pragma once
#include <algorithm>
#include <cmath>
#include <hashweave/cmh/label_counts.hpp>
#include <hashweave/core/layer.hpp>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace hashweave {

/// Samples of a batch by the sets of labels they have: each set once, as a sequence of ids (0, the summary token, then
/// 1 + c for each label c), and which set each sample has. On the tape.
template <class B>
struct LabelBatch {
  View<B, TokenIds> sets;
  const std::int32_t* of = nullptr;
  Size samples = 0;

  /// y_i = x of sample i's set; Σ over a set's samples added to dx.
  template <class M, class N>
  void gather(B& be, M y, N x) const {
    embed(be, y, of, nullptr, equal_segments(be, 1, samples), x, {}, {});
  }
  template <class M, class N>
  void add_to_sets(B& be, M dx, N dy) const {
    embed_backward(be, dx, {}, {}, dy, of, nullptr, equal_segments(be, 1, samples));
  }
};

/// The distinct sets of labels among samples: data sets have far fewer of them than samples, and what depends on labels
/// alone need be computed once for each.
class LabelSets {
 public:
  /// Of multi-hot labels (samples, classes), what is not 0 being present; in the order in which they first occur.
  /// @throws Error where there are no samples or no classes.
  template <class T>
  explicit LabelSets(Mat<T> labels) {
    require(labels.rows > 0, "LabelSets", "samples", "at least 1", labels.rows);
    require(labels.cols > 0, "LabelSets", "classes", "at least 1", labels.cols);
    std::map<std::vector<std::int32_t>, std::int32_t> known;
    std::vector<std::int32_t> ids;
    for (Size r = 0; r < labels.rows; ++r) {
      ids.assign(1, 0);
      for (Size c = 0; c < labels.cols; ++c) {
        if (labels(r, c) != T{}) ids.push_back(static_cast<std::int32_t>(c + 1));
      }
      const auto [at, is_new] = known.try_emplace(ids, static_cast<std::int32_t>(known.size()));
      if (is_new) {
        ids_.insert(ids_.end(), ids.begin(), ids.end());
        offsets_.push_back(static_cast<Size>(ids_.size()));
      }
      of_.push_back(at->second);
    }
  }

  /// The number of distinct sets; of samples; the set of a sample.
  Size count() const { return static_cast<Size>(offsets_.size()) - 1; }
  Size samples() const { return static_cast<Size>(of_.size()); }
  std::int32_t of(Size sample) const { return of_[static_cast<std::size_t>(sample)]; }

  /// All sets, as sequences of ids.
  template <class B>
  View<B, TokenIds> view() const {
    return {ids_.data(), {offsets_.data(), count()}};
  }
  /// The sets that these samples have. @throws Error for an empty batch or a sample that there is not.
  template <class B>
  LabelBatch<B> batch(B& be, std::span<const Size> chosen) const {
    require(!chosen.empty(), "LabelSets", "samples of the batch", "at least 1", chosen.size());
    const Size n = static_cast<Size>(chosen.size());
    auto* place = take_shared<std::int32_t>(be, count());
    auto* of = take_shared<std::int32_t>(be, n);
    auto* offsets = take_shared<Size>(be, n + 1);
    std::fill_n(place, count(), -1);
    offsets[0] = 0;
    std::int32_t sets = 0;
    for (Size i = 0; i < n; ++i) {
      const Size sample = chosen[static_cast<std::size_t>(i)];
      require(sample >= 0 && sample < samples(), "LabelSets", "sample", Phrase{"0 to ", samples() - 1}, sample);
      const std::int32_t set = this->of(sample);
      if (place[set] < 0) {
        place[set] = sets++;
        offsets[sets] = offsets[sets - 1] + length(set);
      }
      of[i] = place[set];
    }
    auto* ids = take_shared<std::int32_t>(be, offsets[sets]);
    for (Size set = 0; set < count(); ++set) {
      if (place[set] >= 0) std::copy_n(ids_.data() + begin(set), length(set), ids + offsets[place[set]]);
    }
    return {{ids, {offsets, sets}}, of, n};
  }

 private:
  Size begin(Size set) const { return offsets_[static_cast<std::size_t>(set)]; }
  Size length(Size set) const { return offsets_[static_cast<std::size_t>(set + 1)] - begin(set); }

  std::vector<std::int32_t> ids_, of_;
  std::vector<Size> offsets_{0};
};

/// log(P(j | i) + eps) for each two labels, as `LabelAttention` takes it: (Labels + 1, Labels + 1), row 1 + i, column
/// 1 + j; zeros for the summary token and for labels beyond those counted. Row-major.
/// @throws Error where more labels were counted than fit.
template <class T>
std::vector<T> log_prior(const LabelCounts& counts, Size labels, double eps = 1e-3) {
  require(counts.classes() <= labels, "log_prior", "labels", Phrase{"at most ", labels}, counts.classes());
  std::vector<T> prior(static_cast<std::size_t>((labels + 1) * (labels + 1)), T{0});
  for (Size i = 0; i < counts.classes(); ++i) {
    for (Size j = 0; j < counts.classes(); ++j) {
      prior[static_cast<std::size_t>((i + 1) * (labels + 1) + j + 1)] =
          static_cast<T>(std::log(counts.given(j, i) + eps));
    }
  }
  return prior;
}

}  // namespace hashweave
