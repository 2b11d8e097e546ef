// A fusion whose strands give tokens of different widths.
// expect: Fused: both strands must give the same samples to be added
// expect-clang: FusionJoint<hashweave::Vectors<8>, hashweave::Vectors<6> ?>
// expect-gcc: FusionJoint<.*\[with FromImages = hashweave::Vectors<8>; FromTexts = hashweave::Vectors<6>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Classified<Fused<Linear<4, 8>, Linear<5, 6>, Tanh>, LabelClassifier<8, 3>>;
Model<Cpu<float>, Arch, Vectors<4>, Vectors<5>> model;
