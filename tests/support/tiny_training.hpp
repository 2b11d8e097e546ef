#pragma once
#include <catch2/catch.hpp>

#include "support/tiny_model.hpp"

namespace hashweave::test {

/// All numbers of three training steps: losses, gradients, parameters, moments.
template <class T>
std::vector<T> training(Size threads) {
  using B = Cpu<T>;
  B be{threads, 42};
  TinyModel<B> model;
  model.params.initialise(2022);
  set_dropout(model.arch, 0.1);
  TinyBatch<T> batch{9};
  Adam<B, TinyVit2Cmh> adam{{.rate = 1e-2, .clip_norm = 2}};
  std::vector<T> all;
  const auto keep = [&](Mat<const T> m) { all.insert(all.end(), m.data, m.data + m.size()); };
  for (std::uint32_t number = 0; number < 3; ++number) {
    be.tape().rewind();
    be.random().begin_step(number);
    model.grads.zero();
    const auto step = model.forward(be, batch.template images<B>(), batch.template captions<B>());
    const auto loss = TripletAngularLoss<>{0.1, 0.1}(be, step.y.image, step.y.text, batch.owners);
    model.backward(be, step.saved, loss.gradient);
    const StepReport report = adam.step(be, model.params, model.grads);
    all.push_back(static_cast<T>(report.grad_norm));
    keep(loss.value);
    keep(loss.terms);
    keep(model.grads.flat());
    keep(model.params.flat());
  }
  keep(adam.first_moment().flat());
  keep(adam.second_moment().flat());
  return all;
}

/// They are the same on 1, 2 and 4 threads.
template <class T>
void check_training_on_threads() {
  const std::vector<T> one = training<T>(1);
  REQUIRE(one[0] > 0);
  CHECK((one == training<T>(1)));
  CHECK((one == training<T>(2)));
  CHECK((one == training<T>(4)));
}

}  // namespace hashweave::test
