#pragma once
// What most tests include. Tests include what they use nevertheless: g++ compiles them without this.
#include <immintrin.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <hashweave/hashweave.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>
