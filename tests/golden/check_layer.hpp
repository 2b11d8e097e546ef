#pragma once
#include <cstdint>
#include <golden/backend.hpp>
#include <golden/check.hpp>
#include <hashweave/core/layer.hpp>
#include <string>
#include <utility>
#include <vector>

namespace hashweave::golden {

/// The tensor's rows [sequence, 0 .. length) end to end: what is left of a padded batch when it is packed.
std::vector<double> packed(const Tensor& padded, const std::vector<Size>& lengths);

/// The lengths that a mask (sequences, longest) of 1 and 0 leaves; the ones come first.
std::vector<Size> lengths_of_mask(const Tensor& mask);

/// A batch of samples S in memory of its own.
template <class T, class S>
class Batch {
 public:
  using View = hashweave::View<Tested<T>, S>;
  static constexpr bool is_ids = std::is_same_v<S, TokenIds>;
  static constexpr bool is_packed = requires(View v) { v.segments; };
  using Value = std::conditional_t<is_ids, std::int32_t, T>;

  /// `lengths` are the sequences' where S is packed: by default all as long as the tensor.
  Batch(const Tensor& tensor, std::vector<Size> lengths = {})
      : count_{tensor.shape.at(0)}, lengths_{std::move(lengths)} {
    if constexpr (is_packed) {
      if (lengths_.empty()) lengths_.assign(static_cast<std::size_t>(count_), tensor.shape.at(1));
      std::vector<Size> offsets{0};
      for (const Size n : lengths_) offsets.push_back(offsets.back() + n);
      offsets_ = shared(offsets);
    }
    const auto values = converted<Value>(is_packed ? packed(tensor, lengths_) : tensor.values);
    if constexpr (is_ids) {
      values_ = shared(values);
    } else {
      values_ = held(values);
      const Size wanted = View::scalars(view().layout());
      require(wanted == values_.size(), "batch", "values of the input", wanted, values_.size());
    }
  }
  View view() {
    if constexpr (is_packed) {
      return {values_.data(), {offsets_.data(), count_}};
    } else {
      return {values_.data(), count_};
    }
  }
  const std::vector<Size>& lengths() const { return lengths_; }

 private:
  Size count_;
  std::vector<Size> lengths_;
  Buffer<Size, SharedMemory> offsets_;
  Buffer<Value, std::conditional_t<is_ids, SharedMemory, typename Tested<T>::Memory>> values_;
};

/// What a view holds.
template <class B, class S>
std::vector<double> values_of(const View<B, S>& view) {
  const auto m = view.mat();
  std::vector<typename B::Scalar> values(static_cast<std::size_t>(m.size()));
  B::Memory::copy_to_host(values.data(), m.data, values.size() * sizeof values[0]);
  return {values.begin(), values.end()};
}

/// Sets eps of every LayerNorm in the composition.
template <class L>
L with_eps(double eps, L layer = {}) {
  for_each_layer(layer, [&](auto& part) {
    if constexpr (requires { part.eps; }) part.eps = eps;
  });
  return layer;
}

/// Forward, every gradient and `infer` of a layer on samples S, whose input is the tensor `in.{input}`. Of padded
/// sequences only the valid rows go in and are compared: those of `in.mask`, or of the lengths given.
template <class S, class T, class L>
void check_layer(Check<T>& check, const L& layer, const Family& family, const std::string& input,
                 std::vector<Size> lengths = {}) {
  using B = Tested<T>;
  B be;
  if (check.has("in.mask")) lengths = lengths_of_mask(check.tensor("in.mask"));
  Batch<T, S> x{check.tensor("in." + input), lengths};
  Parameters<B, L> params, grads;
  check.load(params, family);

  const auto step = layer.forward(be, *params, x.view());
  const auto rows_of_y = [&](const std::string& name) {
    const Tensor& tensor = check.tensor(name);
    if constexpr (requires { step.y.segments; }) {
      std::vector<Size> each;
      for (Size s = 0; s < step.y.segments.count; ++s) each.push_back(step.y.segments.length(s));
      return packed(tensor, each);
    } else {
      return tensor.values;
    }
  };
  check.output("out.y", values_of(step.y), rows_of_y("out.y"));
  auto upstream = held(converted<T>(rows_of_y("gout.y")));
  auto dy = step.y;
  require(upstream.size() == dy.mat().size(), "check_layer", "values of gout.y", dy.mat().size(), upstream.size());
  dy.data = upstream.data();
  const auto dx = layer.backward(be, *params, step.saved, dy, *grads);
  check.gradients(grads, family);
  if constexpr (!std::is_same_v<S, TokenIds>) {
    const Tensor& wanted = check.tensor("grad.in." + input);
    check.gradient("grad.in." + input, values_of(dx), lengths.empty() ? wanted.values : packed(wanted, lengths));
  }
  check.output("out.y", values_of(infer(be, layer, *params, x.view())), rows_of_y("out.y"));
}

}  // namespace hashweave::golden
