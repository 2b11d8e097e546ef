// Guards run.sh: sound compositions of the kinds that the other programs get wrong compile without a message.
#include <hashweave/hashweave.hpp>
using namespace hashweave;

using ImageTower = Chain<VitTower<32, 16, 64, 1, 4, 128>, Linear<64, 48>>;
using TextTower = Chain<BertTower<1000, 64, 32, 1, 4, 64>, Linear<32, 48>>;
using Trunk = Chain<SharedCrossEncoder<48, 1, 4, 96>, HashHead<48, 16>>;
using M = Model<Cpu<float>, CrossModal<ImageTower, TextTower, Trunk>, Pixels<3, 32, 32>, TokenIds>;

static_assert(fits<Chain<Repeat<2, Recompute<Residual<LayerNorm<16>, Linear<16, 16>>>>, FirstToken<16>>, Tokens<16>>());
static_assert(fits<Residual<LayerNorm<16>, Linear<16, 32>, Relu, Linear<32, 16>>, Vectors<16>>());
static_assert(std::same_as<OutputOf<Trunk, OutputOf<ImageTower, Pixels<3, 32, 32>>>, Vectors<16>>);
static_assert(!Accepts<Chain<Linear<16, 8>, Linear<24, 8>>, Vectors<16>>);

auto train(Cpu<float>& be, M& model, Adam<Cpu<float>, CrossModal<ImageTower, TextTower, Trunk>>& adam,
           View<Cpu<float>, Pixels<3, 32, 32>> images, View<Cpu<float>, TokenIds> captions) {
  const auto step = model.forward(be, images, captions);
  const auto loss = TripletAngularLoss<>{}(be, step.y.image, step.y.text);
  model.backward(be, step.saved, loss.gradient);
  return adam.step(be, model.params, model.grads);
}
