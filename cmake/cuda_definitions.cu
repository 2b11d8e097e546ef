#include <hashweave/cuda/definitions.cuh>
