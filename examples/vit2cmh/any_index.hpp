#pragma once
/// Indexes behind one interface: everything above this file is compiled once, whatever the code length.
#include <filesystem>
#include <hashweave/index/rerank.hpp>
#include <hashweave/index/search_policies.hpp>
#include <hashweave/io/code_table.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vit2cmh {
using namespace hashweave;

enum class SearchKind { automatic, scan, mih };

/// A search policy of `HammingIndex` that is chosen at run time.
struct ChosenSearch {
  SearchKind kind = SearchKind::automatic;

  template <Size Bits>
  auto tables_for() const {
    switch (kind) {
      case SearchKind::scan:
        return LinearScan{}.tables_for<Bits>();
      case SearchKind::mih:
        return MultiIndexHashing<>{}.tables_for<Bits>();
      case SearchKind::automatic:
        break;
    }
    return Automatic{}.tables_for<Bits>();
  }
};

/// Codes to search for.
struct Queries {
  Size bits = 0;
  std::vector<std::uint8_t> codes;  ///< (n, bits / 8), as numpy.packbits
  std::vector<float> relaxed;       ///< (n, bits), or none: only the codes are known

  Size count() const { return bits == 0 ? 0 : std::ssize(codes) / (bits / 8); }
};

/// What is asked of a search: the k nearest, or all within `radius` bits.
struct Request {
  Size k = 10;
  Size radius = -1;  ///< -1: none
  Size threads = 1;
  // the k best by score of the `shortlist` nearest: by the vectors, by the codes themselves, or neither
  const VectorScores<float>* vectors = nullptr;
  bool asymmetric = false;
  Size shortlist = 0;

  bool reranks() const { return asymmetric || vectors != nullptr; }
};

class AnyIndex {
 public:
  AnyIndex() = default;
  AnyIndex(const AnyIndex&) = delete;
  AnyIndex& operator=(const AnyIndex&) = delete;
  virtual ~AnyIndex() = default;

  virtual Size bits() const = 0;
  virtual Size size() const = 0;

  /// Adds codes under the table's ids; where it was given none, under those that follow the largest one -> the ids.
  /// @throws Error, adding nothing, for codes of other bits and for an id that is there or comes twice.
  virtual std::vector<std::int64_t> add(const CodeTable& codes) = 0;
  /// How many there were.
  virtual Size remove(std::span<const std::int64_t> ids) = 0;
  /// Puts all codes into one part, with tables where there are to be some.
  virtual void compact() = 0;
  /// Writes a file of its own.
  virtual void save(const std::filesystem::path& path) const = 0;
  /// Writes what was added and removed to the file that was opened by `open_to_change`.
  virtual void commit() = 0;
  /// Ascending.
  virtual std::vector<std::int64_t> ids() const = 0;
  /// All codes, ids ascending.
  virtual CodeTable table() const = 0;
  /// One list a query; the scores are 0 where none were asked for.
  /// @throws Error for queries of other bits, and where a score needs what is not there.
  virtual std::vector<std::vector<ScoredHit>> search(const Queries& queries, const Request& request) const = 0;
};

/// An index without codes. `where` begins the message. @throws Error for a code length that no type was built for.
std::unique_ptr<AnyIndex> make_index(Size bits, SearchKind kind, const std::string& where);
/// The index in a file of hashweave, mapped. @throws Error as `load_index` and `make_index`.
std::unique_ptr<AnyIndex> open_index(const std::filesystem::path& path);
/// The same, to add and to remove, by one process at a time. @throws Error as `IndexFile` and `make_index`.
std::unique_ptr<AnyIndex> open_to_change(const std::filesystem::path& path, SearchKind kind);

}  // namespace vit2cmh
