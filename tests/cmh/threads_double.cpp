#include "support/tiny_training.hpp"

TEST_CASE("Training of ViT2CMH is the same bits on any number of threads in double", "[cmh][threads]") {
  hashweave::test::check_training_on_threads<double>();
}
