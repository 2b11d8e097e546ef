// An optimiser of one model, given the gradients of another.
// expect: (could not convert|cannot convert|no viable conversion|no matching member function).*
// expect: Linear<4, 3
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using A = Linear<4, 2>;
using C = Linear<4, 3>;
auto f(Cpu<float>& be, Adam<Cpu<float>, A>& adam, Parameters<Cpu<float>, A>& params,
       const Parameters<Cpu<float>, C>& grads) {
  return adam.step(be, params, grads);
}
