#pragma once
#include <hashweave/core/loss.hpp>
#include <hashweave/core/owners.hpp>

#include "support/check_gradient.hpp"

namespace hashweave::test {

/// The worst error of a loss's gradient in one batch; `more` are its further arguments.
template <class L, class S, class... More>
Worst loss_gradient_error(const L& loss, Batch<S>& input, const More&... more) {
  B be{1};
  const auto f = [&] {
    be.tape().rewind();
    return loss(be, input.view(), more...).value(0, 0);
  };
  f();
  be.tape().rewind();
  const auto step = loss(be, input.view(), more...);
  const std::vector<double> analytic(step.gradient.data, step.gradient.data + input.values.size());
  Worst worst;
  probe(input.values, analytic.data(), "codes", f, worst);
  return worst;
}

/// The same for a loss on images and texts.
template <class L, class S>
Worst pair_gradient_error(const L& loss, Batch<S>& image, Batch<S>& text, Owners owners = {}) {
  static_assert(Loss<L, B, View<B, S>, View<B, S>, Owners>);
  B be{1};
  const auto f = [&] {
    be.tape().rewind();
    return loss(be, image.view(), text.view(), owners).value(0, 0);
  };
  f();
  be.tape().rewind();
  const auto step = loss(be, image.view(), text.view(), owners);
  const std::vector<double> d_image(step.gradient.image.data, step.gradient.image.data + image.values.size());
  const std::vector<double> d_text(step.gradient.text.data, step.gradient.text.data + text.values.size());
  Worst worst;
  probe(image.values, d_image.data(), "image codes", f, worst);
  probe(text.values, d_text.data(), "text codes", f, worst);
  return worst;
}

/// One pair, two, and seven with and without common owners.
template <class L>
void check_pair_loss(const L& loss) {
  using S = Vectors<6>;
  for (const Size pairs : {1, 2, 7}) {
    Batch<S> image{{pairs}}, text{{pairs}};
    randomise(image.values, 21);
    randomise(text.values, 22);
    std::vector<std::int64_t> two_each, all_one(static_cast<std::size_t>(pairs), 5);
    for (Size i = 0; i < pairs; ++i) two_each.push_back(i / 2);
    for (const Owners& owners : {Owners{}, Owners{two_each}, Owners{all_one}}) {
      INFO(pairs << " pairs, owners "
                 << (owners.ids == nullptr          ? "none"
                     : owners.ids == all_one.data() ? "one"
                                                    : "two"));
      expect_gradient(pair_gradient_error(loss, image, text, owners));
    }
  }
}

}  // namespace hashweave::test
