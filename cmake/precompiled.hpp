#pragma once
// What most parts of the programs include. They include what they use nevertheless: g++ compiles them without this.
#include <immintrin.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <hashweave/hashweave.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
