#pragma once
#include <hashweave/cmh/central_similarity.hpp>
#include <hashweave/cmh/column_losses.hpp>
#include <hashweave/cmh/label_losses.hpp>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/cmh/weighted_sum.hpp>
#include <hashweave/compose/beside.hpp>
#include <hashweave/compose/identity.hpp>
#include <hashweave/compose/named.hpp>
#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/nn/scaled_tanh.hpp>
#include <hashweave/nn/sign.hpp>

// Published methods of deep supervised hashing, each a head on features and a loss on codes and labels. The code's bits
// are h > 0. TransHash's network is in trans_hash.hpp.
namespace hashweave {

namespace detail {
template <class L, Size Bits, Size Groups, class = std::make_index_sequence<static_cast<std::size_t>(Groups)>>
struct TransHashHeads;
template <class L, Size Bits, Size Groups, std::size_t... Group>
struct TransHashHeads<L, Bits, Groups, std::index_sequence<Group...>> {
  using Loss = PerHead<L, Bits / 2, (static_cast<void>(Group), Bits / (2 * Groups))...>;
};
/// L on the global head and on each local head of `DualStream`.
template <class L, Size Bits, Size Groups>
using OnTransHashHeads = typename TransHashHeads<L, Bits, Groups>::Loss;
}  // namespace detail

/// TransHash: Cauchy pairwise loss and λ Cauchy quantisation loss of each head, summed; on `DualStream`. γ = 20 and λ =
/// 0.1 are DCH's. `with_gamma` takes γ in bits of the whole code: a head of k of `Bits` bits gets γ k/Bits, so that the
/// loss has the same shape for each head as for an undivided code.
/// Source: Chen et al. (TransHash), ICMR 2022, section 3.4.
template <Size Bits, Size Groups = 2, class Pairs = CauchyPairs>
struct TransHashLoss : WeightedSum<detail::OnTransHashHeads<Pairs, Bits, Groups>,
                                   detail::OnTransHashHeads<CauchyQuantisation, Bits, Groups>> {
  using Pairwise = detail::OnTransHashHeads<Pairs, Bits, Groups>;
  using Quantised = detail::OnTransHashHeads<CauchyQuantisation, Bits, Groups>;

  explicit TransHashLoss(double lambda = 0.1, Pairwise pairs = {}, Quantised quantisation = {})
      : WeightedSum<Pairwise, Quantised>{{pairs, quantisation}, {1, lambda}} {}
  static TransHashLoss with_gamma(double gamma, double lambda = 0.1) {
    const auto of = [gamma](Size k) { return gamma * static_cast<double>(k) / static_cast<double>(Bits); };
    return TransHashLoss{lambda, Pairwise{[&](Size k) { return Pairs{of(k)}; }},
                         Quantised{[&](Size k) { return CauchyQuantisation{of(k)}; }}};
  }
};

/// DCH's head, h = tanh(x Wᵀ + b), and loss: Cauchy pairwise loss and λ Cauchy quantisation loss.
/// Source: Cao et al., DCH, CVPR 2018, section 3.
template <Size D, Size Bits>
struct DchHead : Chain<Named<"linear", Linear<D, Bits>>, Tanh> {};
struct DchLoss : WeightedSum<CauchyPairs, CauchyQuantisation> {
  explicit DchLoss(double lambda = 0.1, double gamma = 20)
      : WeightedSum<CauchyPairs, CauchyQuantisation>{{CauchyPairs{gamma}, CauchyQuantisation{gamma}}, {1, lambda}} {}
};

/// HashNet's head, h = tanh(β (x Wᵀ + b)) with β from `TanhContinuation`, and loss: balanced logistic pairs.
/// Source: Cao et al., HashNet, ICCV 2017, section 3.
template <Size D, Size Bits>
struct HashNetHead : Chain<Named<"linear", Linear<D, Bits>>, ScaledTanh> {};
struct HashNetLoss : LogisticPairs {
  explicit HashNetLoss(Size bits) : LogisticPairs{10 / static_cast<double>(bits)} {}
};

/// DPSH's loss, on a linear head: the likelihood of the pairs with θ = h_i·h_j/2, and η times the quantisation error.
/// The paper sums both; here they are means over pairs and values.
/// Source: Li et al., DPSH, IJCAI 2016, section 3.
struct DpshLoss : WeightedSum<LogisticPairs, Quantisation> {
  explicit DpshLoss(double eta = 0.1)
      : WeightedSum<LogisticPairs, Quantisation>{{LogisticPairs{0.5, false}, Quantisation{}}, {1, eta}} {}
};

/// DSH's loss, on a linear head: contrastive pairs with margin 2 Bits, and α (|| |h_i| - 1 ||₁ + || |h_j| - 1 ||₁) for
/// each pair, which is 2 α Bits times the mean over the values.
/// Source: Liu et al., DSH, CVPR 2016, section 3.1, α = 0.01.
struct DshLoss : WeightedSum<ContrastivePairs, Quantisation> {
  explicit DshLoss(Size bits, double alpha = 0.01)
      : WeightedSum<ContrastivePairs, Quantisation>{{ContrastivePairs{}, Quantisation{1}},
                                                    {1, 2 * alpha * static_cast<double>(bits)}} {}
};

/// CSQ's loss, on a head that ends with tanh (`DchHead`): cross entropy to the samples' centres and λ quantisation. The
/// paper's quantisation term is log cosh(|h| - 1), which near 1 is half of the square taken here.
/// Source: Yuan et al., CSQ, CVPR 2020, section 3.3; λ = 0.0001.
template <class T>
struct CsqLoss : WeightedSum<CentralSimilarity<T>, Quantisation> {
  explicit CsqLoss(const HashCentres<T>& centres, double lambda = 1e-4)
      : WeightedSum<CentralSimilarity<T>, Quantisation>{{CentralSimilarity<T>{centres.mat()}, Quantisation{}},
                                                        {1, lambda}} {}
};

/// GreedyHash's head: h = x Wᵀ + b, and beside it the logits of a classifier on the signs of h: features -> (rows, Bits
/// + Classes). Parameters: linear, classifier. Loss: softmax cross entropy of the classifier's first `classes` logits,
/// and α mean ||h| - 1|³. Source: Su et al., GreedyHash, NeurIPS 2018, section 3; α = 0.1.
template <Size D, Size Bits, Size Classes>
struct GreedyHashHead
    : Chain<Named<"linear", Linear<D, Bits>>,
            Beside<Identity, Chain<SignStraightThrough, Named<"classifier", Linear<Bits, Classes, NoBias>>>>> {};
template <Size Bits, Size Classes>
struct GreedyHashLoss : WeightedSum<OnColumns<SoftmaxCrossEntropy, Bits, Classes>, OnColumns<Quantisation, 0, Bits>> {
  explicit GreedyHashLoss(double alpha = 0.1, Size classes = Classes)
      : WeightedSum<OnColumns<SoftmaxCrossEntropy, Bits, Classes>, OnColumns<Quantisation, 0, Bits>>{
            {{SoftmaxCrossEntropy{classes}}, {Quantisation{3}}}, {1, alpha}} {}
};

}  // namespace hashweave
