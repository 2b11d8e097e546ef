#pragma once
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/index/chunk_tables.hpp>
#include <hashweave/index/code_store.hpp>
#include <limits>
#include <memory>

namespace hashweave {

/// Ids are given by the user, or follow the order of adding.
struct UserIds {
  static constexpr bool given = true;
};
/// Ids follow the order of adding.
struct RowIds {
  static constexpr bool given = false;
};

/// Search by going over all codes: O(n Bits / 8) bytes are read for a query alone, once for hundreds of queries
/// together. Bits / 8 bytes a code.
struct LinearScan {
  template <Size Bits>
  detail::CodeStore::MakeTables tables_for() const {
    return {};
  }
};

/// Search by tables of the codes' chunks; it still is exact. The query's neighbours in a table are looked up ring by
/// ring, until no item can be nearer than those found; where that gets dearer than a scan, the scan takes over.
///
/// Chunks: the number of tables; 0: by the number of codes and their bits. `memory`: how many times the codes' own
/// bytes codes and tables may take together; tables hold fewer of the bits that save a look at the code where it is
/// less. Source: Norouzi, Punjani, Fleet, IEEE TPAMI 36 (2014); see `detail::ChunkSearch`.
template <Size Chunks = 0>
struct MultiIndexHashing {
  static_assert(Chunks >= 0 && Chunks <= detail::ChunkShape::most_chunks,
                "hashweave::MultiIndexHashing<Chunks>: 0 (chosen) to 64 tables");
  double memory = 4;

  template <Size Bits>
  detail::CodeStore::MakeTables tables_for() const {
    static_assert(Chunks == 0 || Bits / Chunks >= 4, "hashweave::MultiIndexHashing<Chunks>: chunks of at least 4 bits");
    require(memory >= 2, "MultiIndexHashing", "memory, as a multiple of the codes'", "at least 2", memory);
    return [memory = memory](BlockLayout layout, const detail::CodePart& part) {
      return make(layout, part, Chunks, memory);
    };
  }

  static std::shared_ptr<const detail::ChunkTables> make(BlockLayout layout, const detail::CodePart& part, Size chunks,
                                                         double memory) {
    constexpr Size most = std::numeric_limits<std::uint32_t>::max();
    constexpr Size least = 256;
    if (part.rows < least || part.rows > most) return nullptr;
    const auto shape = detail::ChunkShape::choose(part.rows, layout.bits, chunks, memory);
    return detail::ChunkTables::build(shape, layout, part);
  }
};

/// `MultiIndexHashing` where a search by tables is faster than the scan, which depends on the number of codes and bits;
/// `LinearScan` elsewhere. Each search of a part with tables still takes to the scan where that is better for its k.
struct Automatic {
  double memory = 4;

  /// Codes of this many bits from which on tables pay (docs/quality.md).
  static constexpr Size least_codes(Size bits) {
    return bits <= 64 ? Size{1} << 18 : bits <= 128 ? Size{1} << 23 : std::numeric_limits<Size>::max();
  }

  template <Size Bits>
  detail::CodeStore::MakeTables tables_for() const {
    if constexpr (least_codes(Bits) == std::numeric_limits<Size>::max()) return {};
    return [memory = memory](BlockLayout layout, const detail::CodePart& part) {
      return part.rows < least_codes(Bits) ? nullptr : MultiIndexHashing<>::make(layout, part, 0, memory);
    };
  }
};

}  // namespace hashweave
