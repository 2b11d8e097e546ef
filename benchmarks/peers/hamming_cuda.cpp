// Our side of hamming_cuda.sh: makes the codes, keeps the index on the GPU, and measures what its standard input asks
// for.
//   peer_hamming_cuda FOLDER BITS CODES QUERIES     writes codes.npy and queries.npy, then answers lines:
//     build                  -> seconds to copy all codes there, bytes
//     batch N                the first N queries at once -> seconds a query
//     one N                  the first N queries one by one -> seconds a query
//     answers FILE           the distances of the ten nearest of every query, as .npy
//     bandwidth              bytes a second of the GPU's memory
#include <cstdio>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <utility>

#include "support/code_files.hpp"
#include "support/cuda.hpp"

using namespace hashweave;

namespace {

template <Size Bits>
class Side {
 public:
  explicit Side(bench::SharedCodes<Bits> shared)
      : codes_{std::move(shared.codes)}, queries_{std::move(shared.queries)} {}

  void answer(const std::string& line) {
    std::istringstream in{line};
    std::string what, which;
    in >> what >> which;
    if (what == "build") {
      index_.reset();
      const double seconds = bench::seconds([&] { index_ = std::make_unique<Index>(codes_); });
      std::printf("%.6g %td\n", seconds, index_->size_in_bytes());
    } else if (what == "batch") {
      const std::span asked{queries_.data(), std::stoul(which)};
      std::printf("%.6g\n", bench::seconds([&] { found_ += std::ssize(index_->search(asked, k)); }) /
                                static_cast<double>(asked.size()));
    } else if (what == "one") {
      const std::span asked{queries_.data(), std::stoul(which)};
      std::printf("%.6g\n", bench::seconds([&] {
                              for (const auto& query : asked) found_ += std::ssize(index_->search(query, k));
                            }) / static_cast<double>(asked.size()));
    } else if (what == "answers") {
      bench::write_distances(which, index_->search(queries_, k), k);
      std::printf("done\n");
    } else if (what == "bandwidth") {
      std::printf("%.6g\n", bench::device_bandwidth());
    } else {
      std::printf("unknown: %s\n", line.c_str());
    }
    std::fflush(stdout);
  }

 private:
  static constexpr Size k = 10;
  using Index = CudaHammingIndex<Code<Bits>>;

  std::vector<Code<Bits>> codes_, queries_;
  std::unique_ptr<Index> index_;
  Size found_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return bench::answer_lines<Side>("peer_hamming_cuda", "cuda", argc, argv); }
