#pragma once
#include <hashweave/core/mat.hpp>

/// Defined in a second source file, which includes the same headers: nothing may be defined twice.
float sum_of(hashweave::Mat<const float> m);
