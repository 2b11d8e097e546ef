// Cross-modal hashing with labels, from feature vectors of images and texts: SATAH, as reconstructed from its abstract,
// and rivals on the same networks (docs/satah.md).
#include "options.hpp"

int main(int argc, char** argv) {
  return examples::run_program(
      argc, argv,
      {"satah", "SATAH, a reconstruction: cross-modal hashing of images and texts with labels, from their features",
       examples::satah_settings(), examples::make_satah});
}
