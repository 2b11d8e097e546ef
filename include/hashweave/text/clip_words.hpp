#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <hashweave/text/clip_unicode.hpp>
#include <hashweave/text/unicode.hpp>
#include <hashweave/text/utf8.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// Canonical composition (NFC) of a text: decompose, put combining characters in order, compose.
/// Source: The Unicode Standard 15.0, section 3.11, definitions D109 and D117.
inline std::vector<char32_t> composed(const std::vector<char32_t>& text) {
  const unicode::Mappings& maps = unicode::mappings();
  std::vector<std::pair<char32_t, std::uint8_t>> parts;
  for (const char32_t point : text) {
    for (const char32_t part : maps.decompose(point)) parts.emplace_back(part, maps.combining_class(part));
  }
  const auto starts = [](const auto& part) { return part.second == 0; };
  for (auto at = parts.begin(); at != parts.end();) {
    const auto first = std::find_if_not(at, parts.end(), starts), last = std::find_if(first, parts.end(), starts);
    std::stable_sort(first, last, [](const auto& a, const auto& b) { return a.second < b.second; });
    at = last;
  }
  std::vector<char32_t> out;
  std::size_t starter = parts.size();  // the place of the latest starter, if any
  int last_class = 0;
  for (const auto& [point, its_class] : parts) {
    if (starter < out.size() && (last_class == 0 || last_class < its_class)) {
      if (const char32_t both = maps.compose(out[starter], point); both != 0) {
        out[starter] = both;
        continue;
      }
    }
    if (its_class == 0) starter = out.size();
    last_class = its_class;
    out.push_back(point);
  }
  return out;
}

/// Cuts text into words as CLIP's tokenizer does: composed, lowercase letter by letter; then contractions ('s 't 're
/// 've 'm 'll 'd), runs of letters, single digits and runs of everything else, without the white space. Source: Radford
/// et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, section 2.4, and the
/// regular expression of its code.
class ClipWords {
 public:
  /// Calls `word(std::string_view)` for every word in turn; the text is valid during the call.
  template <class F>
  void split(std::string_view text, F&& word) const {
    const std::vector<char32_t> points = normalised(text);
    std::string utf8;
    for (std::size_t at = 0; at < points.size();) {
      std::size_t end = at + contraction(points, at);
      const Kind kind = kind_of(points[at]);
      if (kind == Kind::white) {
        ++at;
        continue;
      }
      if (end == at) {
        ++end;
        while (kind != Kind::number && end < points.size() && kind_of(points[end]) == kind) ++end;
      }
      utf8.clear();
      for (; at < end; ++at) {
        std::array<char, 4> bytes{};
        utf8.append(bytes.data(), encode_utf8(points[at], bytes.data()));
      }
      word(std::string_view{utf8});
    }
  }

 private:
  enum class Kind : std::uint8_t { other, letter, number, white };

  static const unicode::PointTable& kinds() {
    static const unicode::PointTable table = [] {
      std::vector<std::uint8_t> flat(unicode::last_point + 1);
      const auto set = [&](Kind kind) {
        return [&flat, kind](char32_t first, char32_t last) {
          for (char32_t c = first; c <= last; ++c) flat[c] = static_cast<std::uint8_t>(kind);
        };
      };
      unicode::for_each_range(unicode::data::clip_letters, set(Kind::letter));
      unicode::for_each_range(unicode::data::clip_numbers, set(Kind::number));
      unicode::for_each_range(unicode::data::clip_white, set(Kind::white));
      return unicode::PointTable{flat};
    }();
    return table;
  }
  Kind kind_of(char32_t point) const { return static_cast<Kind>((*kinds_)[point]); }

  static std::vector<char32_t> normalised(std::string_view text) {
    std::vector<char32_t> points;
    points.reserve(text.size());
    char32_t highest = 0;
    for (const char *at = text.data(), *end = at + text.size(); at != end;) {
      const DecodedPoint d = decode_utf8(at, end);
      points.push_back(d.point);
      highest = std::max(highest, d.point);
      at += d.bytes;
    }
    if (highest >= 0x300) points = composed(points);  // below, every text is composed
    std::vector<char32_t> out;
    out.reserve(points.size());
    for (const char32_t point : points) {
      if (point < 0x80) {
        out.push_back(point >= 'A' && point <= 'Z' ? point + 32 : point);
        continue;
      }
      out.push_back(unicode::mappings().lower(point));
      if (point == unicode::Mappings::dotted_capital_i) out.push_back(unicode::Mappings::dot_above);
    }
    return out;
  }
  // The length of the contraction that begins here, or 0.
  static std::size_t contraction(const std::vector<char32_t>& points, std::size_t at) {
    if (points[at] != '\'' || at + 1 == points.size()) return 0;
    const char32_t a = points[at + 1], b = at + 2 < points.size() ? points[at + 2] : 0;
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
    return ((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
  }

  const unicode::PointTable* kinds_ = &kinds();
};

}  // namespace hashweave
