#include <golden/check_layer.hpp>
#include <hashweave/cmh/cross_modal.hpp>
#include <hashweave/cmh/hash_head.hpp>
#include <hashweave/cmh/shared_cross_encoder.hpp>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/cmh/weighted_sum.hpp>
#include <hashweave/core/model.hpp>
#include <hashweave/optim/adam.hpp>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

using ImageStrand = Chain<VitTower<32, 8, 24, 3, 4, 96>, Named<"proj", Linear<24, 32>>>;
using TextStrand = Chain<BertTower<997, 64, 24, 3, 4, 96>, Named<"proj", Linear<24, 32>>>;
using Trunk = Chain<Named<"shared", SharedCrossEncoder<32, 2, 4, 64>>, Named<"hash", HashHead<32, 16>>>;
using Tiny = CrossModal<ImageStrand, TextStrand, Trunk>;

Family names() {
  return joined({placed("image", "vit", hf_vit), placed("image.proj", "image_proj", torch_module),
                 placed("text", "bert", hf_bert), placed("text.proj", "text_proj", torch_module),
                 placed("trunk.shared.{i}", "shared.{i}", torch_encoder_layer),
                 placed("trunk.hash.linear", "hash", torch_module)});
}

template <class T>
void expect_tiny(Check<T>& check) {
  check.expect("model", "ViT2CMH");
  check.expect("bits", 16.0);
  check.expect("shared_dim", 32.0);
  check.expect("shared_layers", 2.0);
  check.expect("shared_heads", 4.0);
  check.expect("shared_hidden", 64.0);
  check.expect("shared_norm", "pre");
  check.expect("shared_activation", "relu");
  check.expect("hidden_size", 24.0);
  check.expect("num_hidden_layers", 3.0);
  check.expect("num_attention_heads", 4.0);
  check.expect("intermediate_size", 96.0);
  check.expect("image_size", 32.0);
  check.expect("patch_size", 8.0);
  check.expect("vocab_size", 997.0);
  check.expect("optimizer", "Adam");
}

/// Codes and gradients of the first step, and the loss before each of the Adam steps.
const Golden whole_model{
    "vit2cmh_tiny", []<class T>(Check<T>& check) {
      using B = Tested<T>;
      expect_tiny(check);
      Model<B, Tiny, Pixels<3, 32, 32>, TokenIds> model;
      model.arch.image = with_eps<ImageStrand>(1e-12);  // the default of both towers' public configurations
      model.arch.text = with_eps<TextStrand>(1e-12);
      model.arch.trunk = with_eps<Trunk>(check.number("shared_eps"));
      const Family vit2cmh = names();
      check.load(model.params, vit2cmh);
      const HardestTriplet triplet{check.number("margin")};
      const Angular angular{check.number("alpha_degrees")};
      const TripletAngularLoss<> loss{check.number("eta"), 0, triplet, angular};
      Batch<T, Pixels<3, 32, 32>> images{check.tensor("in.pixel_values")};
      Batch<T, TokenIds> texts{check.tensor("in.input_ids"), lengths_of_mask(check.tensor("in.mask"))};

      B be;
      Adam<B, Tiny> adam{{.rate = check.number("lr")}};
      const std::vector<double> wanted = check.tensor("out.losses").values;
      require(wanted.size() == static_cast<std::size_t>(check.number("steps")), "vit2cmh_tiny", "losses",
              check.number("steps"), wanted.size());
      for (std::size_t step = 0; step < wanted.size(); ++step) {
        be.tape().rewind();
        model.grads.zero();
        const auto [codes, saved] = model.forward(be, images.view(), texts.view());
        const auto l = loss(be, codes.image, codes.text);
        model.backward(be, saved, l.gradient);
        if (step == 0) {
          check.output("out.image_code", values_of(codes.image));
          check.output("out.text_code", values_of(codes.text));
          check.gradients(model.grads, vit2cmh);
          const auto inferred = model.infer(be, images.view(), texts.view());
          check.output("out.image_code", values_of(inferred.image));
          check.output("out.text_code", values_of(inferred.text));
        }
        check.output("out.losses, step " + std::to_string(step), {to_host(be, l.value)}, {wanted[step]});
        adam.step(be, model.params, model.grads);
      }
    }};

}  // namespace
