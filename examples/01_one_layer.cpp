// A layer is a value; its parameters, what it saves for backward and its gradients are separate plain data.
#include <cmath>
#include <cstdio>
#include <hashweave/hashweave.hpp>
#include <vector>

using namespace hashweave;

int main() {
  // Widths are part of the type, the number of rows is not: Vectors<3> is any number of 3-wide rows.
  using Layer = Linear<3, 2>;
  static_assert(std::same_as<OutputOf<Layer, Vectors<3>>, Vectors<2>>);
  static_assert(std::same_as<OutputOf<Layer, Tokens<3>>, Tokens<2>>);  // it works row by row, so sequences do as well
  static_assert(!Accepts<Layer, Vectors<4>>);                          // and this would not compile

  Cpu<double> be;                               // where numbers live, and the threads that compute
  Model<Cpu<double>, Layer, Vectors<3>> model;  // the layer, its parameters and their gradients
  model.params.initialise(2022);
  for (const ParameterEntry& e : model.params.entries()) {
    std::printf("parameter %-6s %td x %td\n", e.name.c_str(), e.rows, e.cols);
  }

  std::vector<double> input{1, 2, 3, -2, 0, 1};
  const View<Cpu<double>, Vectors<3>> x{input.data(), 2};
  const auto [y, saved] = model.forward(be, x);
  std::printf("y = (%.3f, %.3f), (%.3f, %.3f)\n", y.data[0], y.data[1], y.data[2], y.data[3]);

  // The gradient of f = y_00 + y_01 + y_10 + y_11, by hand and by moving one weight a little.
  std::vector<double> ones(4, 1.0);
  const auto dx = model.backward(be, saved, View<Cpu<double>, Vectors<2>>{ones.data(), 2});
  const double by_hand = model.grads.values("weight")[0];

  double& weight = model.params->weight.data[0];
  const auto f = [&] {
    be.tape().rewind();  // the memory of the last step is free again
    const auto out = model.forward(be, x).y;
    return out.data[0] + out.data[1] + out.data[2] + out.data[3];
  };
  const double h = 1e-6, keep = weight;
  weight = keep + h;
  const double above = f();
  weight = keep - h;
  const double below = f();
  weight = keep;
  std::printf("df/dw_00 = %.6f by backward, %.6f by differences; df/dx has %td rows\n", by_hand,
              (above - below) / (2 * h), dx.rows);
  return std::abs(by_hand - (above - below) / (2 * h)) < 1e-6 ? 0 : 1;
}
