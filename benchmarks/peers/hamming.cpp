// Our side of hamming.sh: makes the codes, keeps the indexes, and measures what its standard input asks for.
//   peer_hamming FOLDER BITS CODES QUERIES     writes codes.npy and queries.npy, then answers lines:
//     bandwidth T              bytes a second at which T threads read as much memory as the codes take
//     build WHAT [CHUNKS]      WHAT: scan, mih or small (mih at 2.5 times the codes' memory) -> seconds, bytes
//     batch WHAT T [KERNEL]    all queries at once -> seconds a query
//     one WHAT T N [KERNEL]    the first N queries one by one -> seconds a query
//     answers WHAT FILE        the distances of the ten nearest of every query, as .npy
//     save FILE, load FILE     the index `scan` to a file and back -> seconds
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <hashweave/core/threads.hpp>
#include <hashweave/index/index_file.hpp>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/code_files.hpp"

using namespace hashweave;

namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

ScanKernel kernel_named(const std::string& name) {
  for (const ScanKernel kernel : scan_kernels)
    if (name_of(kernel) == name) return kernel;
  return best_scan_kernel();
}

template <Size Bits>
class Side {
 public:
  explicit Side(bench::SharedCodes<Bits> shared)
      : codes_{std::move(shared.codes)}, queries_{std::move(shared.queries)} {}

  void answer(const std::string& line) {
    std::istringstream in{line};
    std::string what, which, kernel;
    in >> what >> which;
    Size threads = 1, count = 0;
    if (what == "bandwidth") {
      std::printf("%.6g\n", bandwidth(std::stol(which)));
    } else if (what == "build") {
      const auto start = Clock::now();
      if (which == "scan")
        scan_ = std::make_unique<Scan>(codes_);
      else
        make_tables(which, codes_);
      const double seconds = since(start);
      std::printf("%.6g %td\n", seconds, which == "scan" ? scan_->size_in_bytes() : tables_[which]->size_in_bytes());
    } else if (what == "batch") {
      in >> threads >> kernel;
      const SearchOptions options = with(threads, kernel);
      const auto start = Clock::now();
      const auto answers =
          which == "scan" ? scan_->search(queries_, k, options) : tables_[which]->search(queries_, k, options);
      std::printf("%.6g\n", since(start) / static_cast<double>(answers.size()));
    } else if (what == "one") {
      in >> threads >> count >> kernel;
      const SearchOptions options = with(threads, kernel);
      const auto start = Clock::now();
      for (Size q = 0; q < count; ++q)
        found_ += std::ssize(which == "scan" ? scan_->search(queries_.data()[q], k, options)
                                             : tables_[which]->search(queries_.data()[q], k, options));
      std::printf("%.6g\n", since(start) / static_cast<double>(count));
    } else if (what == "answers") {
      in >> kernel;
      bench::write_distances(kernel, which == "scan" ? scan_->search(queries_, k) : tables_[which]->search(queries_, k),
                             k);
      std::printf("done\n");
    } else if (what == "save") {
      const auto start = Clock::now();
      save_index(*scan_, which);
      std::printf("%.6g\n", since(start));
    } else if (what == "load") {
      const auto start = Clock::now();
      const auto loaded = load_index<Bits, LinearScan>(which);
      found_ += loaded.size();
      std::printf("%.6g\n", since(start));
    } else {
      std::printf("unknown: %s\n", line.c_str());
    }
    std::fflush(stdout);
  }

 private:
  static constexpr Size k = 10;
  using Scan = HammingIndex<Bits, LinearScan>;
  using Tables = HammingIndex<Bits, MultiIndexHashing<>>;

  void make_tables(const std::string& name, const std::vector<Code<Bits>>& codes) {
    tables_[name] = std::make_unique<Tables>(MultiIndexHashing<>{.memory = name == "small" ? 2.5 : 4});
    tables_[name]->add(codes);
    tables_[name]->compact();
  }

  double bandwidth(Size threads) {
    const Size words = std::ssize(codes_) * Code<Bits>::word_count, piece = 1 << 15;
    const std::uint64_t* memory = codes_.data()->words.data();
    double best = 0;
    for (int round = 0; round < 5; ++round) {
      std::vector<std::uint64_t> sums(static_cast<std::size_t>((words + piece - 1) / piece));
      const auto read = [&](Size t) {
        std::uint64_t sum = 0;
        for (Size i = t * piece; i < std::min(words, (t + 1) * piece); ++i) sum += memory[i];
        sums.data()[t] = sum;
      };
      const auto start = Clock::now();
      if (threads == 1)
        for (Size t = 0; t < std::ssize(sums); ++t) read(t);
      else
        with(threads, "").threads->run(std::ssize(sums), [&](Size t, Size) { read(t); });
      best = std::max(best, 8.0 * static_cast<double>(words) / since(start));
      for (const std::uint64_t sum : sums) found_ += static_cast<Size>(sum & 1);
    }
    return best;
  }

  SearchOptions with(Size threads, const std::string& kernel) {
    if (threads > 1 && pool_ == nullptr) pool_ = std::make_unique<Threads>(threads);
    return {.threads = threads > 1 ? pool_.get() : nullptr, .kernel = kernel_named(kernel)};
  }

  std::vector<Code<Bits>> codes_, queries_;
  std::unique_ptr<Scan> scan_;
  std::map<std::string, std::unique_ptr<Tables>> tables_;
  std::unique_ptr<Threads> pool_;
  Size found_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::answer_lines<Side>("peer_hamming", std::string{name_of(best_scan_kernel())}, argc, argv);
}
