// Multi-modal hashing with labels, one code for an image and its text, from feature vectors of both: BSTH
// (docs/bsth.md).
#include "options.hpp"

int main(int argc, char** argv) {
  return examples::run_program(
      argc, argv,
      {"bsth", "BSTH: one code for an image and its text, learned from their features and labels",
       examples::bsth_settings(), examples::make_bsth, hashweave::LastBatch::keep});
}
