#pragma once
// What most tests include and nobody here changes. Tests include what they use nevertheless: g++ compiles them without
// this.
#include <immintrin.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>
