#include "support/bench.hpp"

int main(int argc, char** argv) { return hashweave::bench::run(argc, argv); }
