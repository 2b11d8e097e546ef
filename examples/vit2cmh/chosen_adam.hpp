#pragma once
/// Adam with moments as they are or in bfloat16, chosen at run time, and its moments in checkpoints.
#include "on_host.hpp"

#include <common/parameter_tensors.hpp>
#include <hashweave/optim/adam.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace vit2cmh {

template <class B>
class ChosenAdam {
  template <class Moment>
  struct With {
    With(const typename AdamOnBlock<B>::Options& o, const std::vector<ParameterEntry>& entries)
        : adam{{.rate = o.rate, .clip_norm = o.clip_norm, .groups = o.groups}, entries} {}
    AdamOnBlock<B, Moment> adam;
    OnHost<B, Moment> first, second;
  };
  using Full = With<typename B::Scalar>;
  using Half = With<BFloat16>;

 public:
  /// Of the options: rate, clip_norm and groups. `entries`: of the parameters' block. half: moments in bfloat16.
  ChosenAdam(bool half, const typename AdamOnBlock<B>::Options& options, const std::vector<ParameterEntry>& entries)
      : chosen_{half ? Chosen{std::in_place_type<Half>, options, entries}
                     : Chosen{std::in_place_type<Full>, options, entries}} {}

  StepReport step(B& be, ParameterBlock<B>& params, const ParameterBlock<B>& grads, const StepOptions& now) {
    return std::visit([&](auto& with) { return with.adam.step(be, params, grads, now); }, chosen_);
  }
  Size steps() const {
    return std::visit([](const auto& with) { return with.adam.steps(); }, chosen_);
  }
  Size skipped() const {
    return std::visit([](const auto& with) { return with.adam.skipped(); }, chosen_);
  }
  std::size_t moment_bytes() const {  ///< of one moment of one parameter
    return std::holds_alternative<Half>(chosen_) ? sizeof(BFloat16) : sizeof(typename B::Scalar);
  }

  /// The moments of parameters whose names are taken.
  template <class Take>
  std::vector<NamedTensor> moments(const Take& take) {
    std::vector<NamedTensor> all;
    std::visit(
        [&](auto& with) {
          examples::add_tensors(all, with.first.read(with.adam.first_moment()), "m.", take);
          examples::add_tensors(all, with.second.read(with.adam.second_moment()), "v.", take);
        },
        chosen_);
    return all;
  }
  /// `what`: for messages. @throws Error where the file has others; nothing is changed then.
  template <class Take>
  void load(const TensorFile& file, const Take& take, Size steps, Size skipped, const std::string& what) {
    std::visit(
        [&](auto& with) {
          with.first.change(with.adam.first_moment(), [&](auto& first) {
            with.second.change(with.adam.second_moment(), [&](auto& second) {
              examples::TensorTargets targets;
              targets.add(first, "m.", take);
              targets.add(second, "v.", take);
              targets.read(file, what);
            });
          });
          with.adam.restore(steps, skipped);
        },
        chosen_);
  }

 private:
  using Chosen = std::variant<Full, Half>;
  Chosen chosen_;
};

}  // namespace vit2cmh
