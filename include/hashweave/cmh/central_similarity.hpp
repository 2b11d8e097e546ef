#pragma once
#include <hashweave/cmh/hash_centres.hpp>
#include <hashweave/core/form.hpp>
#include <hashweave/core/loss.hpp>

namespace hashweave {

/// Central similarity: the binary cross entropy between (1 + h)/2 and the sample's centre, mean over samples and bits.
/// The centre of a sample is the sign of the sum of its labels' centres; in a bit in which they are tied its first
/// label decides (the paper draws it). A sample without labels adds nothing.
///
/// Inputs: codes (samples, Bits) in [-1, 1]; labels (samples, classes), multi-hot. `centres` (classes, Bits) are ±1, in
/// the backend's memory: see `hash_centres`. (1 + t h)/2 counts as at least `least`, so that no logarithm is infinite.
/// @throws Error for an empty batch, or for labels or centres of another shape.
/// Source: Yuan et al., CSQ, CVPR 2020, section 3.3.
template <class T>
struct CentralSimilarity {
  static constexpr std::string_view name = "central";
  Mat<const T> centres;
  double least = 1e-6;

  template <class B, Size Bits>
  LossStep<B, View<B, Vectors<Bits>>> operator()(B& be, View<B, Vectors<Bits>> h, In<typename B::Scalar> labels) const {
    require(h.rows > 0, "CentralSimilarity", "codes in the batch", "at least 1", h.rows);
    require(labels.rows == h.rows, "CentralSimilarity", "rows of labels", Phrase{"", h.rows, " (one a sample)"},
            labels.rows);
    require(labels.cols == centres.rows, "CentralSimilarity", "classes of the labels",
            Phrase{"", centres.rows, " (one a centre)"}, labels.cols);
    require(centres.cols == Bits, "CentralSimilarity", "bits of the centres", Bits, centres.cols);
    auto votes = make_matrix(be, h.rows, Bits), value = make_matrix(be, 1, 1);
    auto dh = make<Vectors<Bits>>(be, h.rows);
    multiply(be, Form::nn, votes, labels, centres);
    central_similarity(be, value, dh.mat(), h.mat(), votes, labels, centres, least);
    return {value, value, dh};
  }
};
template <class T>
CentralSimilarity(Mat<const T>) -> CentralSimilarity<T>;

}  // namespace hashweave
