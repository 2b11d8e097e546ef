#include <golden/check_layer.hpp>
#include <hashweave/cmh/bsth.hpp>
#include <hashweave/core/model.hpp>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

using Tiny = Bsth<20, 12, 6, 5, 8, 16, 14>;

Family strand(const std::string& modality) {
  const std::string mlp = modality + "_mlp.", at = modality + ".encoder";
  return joined({Family{{{modality + ".mlp.fc1", {mlp + "0"}},
                         {modality + ".mlp.bn1", {mlp + "1"}},
                         {modality + ".mlp.fc2", {mlp + "3"}},
                         {modality + ".mlp.bn2", {mlp + "4"}},
                         {at + ".tokens", {modality + "_tokens"}},
                         {at + ".norm", {modality + "_encoder.norm"}}}},
                 placed(at + ".blocks.{i}", modality + "_encoder.layers.{i}", torch_encoder_layer)});
}
Family bsth_names() {
  return joined({strand("image"), strand("text"),
                 Family{{{"trunk.fc1.weight", {"bit_w1"}},
                         {"trunk.fc1.bias", {"bit_b1"}},
                         {"trunk.bn", {"bit_bn"}},
                         {"trunk.fc2.weight", {"bit_w2"}},
                         {"trunk.fc2.bias", {"bit_b2"}},
                         {"classifier.linear", {"classifier"}}}}});
}

/// Codes, loss, its three parts and every gradient, in training mode.
const Golden bsth{
    "bsth_tiny", []<class T>(Check<T>& check) {
      using B = Tested<T>;
      check.expect("method", "BSTH");
      check.expect("bits", 6.0);
      check.expect("concept_dim", 8.0);
      check.expect("heads", 1.0);
      check.expect("layers", 2.0);
      check.expect("eps", 1e-5);
      check.expect("batchnorm", "training mode, eps 1e-5");
      check.expect("loss", "MSE(sigmoid(classifier(h)), l) + 0.01 MSE(h, b) + MSE(cos, S)");
      check.expect("bit_mlp", "bit j: tanh(w2_j . tanh(BN(w1_j z_j + b1_j)) + b2_j)");
      Model<B, Tiny, Vectors<20>, Vectors<12>> model;
      std::vector<ParameterEntry> trained;  // the case has no running statistics
      for (const ParameterEntry& e : model.params.entries()) {
        if (!e.statistic()) trained.push_back(e);
      }
      const Family family = bsth_names();
      check.match_weights(trained, family);
      for (const ParameterEntry& e : trained) model.params.assign(e.name, converted<T>(check.parameter(e, family)));

      B be;
      Batch<T, Vectors<20>> image{check.tensor("in.image")};
      Batch<T, Vectors<12>> text{check.tensor("in.text")};
      const auto labels = held(check.values("in.labels")), codes = held(check.values("in.prototype_codes"));
      const Size n = check.tensor("in.labels").shape.at(0);
      const auto [y, saved] = model.forward(be, image.view(), text.view());
      check.output("out.h", values_of(y.codes));
      const auto loss = PrototypeHashLoss{}(be, y, matrix(labels.data(), n, 5), matrix(codes.data(), n, 6));
      check.output("out.loss", {to_host(be, loss.value)});
      std::vector<double> parts;
      for (Size i = 0; i < 3; ++i) parts.push_back(to_host(be, loss.terms, i));
      check.output("out.parts", parts);
      model.backward(be, saved, loss.gradient);
      for (const ParameterEntry& e : trained) {
        check.parameter_gradient(e, family, converted<double>(model.grads.values(e.name)));
      }
    }};

}  // namespace
