// Image and text codes of different numbers of bits.
// expect: no match(ing function)? for call to .*HardestTriplet|no matching function for call to object of type
// .*HardestTriplet expect: conflicting types for parameter 'S' \('.*Vectors<16>'.*'.*Vectors<32>'\)
#include <hashweave/hashweave.hpp>
using namespace hashweave;
auto f(Cpu<float>& be, View<Cpu<float>, Vectors<16>> image, View<Cpu<float>, Vectors<32>> text) {
  return HardestTriplet{}(be, image, text);
}
