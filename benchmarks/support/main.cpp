#include "support/bench.hpp"

int main(int argc, char** argv) {
  return hashweave::bench::run(argc, argv, [] {
    hashweave::bench::add_machine();
    return 0;
  });
}
