#include "cuda/run.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("CUDA kernels value by value agree with the CPU's", "[cuda]") {
  const Size n = GENERATE(1, 31, 33, 300);
  const Size gap = GENERATE(0, 3);
  check_agrees([=](auto& r) {
    const auto a = r.in(5, n, 1, gap, 4), b = r.in(5, n, 2, gap, 4), y = r.out(5, n, gap);
    const auto each = [&](auto f) {
      f();
      r.keep(y);
    };
    each([&] { copy(r.be, y, a); });
    each([&] { add(r.be, y, a, b); });
    each([&] { add_scaled(r.be, y, b, 0.5); });
    for (const Activation f : {Activation::gelu, Activation::gelu_tanh, Activation::quick_gelu, Activation::relu,
                               Activation::tanh, Activation::sigmoid}) {
      each([&] { activate(r.be, f, y, a); });
      each([&] { activate_backward(r.be, f, y, b, a); });
    }
    each([&] { scaled_tanh(r.be, y, a, 1.5); });
    each([&] { scaled_tanh_backward(r.be, y, b, a, 1.5); });
    each([&] { signs(r.be, y, a); });
    each([&] { leaky_relu(r.be, y, a, 0.2); });
    each([&] { leaky_relu_backward(r.be, y, b, a, 0.2); });
    each([&] { dropout(r.be, y, a, 0.4, RandomStream{77, 5, 3}); });
    each([&] { divide(r.be, y, a, r.in(1, 1, std::vector<double>{0.7})); });
    each([&] { add_scaled_rows(r.be, y, a, r.in(5, 1, 9)); });
    const auto factor = r.in(1, n, 3), dfactor = r.in(1, n, 4);
    each([&] { scale_columns(r.be, y, a, factor); });
    each([&] { scale_columns_backward(r.be, y, dfactor, b, a, factor); });
    r.keep(dfactor);
    each([&] { set_zero(r.be, y); });
  });
}

TEST_CASE("CUDA kernels draw the CPU's random numbers", "[cuda]") {
  Run<Cpu<float>> host;
  Run<Cuda<float>> device;
  const auto drop = [](auto& r) {
    const auto x = r.in(70, 33, std::vector<double>(70 * 33, 1.0)), y = r.out(70, 33);
    dropout(r.be, y, x, 0.3, RandomStream{0x123456789abcdefU, 7, 9});
    r.keep(y);
  };
  drop(host);
  drop(device);
  CHECK(host.outputs == device.outputs);
}

TEST_CASE("CUDA normalisations agree with the CPU's", "[cuda]") {
  const Size rows = GENERATE(1, 33, 200);
  const Size cols = GENERATE(2, 31, 65);
  check_agrees([=](auto& r) {
    const auto x = r.in(rows, cols, 1, 1, 3), dy = r.in(rows, cols, 2, 2), g = r.in(1, cols, 3), b = r.in(1, cols, 4);
    const auto y = r.out(rows, cols, 3), moments = r.out(rows, 2), dx = r.out(rows, cols, 1);
    const auto dg = r.in(1, cols, 5), db = r.in(1, cols, 6);
    layer_norm(r.be, y, moments, x, g, b, 1e-5);
    layer_norm_backward(r.be, dx, dg, db, dy, x, moments, g);
    r.keep(y, moments, dx, dg, db);
    softmax(r.be, y, x);
    softmax_backward(r.be, dx, dy, y);
    r.keep(y, dx);
    const auto norm = r.out(rows, 1), dots = r.out(rows, 1);
    normalise_rows(r.be, y, norm, x, 1e-12);
    normalise_rows_backward(r.be, dx, dy, y, norm);
    row_dots(r.be, dots, x, dy);
    r.keep(y, norm, dx, dots);
  });
}

TEST_CASE("CUDA normalisations of columns agree with the CPU's", "[cuda]") {
  const Size rows = GENERATE(2, 33, 300);
  const Size cols = GENERATE(1, 33);
  check_agrees([=](auto& r) {
    const auto x = r.in(rows, cols, 1, 1, 3), dy = r.in(rows, cols, 2), g = r.in(1, cols, 3), b = r.in(1, cols, 4);
    const auto y = r.out(rows, cols), moments = r.out(2, cols), dx = r.out(rows, cols), running = r.out(2, cols);
    const auto dg = r.in(1, cols, 5), db = r.in(1, cols, 6), d_mean = r.in(1, cols, 7), d_var = r.in(1, cols, 8);
    const auto mean = r.in(1, cols, 9),
               variance = r.in(1, cols, std::vector<double>(static_cast<std::size_t>(cols), 2));
    column_moments(r.be, moments, x, 1e-3);
    running_moments(r.be, running, mean, variance, 1e-3);
    normalise_columns(r.be, y, x, moments, g, b);
    batch_norm_backward(r.be, dx, dg, db, dy, x, moments, g);
    running_update(r.be, d_mean, d_var, mean, variance, moments, rows, 1e-3, 0.1);
    r.keep(moments, running, y, dx, dg, db, d_mean, d_var);
  });
}

