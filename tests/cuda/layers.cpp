#include <hashweave/cmh/losses.hpp>
#include <hashweave/hashweave.hpp>

#include "cuda/run.hpp"
#include "support/tiny_model.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

/// Random values for every parameter, the same on each backend.
template <class B, class L>
void fill(Parameters<B, L>& params, std::uint64_t seed) {
  for (const ParameterEntry& e : params.entries()) {
    const RandomStream stream{seed ^ name_hash(e.name), 0, 0};
    std::vector<typename B::Scalar> values(static_cast<std::size_t>(e.size()));
    const double mean = e.statistic() || e.init.kind == Init::Kind::constant ? e.init.mean : 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<typename B::Scalar>(
          static_cast<float>(mean + (e.statistic() ? 0 : 0.8 * (static_cast<double>(uniform(stream.bits(i))) - 0.5))));
    params.assign(e.name, values);
  }
}
template <class B, class L>
void keep_all(Run<B>& r, const Parameters<B, L>& params) {
  for (const ParameterEntry& e : params.entries()) {
    const auto values = params.values(e.name);
    r.outputs.emplace_back(values.begin(), values.end());
  }
}

/// Output, gradient of the input and gradients of all parameters of a layer on S (`Tokens` or `Vectors`).
template <class S, class L>
void check_layer_agrees(const L& layer, const std::vector<Size>& lengths) {
  check_agrees([&]<class B>(Run<B>& r) {
    Parameters<B, L> params, grads;
    fill(params, 7);
    const Segments segments = r.segments(lengths);
    View<B, S> x;
    x.data = r.in(segments.rows(), S::width, 1, 0, 2).data;
    if constexpr (requires { x.segments; }) {
      x.segments = segments;
    } else {
      x.rows = segments.rows();
    }
    auto step = layer.forward(r.be, *params, x);
    auto dy = step.y;
    dy.data = r.in(dy.mat().rows, dy.mat().cols, 2).data;
    const auto dx = layer.backward(r.be, *params, step.saved, dy, *grads);
    const auto y = infer(r.be, layer, *params, x);
    r.keep(step.y.mat(), dx.mat(), y.mat());
    keep_all(r, grads);
  });
}

/// Memory of one batch of the tiny model on a backend.
template <class B>
struct Inputs {
  using T = typename B::Scalar;
  TinyBatch<T> host{4};
  Mat<T> pixels;
  std::int32_t *ids, *types;
  Size* offsets;
  std::int64_t* owners;

  explicit Inputs(Run<B>& r)
      : pixels{r.out(4, 3 * 8 * 8)},
        ids{r.shared(host.ids)},
        types{r.shared(host.types)},
        offsets{r.shared(host.offsets)},
        owners{r.shared(host.owners)} {
    B::Memory::copy_from_host(pixels.data, host.pixels.data(), host.pixels.size() * sizeof(T));
  }
};

}  // namespace

TEST_CASE("Steps of the whole ViT2CMH on CUDA agree with the CPU's, with dropout and Adam", "[cuda]") {
  check_agrees(
      []<class B>(Run<B>& r) {
        TinyModel<B> model;
        for_each_layer(model.arch, [](auto& layer) {
          if constexpr (requires { layer.rate; }) layer.rate = 0.1;
          if constexpr (requires { layer.dropout; }) layer.dropout = 0.2;
        });
        fill(model.params, 3);
        Adam<B, TinyVit2Cmh> adam{{.rate = 1e-3, .clip_norm = 2}};
        const TripletAngularLoss<> loss;
        for (std::uint32_t step = 0; step < 2; ++step) {
          r.be.tape().rewind();
          r.be.random().begin_step(step);
          model.grads.zero();
          const Inputs<B> in{r};
          const Owners owners{{in.owners, 4}};
          const auto [codes, saved] = model.forward(r.be, {in.pixels.data, 4}, {in.ids, {in.offsets, 4}, in.types});
          const auto l = loss(r.be, codes.image, codes.text, owners);
          model.backward(r.be, saved, l.gradient);
          r.keep(codes.image.mat(), codes.text.mat(), l.value);
          keep_all(r, model.grads);
          r.outputs.push_back({adam.step(r.be, model.params, model.grads).grad_norm});
        }
        CHECK(r.be.tape().capacity() > 0);
      },
      1e-4);
}

