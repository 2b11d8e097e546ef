// Use rather than training: layers write over what nobody reads any more.
#include <catch2/catch.hpp>
#include <hashweave/hashweave.hpp>

#include "support/gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("infer gives what forward gives, and leaves its input alone", "[compose][infer]") {
  constexpr Size d = 32;
  const auto check = []<class L>(L layer) {
    Cpu<double> be{1};
    Parameters<Cpu<double>, L> params;
    params.initialise(3);
    randomise(params, 5);  // scales of 1 would not show
    Batch<Tokens<d>> x{{3, 17, 1}};
    randomise(x.values, 4);
    const auto before = x.values;
    const auto y = layer.forward(be, *params, x.view()).y, used = infer(be, layer, *params, x.view());
    CHECK(x.values == before);
    for (Size r = 0; r < y.mat().rows; ++r) {
      for (Size c = 0; c < d; ++c) CHECK(used.mat()(r, c) == Approx(y.mat()(r, c)).epsilon(1e-12));
    }
  };
  using Branch = Residual<LayerNorm<d>, Linear<d, 2 * d>, Gelu, Dropout, Linear<2 * d, d>, LayerScale<d>>;
  check(Branch{});
  check(Chain<Dropout, LayerScale<d>>{});  // what passes is the input itself
  check(Chain<Dropout, Branch>{});
  check(Chain<Branch, Branch, LayerNorm<d>, Relu>{});
  check(Repeat<3, Branch>{});
  check(Repeat<2, Chain<Dropout, LayerScale<d>>>{});
  check(Repeat<2, ScaledBlock<d, 2, 64>>{});
  check(Chain<Repeat<2, Recompute<PostNormBlock<d, 2, 64>>>, Residual<Linear<d, d>, Tanh>>{});
}
