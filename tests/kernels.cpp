// The kernels, compiled once for all test programs.
#include <hashweave/cpu/instantiate.hpp>