TEST_CASE("The same step gives the same bits on CUDA", "[cuda]") {
  const auto run = [] {
    Run<Cuda<float>> r;
    TinyModel<Cuda<float>> model;
    fill(model.params, 3);
    const Inputs<Cuda<float>> in{r};
    const auto [codes, saved] = model.forward(r.be, {in.pixels.data, 4}, {in.ids, {in.offsets, 4}, in.types});
    const auto l = TripletAngularLoss<>{}(r.be, codes.image, codes.text);
    model.backward(r.be, saved, l.gradient);
    r.keep(codes.image.mat(), l.value);
    keep_all(r, model.grads);
    return r.outputs;
  };
  CHECK(run() == run());
}

TEST_CASE("Layers on CUDA agree with the CPU's", "[cuda]") {
  const std::vector<Size> lengths{5, 3, 33};
  SECTION("causal attention with a learned bias") {
    check_layer_agrees<Tokens<12>>(SelfAttention<12, 3, Causal, LearnedLogitBias<40>>{}, lengths);
  }
  SECTION("batch norm, with its running statistics") { check_layer_agrees<Vectors<33>>(BatchNorm<33>{}, lengths); }
  SECTION("activations behind products, which infer takes together") {
    check_layer_agrees<Tokens<12>>(Chain<Named<"fc1", Linear<12, 33>>, Relu, Dropout, Linear<33, 12>>{}, lengths);
    check_layer_agrees<Vectors<12>>(Chain<Linear<12, 33, NoBias>, Gelu>{}, lengths);
    check_layer_agrees<Vectors<12>>(Chain<Linear<12, 33>, Tanh, Linear<33, 7>, Named<"act", GeluTanh>>{}, lengths);
  }
  SECTION("groups of tokens, in slices") {
    check_layer_agrees<Tokens<8>>(Chain<SplitTokens<2, 8>, FirstToken<8>, FoldRows<2, 8>>{}, lengths);
    InSlices<Linear<8, 33>, Gelu, Linear<33, 8>> in_slices;
    in_slices.samples = 2;
    check_layer_agrees<Tokens<8>>(in_slices, lengths);
  }
}

TEST_CASE("The whole ViT2CMH on CUDA in bf16 stays near the CPU's", "[cuda]") {
  const auto codes = []<class B>(Run<B>& r) {
    TinyModel<B> model;
    fill(model.params, 3);
    const Inputs<B> in{r};
    const auto [codes, saved] = model.forward(r.be, {in.pixels.data, 4}, {in.ids, {in.offsets, 4}, in.types});
    r.keep(codes.image.mat(), codes.text.mat());
    return r.outputs;
  };
  Run<Cpu<double>> wanted;
  Run<Cuda<float>> in_bf16, in_full;
  in_bf16.be.use(Precision::bf16);
  codes(wanted);
  codes(in_bf16);
  codes(in_full);
  for (std::size_t i = 0; i < 2; ++i) {  // codes are from -1 to 1
    CHECK(difference(in_bf16.outputs[i], wanted.outputs[i]) < 5e-2);
    CHECK(difference(in_bf16.outputs[i], in_full.outputs[i]) > 1e-4);
  }
}

TEST_CASE("What CUDA shares with the host is given back with the tape", "[cuda]") {
  Cuda<float> be;
  const Size* places[3];
  for (const Size*& place : places) {
    be.tape().rewind();
    be.tape().take<float>(1);
    Size* first = be.take_shared<Size>(4);
    std::fill_n(first, 4, Size{7});
    {
      const TapeScope<Cuda<float>> scope{be};
      be.tape().take<float>(1);
    }
    Size* second = be.take_shared<Size>(4);
    std::fill_n(second, 4, Size{8});
    CHECK(std::count(first, first + 4, 7) == 4);  // not before
    place = first;
  }
  CHECK(places[1] == places[2]);
}
