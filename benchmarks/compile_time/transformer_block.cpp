// Only compiled: one transformer block, forward and backward.
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>

using namespace hashweave;
using B = Cpu<float>;
using Block = Model<B, TransformerBlock<768, 12, 3072>, Tokens<768>>;

View<B, Tokens<768>> step(B& be, Block& model, View<B, Tokens<768>> x, View<B, Tokens<768>> dy) {
  const auto step = model.forward(be, x);
  return model.backward(be, step.saved, dy);
}
