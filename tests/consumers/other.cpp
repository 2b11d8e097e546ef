#include "other.hpp"

#include <hashweave/hashweave.hpp>

float sum_of(hashweave::Mat<const float> m) {
  float sum = 0;
  for (hashweave::Size r = 0; r < m.rows; ++r)
    for (hashweave::Size c = 0; c < m.cols; ++c) sum += m(r, c);
  return sum;
}
