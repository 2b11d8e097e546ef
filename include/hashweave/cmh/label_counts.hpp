#pragma once
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/types.hpp>
#include <string>
#include <vector>

namespace hashweave {

/// How often labels occur in a set of samples, alone and together: n_ij = Σ_samples l_i l_j, n_i = n_ii. In host
/// memory.
class LabelCounts {
 public:
  /// Counts multi-hot labels (samples, classes).
  /// @throws Error when there are no samples or no classes, or for an entry other than 0 and 1.
  template <class T>
  explicit LabelCounts(Mat<T> labels)
      : samples_{labels.rows}, classes_{labels.cols}, together_(static_cast<std::size_t>(labels.cols * labels.cols)) {
    require(samples_ > 0, "LabelCounts", "samples", "at least 1", samples_);
    require(classes_ > 0, "LabelCounts", "classes", "at least 1", classes_);
    std::vector<Size> own;
    for (Size r = 0; r < samples_; ++r) {
      own.clear();
      for (Size c = 0; c < classes_; ++c) {
        if (labels(r, c) != T{0} && labels(r, c) != T{1}) [[unlikely]] {
          fail("LabelCounts", "label " + std::to_string(c) + " of sample " + std::to_string(r), "0 or 1", labels(r, c));
        }
        if (labels(r, c) != T{0}) own.push_back(c);
      }
      unlabelled_ += own.empty();
      for (const Size i : own) {
        for (const Size j : own) ++together_[place(i, j)];
      }
    }
  }

  Size samples() const { return samples_; }
  Size classes() const { return classes_; }
  /// Samples without any label.
  Size unlabelled() const { return unlabelled_; }
  /// Samples with label i; with labels i and j.
  Size count(Size i) const { return together_[place(i, i)]; }
  Size together(Size i, Size j) const { return together_[place(i, j)]; }
  /// P(j | i) = n_ij/n_i: 0 where no sample has label i.
  double given(Size j, Size i) const {
    return count(i) == 0 ? 0 : static_cast<double>(together(i, j)) / static_cast<double>(count(i));
  }

  /// R (classes, classes), row-major: n_ij/samples, and 1 on the diagonal, also of a label that never occurs.
  /// Source: Tan et al. (BSTH), SIGIR 2022, section 3.3.
  template <class T>
  std::vector<T> cooccurrence() const {
    std::vector<T> r(together_.size());
    for (Size i = 0; i < classes_; ++i) {
      for (Size j = 0; j < classes_; ++j) {
        const double share = static_cast<double>(together(i, j)) / static_cast<double>(samples_);
        r[place(i, j)] = i == j ? T{1} : static_cast<T>(share);
      }
    }
    return r;
  }

 private:
  std::size_t place(Size i, Size j) const { return static_cast<std::size_t>(i * classes_ + j); }

  Size samples_, classes_, unlabelled_ = 0;
  std::vector<Size> together_;
};

}  // namespace hashweave
