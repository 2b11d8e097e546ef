#include <golden/check.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/optim/adam.hpp>
#include <hashweave/optim/sgd.hpp>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

/// The one parameter of the cases: (5, 7).
using Weight = Linear<7, 5, NoBias>;

/// The weight after each step.
template <class T, class O>
void check_optimiser(Check<T>& check, O optimiser) {
  Cpu<T> be;
  Parameters<Cpu<T>, Weight> params, grads;
  params.assign("weight", check.values("in.w"));
  const std::vector<T> gradients = check.values("in.grads");
  std::span<const T> rest{gradients};
  std::vector<T> path;
  for (; rest.size() >= 35; rest = rest.subspan(35)) {
    grads.assign("weight", rest.first(35));
    optimiser.step(be, params, grads);
    for (const T w : params.values("weight")) path.push_back(w);
  }
  check.output("out.w", path);
}

const Golden adam{"optim_adam", []<class T>(Check<T>& check) {
                    check.expect("optimizer", "adam");
                    check.expect("weight_decay", 0.0);
                    check.number("momentum");  // every case's configuration has it; SGD alone uses it
                    check_optimiser(check, Adam<Cpu<T>, Weight>{{.rate = check.number("lr")}});
                  }};
const Golden adamw{"optim_adamw", []<class T>(Check<T>& check) {
                     check.expect("optimizer", "adamw");
                     check.number("momentum");
                     check_optimiser(check, AdamW<Cpu<T>, Weight>{
                                                {.rate = check.number("lr"), .decay = check.number("weight_decay")}});
                   }};
const Golden sgd{"optim_sgd_momentum", []<class T>(Check<T>& check) {
                   check.expect("optimizer", "sgd_momentum");
                   check.expect("weight_decay", 0.0);
                   check_optimiser(check, Sgd<Cpu<T>, Weight>{
                                              {.rate = check.number("lr"), .momentum = check.number("momentum")}});
                 }};

}  // namespace
