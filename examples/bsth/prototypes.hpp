#pragma once
/// BSTH's first stage.
#include "options.hpp"

#include <hashweave/cmh/label_counts.hpp>
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/optim/adam.hpp>

namespace examples {

/// What the first stage came to.
template <Size Bits>
struct Prototypes {
  std::vector<float> values;  ///< P (classes, Bits)
  double loss = 0;
  Size nearest = Bits;  ///< bits in which the two most alike prototypes differ
};

/// Learns one prototype a class from labels (samples, classes) alone: each epoch is a step on all samples.
template <Size Bits>
Prototypes<Bits> learn_prototypes(Cpu<float>& be, Mat<const float> labels, const BsthOptions& o) {
  using Arch = LabelPrototypes<most_classes, Bits>;
  using B = Cpu<float>;
  Model<B, Arch, Vectors<most_classes>> model;
  model.params.initialise(o.seed ^ name_hash("prototypes"));
  model.arch.classes = labels.cols;
  set_dropout(model.arch, o.prototype_dropout);
  std::vector<float> padded(static_cast<std::size_t>(labels.rows * most_classes));
  const View<B, Vectors<most_classes>> all{padded.data(), labels.rows};
  for (Size r = 0; r < labels.rows; ++r) std::copy_n(labels.row(r), labels.cols, all.mat().row(r));
  const std::vector<float> together = LabelCounts{labels}.cooccurrence<float>();
  const Mat<const float> r = matrix(together.data(), labels.cols, labels.cols);

  const RandomState before = be.random();
  be.random().seed ^= name_hash("prototypes");
  Adam<B, Arch> adam{{.rate = o.prototype_rate}};
  Prototypes<Bits> found;
  for (Size epoch = 0; epoch < o.prototype_epochs; ++epoch) {
    be.tape().rewind();
    be.random().begin_step(static_cast<std::uint32_t>(epoch));
    model.grads.zero();
    const auto step = model.forward(be, all);
    const auto loss = o.prototype_loss(be, step.y, labels, r);
    model.backward(be, step.saved, loss.gradient);
    adam.step(be, model.params, model.grads);
    found.loss = to_host(be, loss.value);
  }
  be.tape().rewind();
  be.random() = before;
  const Mat<float> p = model.arch.prototypes(be, *model.params).mat();
  found.values.assign(p.data, p.data + p.size());
  for (Size i = 0; i < p.rows; ++i)
    for (Size j = 0; j < i; ++j) {
      Size differ = 0;
      for (Size c = 0; c < Bits; ++c) differ += (p(i, c) > 0) != (p(j, c) > 0);
      found.nearest = std::min(found.nearest, differ);
    }
  return found;
}

}  // namespace examples
