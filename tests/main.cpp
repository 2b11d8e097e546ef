// The test programs' main function: compiled once, it takes the longest of all.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
