#pragma once
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/index/chunk_tables.hpp>
#include <hashweave/index/code_store.hpp>
#include <limits>

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
  detail::TableRule tables_for() const {
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
  detail::TableRule tables_for() const {
    static_assert(Chunks == 0 || Bits / Chunks >= 4, "hashweave::MultiIndexHashing<Chunks>: chunks of at least 4 bits");
    require(memory >= 2, "MultiIndexHashing", "memory, as a multiple of the codes'", "at least 2", memory);
    return rule(256, Chunks, memory);
  }

  /// Tables for parts of at least so many codes; at most 2^32 - 1, because rows are numbers of 32 bits.
  static detail::TableRule rule(Size least, Size chunks, double memory) {
    return {least, std::numeric_limits<std::uint32_t>::max(),
            [chunks, memory](BlockLayout layout, const detail::CodePart& part) {
              return detail::ChunkTables::build(detail::ChunkShape::choose(part.rows, layout.bits, chunks, memory),
                                                layout, part);
            }};
  }
};

/// `MultiIndexHashing` where a search by tables is faster than the scan, which depends on the number of codes and bits;
/// `LinearScan` elsewhere. Each search of a part with tables still takes to the scan where that is better for its k.
struct Automatic {
  double memory = 4;  // as MultiIndexHashing's

  /// Codes of this many bits from which on tables pay (docs/quality.md).
  static constexpr Size least_codes(Size bits) {
    return bits <= 64 ? Size{1} << 18 : bits <= 128 ? Size{1} << 23 : std::numeric_limits<Size>::max();
  }

  template <Size Bits>
  detail::TableRule tables_for() const {
    return MultiIndexHashing<>::rule(least_codes(Bits), 0, memory);
  }
};

}  // namespace hashweave
