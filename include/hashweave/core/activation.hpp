#pragma once

namespace hashweave {

/// The functions that `activate` and `activate_backward` apply value by value.
enum class Activation { gelu, gelu_tanh, quick_gelu, relu, tanh, sigmoid };

}  // namespace hashweave
