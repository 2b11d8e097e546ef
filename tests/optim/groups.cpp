#include <hashweave/compose/chain.hpp>
#include <hashweave/compose/named.hpp>
#include <hashweave/nn/batch_norm.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/optim/adam.hpp>
#include <hashweave/optim/schedule.hpp>
#include <hashweave/optim/sgd.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

// Each parameter is shorter than a cache line, so that its neighbours lie close.
using Head = Chain<Named<"a", Linear<2, 2>>, Named<"ab", Linear<2, 2>>>;
using Net = Chain<Named<"head", Head>, Named<"norm", BatchNorm<2>>, Named<"tail", Linear<2, 2>>>;

/// One step of gradient descent at rate 1 from zero with gradients of one: each value is minus its rate.
struct Outcome {
  Parameters<B, Net> params;
  StepReport report;

  std::vector<double> operator[](std::string_view name) const { return params.values(name); }
};
Outcome step(std::vector<ParameterGroup> groups) {
  B be{1};
  Outcome out;
  Parameters<B, Net> grads;
  for (const ParameterEntry& e : grads.entries()) {
    grads.assign(e.name, std::vector<double>(static_cast<std::size_t>(e.size()), 1));
  }
  Sgd<B, Net> sgd{{.rate = 1, .groups = std::move(groups)}};
  out.report = sgd.step(be, out.params, grads);
  return out;
}
std::vector<double> all(double value, std::size_t n) { return std::vector<double>(n, value); }

}  // namespace

TEST_CASE("Without groups everything is trained but the statistics", "[optim][groups]") {
  const Outcome out = step({});
  CHECK(out["head.a.weight"] == all(-1, 4));
  CHECK(out["tail.bias"] == all(-1, 2));
  CHECK(out["norm.weight"] == all(-1, 2));
  CHECK(out["norm.running_mean"] == all(0, 2));
  CHECK(out["norm.running_var"] == all(0, 2));
  CHECK(out.report.grad_norm == Approx(std::sqrt(6 + 6 + 4 + 6)));
}
TEST_CASE("Groups go by prefix, and the longest counts", "[optim][groups]") {
  const Outcome out = step({{"head.a.bias", 4}, {"", 0.5}, {"head.a", 3}, {"head", 2}});
  CHECK(out["head.a.weight"] == all(-3, 4));
  CHECK(out["head.a.bias"] == all(-4, 2));
  CHECK(out["head.ab.weight"] == all(-2, 4));  // "head.a" ends at a dot
  CHECK(out["norm.bias"] == all(-0.5, 2));
  CHECK(out["tail.weight"] == all(-0.5, 4));
}
TEST_CASE("A rate factor of 0 freezes, also between two that are trained", "[optim][groups]") {
  const Outcome out = step({{"head.a.bias", 0}, {"norm.weight", 0}});
  CHECK(out["head.a.weight"] == all(-1, 4));
  CHECK(out["head.a.bias"] == all(0, 2));
  CHECK(out["head.ab.weight"] == all(-1, 4));
  CHECK(out["norm.weight"] == all(0, 2));
  CHECK(out["norm.bias"] == all(-1, 2));
  CHECK(out.report.grad_norm == Approx(std::sqrt(4 + 6 + 2 + 6)));  // the frozen are not in the norm
}
TEST_CASE("Groups have decays of their own", "[optim][groups]") {
  B be{1};
  Parameters<B, Net> params, grads;
  for (const ParameterEntry& e : params.entries()) {
    params.assign(e.name, std::vector<double>(static_cast<std::size_t>(e.size()), 1));
  }
  Sgd<B, Net> sgd{{.rate = 0.5, .decay = 0.5, .groups = {{"norm", 1, 0}, {"tail", 1, 2}}}};
  sgd.step(be, params, grads);
  CHECK(params.values("head.a.weight") == all(0.75, 4));
  CHECK(params.values("norm.weight") == all(1, 2));
  CHECK(params.values("tail.weight") == all(0.5, 4));
}
TEST_CASE("A prefix that no parameter has is refused", "[optim][errors]") {
  check_error(
      [] {
        step({{"head", 1}, {"haed.a", 0}});
      },
      {"parameter group", "prefix", "expected the beginning of a parameter's name", "got 'haed.a'"});
  check_error([] { step({{"head.a.weight.x", 0}}); }, {"got 'head.a.weight.x'"});
  check_error([] { Adam<B, Net>{{.groups = {{"hea", 1}}}}; }, {"got 'hea'"});
}
TEST_CASE("Options outside their range are refused", "[optim][errors]") {
  check_error([] { Adam<B, Net>{{.rate = -1}}; }, {"Adam", "rate", "expected at least 0, got -1"});
  check_error([] { Adam<B, Net>{{.beta1 = 1}}; }, {"Adam", "beta1", "expected in [0, 1), got 1"});
  check_error([] { Adam<B, Net>{{.beta2 = -0.5}}; }, {"Adam", "beta2", "expected in [0, 1), got -0.5"});
  check_error([] { Adam<B, Net>{{.clip_norm = 0}}; }, {"Adam", "clip_norm", "expected more than 0, got 0"});
  check_error([] { Sgd<B, Net>{{.rate = -1}}; }, {"Sgd", "rate", "expected at least 0, got -1"});
  check_error([] { Sgd<B, Net>{{.momentum = 1}}; }, {"Sgd", "momentum", "expected in [0, 1), got 1"});
  check_error([] { Sgd<B, Net>{{.clip_norm = -2}}; }, {"Sgd", "clip_norm", "expected more than 0, got -2"});
}

TEST_CASE("Warm-up rises in a straight line", "[optim][schedule]") {
  const Warmup warmup{4};
  CHECK(warmup(0) == 0.25);
  CHECK(warmup(2) == 0.75);
  CHECK(warmup(3) == 1);
  CHECK(warmup(100) == 1);
  CHECK(Warmup{}(0) == 1);
}
TEST_CASE("Warm-up and steps by hand", "[optim][schedule]") {
  const WarmupSteps schedule{2, {5, 8}, 0.1};
  CHECK(schedule(0) == 0.5);
  CHECK(schedule(1) == 1);
  CHECK(schedule(4) == 1);
  CHECK(schedule(5) == Approx(0.1));
  CHECK(schedule(7) == Approx(0.1));
  CHECK(schedule(8) == Approx(0.01));
}
TEST_CASE("Warm-up and cosine by hand", "[optim][schedule]") {
  const WarmupCosine schedule{2, 10, 0.2};
  CHECK(schedule(0) == 0.5);
  CHECK(schedule(2) == 1);
  CHECK(schedule(4) == Approx(0.2 + 0.8 * (1 + std::sqrt(0.5)) / 2));
  CHECK(schedule(6) == Approx(0.6));
  CHECK(schedule(10) == Approx(0.2));
  CHECK(schedule(1000) == Approx(0.2));
  check_error([] { WarmupCosine{10, 10}(0); }, {"WarmupCosine", "warmup", "less than total = 10, got 10"});
}
