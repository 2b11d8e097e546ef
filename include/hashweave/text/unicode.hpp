#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <hashweave/text/unicode_data.hpp>
#include <string_view>
#include <utility>
#include <vector>

/// Unicode as the tokenizers of published models know it: the tables are measured from the Hugging Face `tokenizers`
/// package, whose Unicode is older than today's (docs/tokenizer.md).
namespace hashweave::unicode {

inline constexpr char32_t last_point = 0x10FFFF;

/// Reads the numbers of the generated tables: base 32, the lowest digit first, '0' + digit; 32 added says that more
/// follow.
class Numbers {
 public:
  explicit constexpr Numbers(std::string_view text) : text_{text} {}

  constexpr bool done() const { return text_.empty(); }
  constexpr std::uint32_t next() {
    std::uint32_t value = 0;
    for (int shift = 0;; shift += 5) {
      const char c = text_.front();
      text_.remove_prefix(1);
      const auto digit = static_cast<std::uint32_t>(c == 'p' ? 44 : c == 'q' ? 15 : c - '0');  // not \ and ?
      value |= (digit & 31) << shift;
      if (digit < 32) return value;
    }
  }
  constexpr std::int32_t next_signed() {
    const std::uint32_t n = next();
    return n % 2 == 0 ? static_cast<std::int32_t>(n / 2) : -static_cast<std::int32_t>(n / 2) - 1;
  }

 private:
  std::string_view text_;
};

/// Calls `f(first, last)` for every range of a generated table of ranges.
template <class F>
constexpr void for_each_range(std::string_view text, F&& f) {
  char32_t at = 0;
  for (Numbers numbers{text}; !numbers.done();) {
    const char32_t first = at + numbers.next(), last = first + numbers.next();
    f(first, last);
    at = last + 1;
  }
}

/// One byte for every code point, in two stages: equal pages of 256 are kept once. Look-up is two loads.
class PointTable {
 public:
  /// From a byte for each of the 0x110000 code points.
  explicit PointTable(const std::vector<std::uint8_t>& flat) {
    for (std::size_t page = 0; page < page_of_.size(); ++page) {
      const auto first = flat.begin() + static_cast<std::ptrdiff_t>(page * 256);
      std::size_t known = 0;
      while (known * 256 < pages_.size() &&
             !std::equal(first, first + 256, pages_.begin() + static_cast<std::ptrdiff_t>(known * 256)))
        ++known;
      if (known * 256 == pages_.size()) pages_.insert(pages_.end(), first, first + 256);
      page_of_[page] = static_cast<std::uint16_t>(known);
    }
  }
  std::uint8_t operator[](char32_t point) const {
    return pages_[std::size_t{page_of_[point >> 8]} * 256 + (point & 0xFF)];
  }

 private:
  std::array<std::uint16_t, 0x1100> page_of_{};
  std::vector<std::uint8_t> pages_;
};

/// A code point's full canonical decomposition, at most four points long.
struct Decomposition {
  std::array<char32_t, 4> points{};
  int count = 0;

  constexpr const char32_t* begin() const { return points.data(); }
  constexpr const char32_t* end() const { return points.data() + count; }
};

/// Decomposition, combining class, composition and case of single code points.
class Mappings {
 public:
  Mappings() {
    read_decompositions();
    char32_t at = 0;
    for (Numbers n{data::combining_classes}; !n.done();) {
      const char32_t first = at + n.next(), last = first + n.next();
      classes_.push_back({first, last, static_cast<std::uint8_t>(n.next())});
      at = last + 1;
    }
    at = 0;
    for (Numbers n{data::lowercase}; !n.done();) {
      char32_t point = at + n.next();
      const std::uint32_t count = n.next() + 1, step = n.next();
      const std::int32_t difference = n.next_signed();
      for (std::uint32_t i = 0; i < count; ++i, point += step) lower_.emplace_back(point, moved(point, difference));
      at = lower_.back().first + 1;
    }
    std::sort(lower_.begin(), lower_.end());
  }

