// Only compiled: ViT-B/16 and BERT-base under a shared trunk, a whole training step of ViT2CMH.
#include <hashweave/hashweave.hpp>

using namespace hashweave;
using B = Cpu<float>;

struct ImageTower : Chain<VitTower<224, 16, 768, 12, 12, 3072>, Named<"proj", Linear<768, 1024>>> {};
struct TextTower : Chain<BertTower<30522, 512, 768, 12, 12, 3072>, Named<"proj", Linear<768, 1024>>> {};
struct Trunk : Chain<Named<"shared", SharedCrossEncoder<1024, 2, 4, 2048>>, Named<"hash", HashHead<1024, 128>>> {};
using Vit2Cmh = CrossModal<ImageTower, TextTower, Trunk>;
using Net = Model<B, Vit2Cmh, Pixels<3, 224, 224>, TokenIds>;

double step(B& be, Net& model, Adam<B, Vit2Cmh>& adam, View<B, Pixels<3, 224, 224>> images, View<B, TokenIds> texts) {
  be.tape().rewind();
  model.grads.zero();
  const auto [codes, saved] = model.forward(be, images, texts);
  const auto loss = TripletAngularLoss<>{}(be, codes.image, codes.text);
  model.backward(be, saved, loss.gradient);
  adam.step(be, model.params, model.grads);
  return to_host(be, loss.value);
}
