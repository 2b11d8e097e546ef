// The kernels, compiled once for all programs of this project.
#include <hashweave/cpu/instantiate.hpp>
