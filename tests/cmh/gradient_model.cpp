#include "support/check_gradient.hpp"
#include "support/tiny_model.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

template <class Loss>
void check_whole_model(const Loss& loss, Size pairs, double dropout, std::size_t most) {
  B be{1, 5};
  TinyModel<B> model;
  randomise(model.params, 17, 0.3);
  set_dropout(model.arch, dropout);
  TinyBatch<double> batch{pairs};
  const auto images = batch.images<B>();
  const auto captions = batch.captions<B>();
  const auto begin = [&] {
    be.tape().rewind();
    be.random().begin_step(2);
  };
  const auto f = [&] {
    begin();
    const auto codes = model.forward(be, images, captions).y;
    return loss(be, codes.image, codes.text, Owners{batch.owners}).value(0, 0);
  };
  f();
  begin();
  const auto step = model.forward(be, images, captions);
  const auto result = loss(be, step.y.image, step.y.text, Owners{batch.owners});
  REQUIRE(result.value(0, 0) > 0);
  const auto dx = model.backward(be, step.saved, result.gradient);
  const std::vector<double> d_pixels(dx.image.data, dx.image.data + batch.pixels.size());
  Worst worst;
  probe(batch.pixels, d_pixels.data(), "pixels", f, worst, most);
  probe_parameters(model.params, model.grads, f, worst, most);
  expect_gradient(worst);
}

}  // namespace

TEST_CASE("ViT2CMH gradient through its loss agrees with central differences for all parameters", "[cmh][gradient]") {
  check_whole_model(TripletAngularLoss<>{0.1, 0.05}, 3, 0, 4096);
}
TEST_CASE("ViT2CMH gradient through its loss agrees with central differences with dropout", "[cmh][gradient]") {
  check_whole_model(TripletAngularLoss<InfoNce>{0.1}, 5, 0.2, 8);
}
TEST_CASE("ViT2CMH gradient of a single pair agrees with central differences", "[cmh][gradient]") {
  check_whole_model(TripletAngularLoss<>{0.1, 1}, 1, 0, 8);
}
