#pragma once
#include <hashweave/cmh/label_counts.hpp>
#include <hashweave/compose/chain.hpp>
#include <hashweave/compose/named.hpp>
#include <hashweave/core/loss.hpp>
#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/spectral_norm.hpp>
#include <vector>

namespace hashweave {

/// An MLP In -> Hidden -> Second -> 1 that gives a logit: layers divided by their spectral norm, LeakyReLU 0.2 between
/// them. Parameters: fc1, fc2, fc3. Source: Miyato et al., ICLR 2018; the sizes are a decision of this project.
template <Size In, Size Hidden = 512, Size Second = 256>
struct Discriminator
    : Chain<Named<"fc1", SpectralLinear<In, Hidden>>, LeakyRelu, Named<"fc2", SpectralLinear<Hidden, Second>>,
            LeakyRelu, Named<"fc3", SpectralLinear<Second, 1>>> {};

/// What a label weighs where all labels together shall count alike: n/(C n_label); 0 for a label that never occurs.
template <class T>
std::vector<T> balance_factors(const LabelCounts& counts) {
  std::vector<T> factors;
  for (Size c = 0; c < counts.classes(); ++c) {
    const double expected = static_cast<double>(counts.samples()) / static_cast<double>(counts.classes());
    factors.push_back(counts.count(c) == 0 ? T{0} : static_cast<T>(expected / static_cast<double>(counts.count(c))));
  }
  return factors;
}

/// The weight of each sample of a batch: the mean of its labels' factors, scaled to mean 1 over the batch. A sample
/// without labels, or with none that has a factor, weighs 1 before scaling: as one of a label of average frequency.
///
/// Inputs: labels (samples, classes), multi-hot; factors (1, classes): `balance_factors`. Gives (samples, 1).
/// @throws Error for an empty batch or another number of factors.
template <class B>
Mat<typename B::Scalar> sample_weights(B& be, In<typename B::Scalar> labels, In<typename B::Scalar> factors) {
  require(labels.rows > 0, "sample_weights", "samples in the batch", "at least 1", labels.rows);
  require(factors.cols == labels.cols, "sample_weights", "factors", Phrase{"", labels.cols, " (one a label)"},
          factors.cols);
  auto weights = make_matrix(be, labels.rows, 1);
  balance_weights(be, weights, labels, factors);
  return weights;
}

/// Two players on vectors of two kinds, real and generated, under a condition: D is to tell which kind [x ; c] is of,
/// and what is generated is to look real. Losses are non-saturating cross entropies, every sample with its weight:
/// `judge`: mean_i w_i log(1 + exp(-D(real_i, c_i))) + mean_i w_i log(1 + exp D(generated_i, c_i)), for D;
/// `fool`: mean_i w_i log(1 + exp(-D(generated_i, c_i))), for what is generated. No gradient reaches the condition.
///
/// Shapes: real and generated (samples, Width), condition (samples, ConditionWidth), weights (samples, 1).
/// Parameters: those of Net.
/// @throws Error for an empty batch or unequal numbers of rows.
/// Source: Goodfellow et al., NeurIPS 2014, section 3 (non-saturating); Mirza, Osindero, "Conditional generative
/// adversarial nets", arXiv:1411.1784; modality against modality: Wang et al. (ACMR), ACM MM 2017.
template <Size Width, Size ConditionWidth, class Net = Discriminator<Width + ConditionWidth>>
struct ConditionalAdversary {
  static constexpr Size width = Width, condition_width = ConditionWidth;
  using Joined = Vectors<Width + ConditionWidth>;

  Net net;

  template <class B>
  using Params = typename Net::template Params<B>;

  /// The value of D's loss (1, 1); adds the gradient of D's parameters into g.
  template <class B>
  Mat<typename B::Scalar> judge(B& be, const Params<B>& p, View<B, Vectors<Width>> real,
                                View<B, Vectors<Width>> generated, In<typename B::Scalar> condition,
                                In<typename B::Scalar> weights, Params<B>& g) const {
    check(real.rows, generated.rows, condition, weights);
    const Size n = real.rows;
    auto value = make_matrix(be, 1, 1);
    TapeScope scope{be};
    auto joined = make<Joined>(be, 2 * n);  // real above generated
    join(be, rows_of(joined.mat(), 0, n), real.mat(), condition);
    join(be, rows_of(joined.mat(), n, n), generated.mat(), condition);
    const auto step = net.forward(be, p, joined);
    auto d = make<Vectors<1>>(be, 2 * n);
    auto other = make_matrix(be, 1, 1);
    weighted_cross_entropy(be, value, rows_of(d.mat(), 0, n), rows_of(step.y.mat(), 0, n), weights, 1);
    weighted_cross_entropy(be, other, rows_of(d.mat(), n, n), rows_of(step.y.mat(), n, n), weights, 0);
    add_scaled(be, value, other, 1);
    net.backward(be, p, step.saved, d, g);
    return value;
  }

  /// The loss of what is generated and its gradient. What reaches D's parameters on the way is added into `unused`,
  /// which nobody is to take for a gradient.
  template <class B>
  LossStep<B, View<B, Vectors<Width>>> fool(B& be, const Params<B>& p, View<B, Vectors<Width>> generated,
                                            In<typename B::Scalar> condition, In<typename B::Scalar> weights,
                                            Params<B>& unused) const {
    check(generated.rows, generated.rows, condition, weights);
    const Size n = generated.rows;
    auto value = make_matrix(be, 1, 1);
    auto gradient = make<Vectors<Width>>(be, n);
    TapeScope scope{be};
    auto joined = make<Joined>(be, n);
    join(be, joined.mat(), generated.mat(), condition);
    const auto step = net.forward(be, p, joined);
    auto d = make<Vectors<1>>(be, n);
    weighted_cross_entropy(be, value, d.mat(), step.y.mat(), weights, 1);
    const auto d_joined = net.backward(be, p, step.saved, d, unused);
    copy(be, gradient.mat(), cols_of(d_joined.mat(), 0, Width));
    return {value, value, gradient};
  }

  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Net::visit(f, at, p);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(net, f);
  }

 private:
  template <class M>
  static void check(Size real, Size generated, const M& condition, const M& weights) {
    constexpr std::string_view where = "ConditionalAdversary";
    require(real > 0, where, "samples in the batch", "at least 1", real);
    require(generated == real, where, "generated samples", Phrase{"", real, " (as many as real ones)"}, generated);
    require(condition.rows == real, where, "rows of the condition", real, condition.rows);
    require(condition.cols == ConditionWidth, where, "columns of the condition", ConditionWidth, condition.cols);
    require(weights.rows == real, where, "weights", Phrase{"", real, " (one a sample)"}, weights.rows);
  }
  template <class B, class M, class C>
  static void join(B& be, M to, M x, C condition) {
    copy(be, cols_of(to, 0, Width), x);
    copy(be, cols_of(to, Width, ConditionWidth), condition);
  }
};

}  // namespace hashweave
