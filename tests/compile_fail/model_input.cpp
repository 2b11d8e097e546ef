// A batch of another sample type than the model was made for.
// expect: (could not convert|cannot convert|no viable conversion|no matching member function)
// expect: Tokens<16>
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using M = Model<Cpu<float>, Linear<8, 4>, Tokens<8>>;
auto f(Cpu<float>& be, M& model, View<Cpu<float>, Tokens<16>> x) { return model.infer(be, x); }
