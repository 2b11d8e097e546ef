#pragma once
#include <utility>

#include "support/check_gradient.hpp"

namespace hashweave::test {

/// The worst error of the gradient of a model on two batches, through a loss on what it gives: over both inputs and all
/// parameters. `loss(be, y)` is a loss.
template <class Model, class X, class Y, class Loss>
Worst two_input_error(Model& model, Batch<X>& image, Batch<Y>& text, const Loss& loss, std::size_t most = 4096) {
  B be{1, 5};
  const auto forward = [&] {
    be.tape().rewind();
    be.random().begin_step(2);
    return model.forward(be, image.view(), text.view());
  };
  const auto f = [&] { return loss(be, forward().y).value(0, 0); };
  f();
  model.grads.zero();
  const auto step = forward();
  const auto dx = model.backward(be, step.saved, loss(be, step.y).gradient);
  const std::vector<double> d_image(dx.image.data, dx.image.data + image.values.size());
  const std::vector<double> d_text(dx.text.data, dx.text.data + text.values.size());
  Worst worst;
  probe(image.values, d_image.data(), "images", f, worst, most);
  probe(text.values, d_text.data(), "texts", f, worst, most);
  probe_parameters(model.params, model.grads, f, worst, most);
  return worst;
}

}  // namespace hashweave::test