TEST_CASE("CUDA's hash head agrees with the CPU's, with equal values and with NaN", "[cuda]") {
  const Size bits = GENERATE(2, 16, 33, 70);
  check_agrees([=](auto& r) {
    std::vector<double> values;
    for (Size i = 0; i < 7 * bits; ++i) values.push_back(static_cast<double>((i * i * 7 + i) % 11) / 4);  // many equal
    for (Size c = 0; c < bits; ++c) values[static_cast<std::size_t>(3 * bits + c)] = NAN;
    const auto x = r.in(7, bits, values), dy = r.in(7, bits, 2), random = r.in(7, bits, 3, 0, 3);
    for (const auto& from : {x, random}) {
      const auto h = r.out(7, bits), p = r.out(7, bits), median = r.out(7, 1), dx = r.out(7, bits);
      median_tanh(r.be, h, p, median, from);
      median_tanh_backward(r.be, dx, dy, h, p, median);
      r.keep(h, p, median, dx);
    }
  });
}

TEST_CASE("CUDA optimisers agree with the CPU's", "[cuda]") {
  const Size n = GENERATE(1, 33, 9000);
  check_agrees([=](auto& r) {
    const auto w = r.in(1, n, 1), g = r.in(1, n, 2), m = r.in(1, n, 3), v = r.out(1, n);
    set_zero(r.be, v);
    AdamRule rule;
    rule.correction1 = 0.19;
    rule.correction2 = 0.002;
    rule.decay = 0.05;
    for (const bool decoupled : {false, true}) {
      rule.decoupled = decoupled;
      adam_update(r.be, w, g, m, v, rule);
      r.keep(w, m, v);
    }
    sgd_update(r.be, w, g, m, {.rate = 0.1, .momentum = 0.9, .decay = 0.01, .nesterov = true, .scale = 0.5});
    sgd_update(r.be, w, g, m, {.rate = 0.1, .momentum = 0.9});
    r.keep(w, m);
    r.outputs.push_back({squared_norm(r.be, g)});
  });
}

TEST_CASE("CUDA's Adam with moments in bfloat16 agrees with the CPU's", "[cuda]") {
  const Size n = GENERATE(1, 33, 9000);
  const auto steps = [=](auto& r) {
    using Memory = typename std::remove_cvref_t<decltype(r.be)>::Memory;
    const auto w = r.in(1, n, 1), g = r.in(1, n, 2);
    const std::vector<BFloat16> zeros(static_cast<std::size_t>(n));
    const auto moments = [&] {
      const auto m = matrix(r.be.tape().template take<BFloat16>(n), 1, n);
      Memory::copy_from_host(m.data, zeros.data(), zeros.size() * sizeof(BFloat16));
      return m;
    };
    const auto m = moments(), v = moments();
    AdamRule rule{.rate = 0.01};
    for (std::uint32_t step = 1; step <= 3; ++step) {
      rule.rounding = {7, step, 2};
      adam_update(r.be, w, g, m, v, rule);
      r.keep(w);
      for (const auto& moment : {m, v}) {
        std::vector<BFloat16> host(zeros.size());
        Memory::copy_to_host(host.data(), moment.data, host.size() * sizeof(BFloat16));
        r.outputs.emplace_back(host.begin(), host.end());
      }
    }
  };
  check_agrees(steps, 4e-3);  // where the last bit of a float decides which neighbour it becomes
}

TEST_CASE("CUDA's spectral norm agrees with the CPU's", "[cuda]") {
  const Size out = GENERATE(1, 33, 150);
  check_agrees([=](auto& r) {
    const auto w = r.in(out, 31, 1), u = r.in(1, out, 2), next = r.out(1, out), v = r.out(1, 31), sigma = r.out(1, 1);
    const auto y = r.out(out, 31), dy = r.in(out, 31, 3), dw = r.in(out, 31, 4);
    power_iteration(r.be, sigma, next, v, w, u, 3);
    divide(r.be, y, w, sigma);
    spectral_backward(r.be, dw, dy, y, next, v, sigma);
    r.keep(sigma, next, v, y, dw);
  });
}
