// The one file that nvcc compiles.
#include <hashweave/cuda/definitions.cuh>