  /// The canonical decomposition; a code point without one gives itself.
  Decomposition decompose(char32_t point) const {
    constexpr char32_t hangul = 0xAC00, vowels = 21, trails = 28;
    if (point - hangul < 19 * vowels * trails) {
      const char32_t i = point - hangul;
      return {{0x1100 + i / (vowels * trails), 0x1161 + i % (vowels * trails) / trails, 0x11A7 + i % trails},
              i % trails == 0 ? 2 : 3};
    }
    const auto found = find(decompositions_, point);
    return found == nullptr ? Decomposition{{point}, 1} : *found;
  }
  /// The canonical combining class: 0 for a starter.
  std::uint8_t combining_class(char32_t point) const {
    const auto after = std::upper_bound(classes_.begin(), classes_.end(), point,
                                        [](char32_t p, const ClassRange& r) { return p < r.first; });
    return after == classes_.begin() || std::prev(after)->last < point ? 0 : std::prev(after)->value;
  }
  /// The point that two points compose to, or 0.
  char32_t compose(char32_t first, char32_t second) const {
    if (first - 0x1100 < 19 && second - 0x1161 < 21) return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28;
    if (first - 0xAC00 < 11172 && (first - 0xAC00) % 28 == 0 && second - 0x11A8 < 27) return first + second - 0x11A7;
    const auto found = find(compositions_, std::pair{first, second});
    return found == nullptr ? 0 : *found;
  }
  /// The lowercase letter, or the point itself. U+0130 alone has two: U+0069 and then `dot_above`.
  char32_t lower(char32_t point) const {
    if (point == dotted_capital_i) return U'i';
    const auto found = find(lower_, point);
    return found == nullptr ? point : *found;
  }
  static constexpr char32_t dotted_capital_i = 0x130, dot_above = 0x307;

  /// Calls `f(point)` for every point with a decomposition, Hangul left out.
  template <class F>
  void for_each_decomposed(F&& f) const {
    for (const auto& entry : decompositions_) f(entry.first);
  }
  /// Calls `f(point)` for every point whose lowercase is another.
  template <class F>
  void for_each_capital(F&& f) const {
    for (const auto& entry : lower_) f(entry.first);
    f(dotted_capital_i);
  }
  /// Calls `f(first, last)` for every range of points that are no starters.
  template <class F>
  void for_each_combining(F&& f) const {
    for (const auto& range : classes_) f(range.first, range.last);
  }

 private:
  struct ClassRange {
    char32_t first, last;
    std::uint8_t value;
  };

  static char32_t moved(char32_t point, std::int32_t difference) {
    return static_cast<char32_t>(static_cast<std::int32_t>(point) + difference);
  }
  template <class Key, class Value>
  static const Value* find(const std::vector<std::pair<Key, Value>>& table, const Key& key) {
    const auto at = std::lower_bound(table.begin(), table.end(), key,
                                     [](const std::pair<Key, Value>& entry, const Key& k) { return entry.first < k; });
    return at == table.end() || at->first != key ? nullptr : &at->second;
  }
  void read_decompositions() {
    std::array<char32_t, 4> last{};
    char32_t at = 0;
    for (Numbers n{data::decompositions}; !n.done();) {
      const char32_t point = at + n.next();
      const std::uint32_t kind = n.next(), count = kind == 0 ? 2 : kind;
      for (std::uint32_t i = 0; i < count; ++i) last[i] = moved(last[i], n.next_signed());
      decompositions_.push_back({point, {last, static_cast<int>(count)}});
      if (kind == 0) compositions_.push_back({{last[0], last[1]}, point});
      at = point + 1;
    }
    for (auto& entry : decompositions_) {  // the first of a pair may decompose further
      Decomposition& d = entry.second;
      while (const Decomposition* first = find(decompositions_, d.points[0])) {
        Decomposition longer = *first;
        for (int i = 1; i < d.count; ++i)
          longer.points[static_cast<std::size_t>(longer.count++)] = d.points[static_cast<std::size_t>(i)];
        d = longer;
      }
    }
    std::sort(compositions_.begin(), compositions_.end());
  }

  std::vector<std::pair<char32_t, Decomposition>> decompositions_;
  std::vector<std::pair<std::pair<char32_t, char32_t>, char32_t>> compositions_;
  std::vector<ClassRange> classes_;
  std::vector<std::pair<char32_t, char32_t>> lower_;
};

/// The tables, read when first needed.
inline const Mappings& mappings() {
  static const Mappings all;
  return all;
}

}  // namespace hashweave::unicode
