// Loops that have to become vector code (run.sh): one a line that says "loop".
#include <hashweave/cpu/math.hpp>

using namespace hashweave::cpu;

void exps(float* __restrict__ y, const float* x, long n, float top) {
  for (long i = 0; i < n; ++i) y[i] = exp(x[i] - top);  // loop
}
void gelus(float* __restrict__ y, const float* x, long n) {
  for (long i = 0; i < n; ++i) y[i] = x[i] * normal(x[i]).cumulative;  // loop
}
void gelu_slopes(float* __restrict__ y, const float* x, long n) {
  for (long i = 0; i < n; ++i) y[i] = normal(x[i]).cumulative + x[i] * normal(x[i]).density;  // loop
}
void tanhs(float* __restrict__ y, const float* x, long n) {
  for (long i = 0; i < n; ++i) y[i] = tanh(x[i]);  // loop
}
void sigmoids(float* __restrict__ y, const float* x, long n) {
  for (long i = 0; i < n; ++i) y[i] = sigmoid(x[i]);  // loop
}
