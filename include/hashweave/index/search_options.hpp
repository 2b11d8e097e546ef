#pragma once
#include <hashweave/core/threads.hpp>
#include <hashweave/index/id_filter.hpp>
#include <hashweave/index/scan_job.hpp>

namespace hashweave {

/// How a search goes about it. What it answers depends on `where` alone.
struct SearchOptions {
  IdFilter where{};            // items that may be answers; all by default
  Threads* threads = nullptr;  // who takes part; one thread by default. One search at a time has them
  ScanKernel kernel = best_scan_kernel();
};

}  // namespace hashweave
