#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <hashweave/text/bert_unicode.hpp>
#include <hashweave/text/unicode.hpp>
#include <hashweave/text/utf8.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// How BERT's tokenizers prepare text. The defaults are those of bert-base-uncased; a cased model has `lowercase =
/// false`.
struct BertRules {
  bool clean_text = true;               ///< removes control characters, makes every white space a space
  bool handle_chinese_chars = true;     ///< makes every ideograph a word
  std::optional<bool> strip_accents{};  ///< decomposes and drops the marks; unless given, as `lowercase`
  bool lowercase = true;                ///< letter by letter

  constexpr bool strips() const { return strip_accents.value_or(lowercase); }
};

/// Cuts text into normalised words as BertNormalizer and BertPreTokenizer do: clean, set ideographs apart, strip
/// accents, lowercase, then cut at white space and set every punctuation mark apart.
class BertWords {
 public:
  /// Bytes behind a word that may be read.
  static constexpr std::size_t padding = 16;

  /// Working memory of `split`; one for each thread, kept from text to text.
  class Scratch {
    friend class BertWords;
    char* room(std::size_t bytes) {
      if (bytes > size_) {
        memory_ = std::make_unique<char[]>(bytes);
        size_ = bytes;
      }
      return memory_.get();
    }
    std::unique_ptr<char[]> memory_;
    std::size_t size_ = 0;
  };

  explicit BertWords(const BertRules& rules = {}) : rules_{rules}, strips_{rules.strips()} {
    for (unsigned c = 0; c < 0x80; ++c) {
      const std::uint8_t k = kinds()[c];
      Step step = Step::keep;
      if ((k & white) != 0) step = Step::cut;
      if ((k & punctuation) != 0) step = Step::isolate;
      if (rules.clean_text && (k & removed) != 0) step = Step::drop;
      ascii_[c] = {step, static_cast<char>(rules.lowercase && c >= 'A' && c <= 'Z' ? c + 32 : c)};
    }
    for (unsigned c = 0x80; c < 0x100; ++c) ascii_[c] = {Step::decode, '\0'};
  }

  const BertRules& rules() const { return rules_; }

  /// Calls `word(const char* data, std::size_t bytes)` for every word in turn. The bytes are valid during the call, and
  /// `padding` more may be read. Bytes that are not UTF-8 count as U+FFFD, which `clean_text` removes.
  template <class F>
  void split(std::string_view text, Scratch& scratch, F&& word) const {
    // normalisation makes a text at most three times as long
    char* const begin = scratch.room(3 * text.size() + padding + 8);
    const char *at = text.data(), *const end = at + text.size();
    Word w{begin, begin};
    while (at != end) {
      while (end - at >= 8) {
        const EightBytes eight{at};
        eight.store(w.end, rules_.lowercase);
        const int count = eight.letters();
        w.end += count;
        at += count;
        if (count < 8) break;
      }
      if (at == end) break;
      char* out = w.end;
      Cell cell = ascii_[static_cast<unsigned char>(*at)];
      while (cell.step == Step::keep) {
        *out++ = cell.out;
        if (++at == end) break;
        cell = ascii_[static_cast<unsigned char>(*at)];
      }
      w.end = out;
      if (at == end) break;
      if (cell.step == Step::decode) {
        const DecodedPoint d = decode_utf8(at, end);
        at += d.bytes;
        clean(d.point, w, word);
        continue;
      }
      ++at;
      if (cell.step == Step::drop) continue;
      w.finish(word);
      if (cell.step == Step::isolate) {
        *w.end++ = cell.out;
        w.finish(word);
      }
    }
    w.finish(word);
  }

 private:
  // What a code point is, in bits.
  static constexpr std::uint8_t removed = 1, space = 2, white = 4, ideograph = 8, punctuation = 16, mark = 32,
                                mapped = 64, combining = 128;
  enum class Step : std::uint8_t { keep, cut, isolate, drop, decode };
  struct Cell {
    Step step = Step::keep;
    char out = '\0';
  };
  // Eight bytes of text in one register; each byte's answer is its top bit.
  class EightBytes {
   public:
    explicit EightBytes(const char* at) {
      std::memcpy(&bytes_, at, 8);
      if constexpr (std::endian::native == std::endian::big) bytes_ = __builtin_bswap64(bytes_);
      capitals_ = between('A', 'Z') & ~bytes_;
    }
    /// Writes all eight, in lowercase if asked.
    void store(char* out, bool lowercase) const {
      std::uint64_t bytes = lowercase ? bytes_ | capitals_ >> 2 : bytes_;
      if constexpr (std::endian::native == std::endian::big) bytes = __builtin_bswap64(bytes);
      std::memcpy(out, &bytes, 8);
    }
    /// How many ASCII letters and digits there are before anything else.
    int letters() const {
      const std::uint64_t stop = (bytes_ | ~(between('a', 'z') | between('0', '9') | capitals_)) & tops;
      return std::countr_zero(stop) / 8;
    }

   private:
    static constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    // Of bytes below 0x80: whether they lie in the range.
    std::uint64_t between(unsigned first, unsigned last) const {
      const std::uint64_t low = bytes_ & ~tops;
      return (low + ones * (0x80 - first)) & ~(low + ones * (0x7F - last)) & tops;
    }
    std::uint64_t bytes_, capitals_;
  };

  // The word under way, and the latest run of combining characters in it, which is put into canonical order when it
  // ends.
  struct Word {
    char *begin, *end;
    char *run = nullptr, *run_end = nullptr;
    std::uint8_t last_class = 0;
    bool unordered = false;

    template <class F>
    void finish(F& word) {
      end_run();
      if (end != begin) word(static_cast<const char*>(begin), static_cast<std::size_t>(end - begin));
      end = begin;
    }
    void combine(char32_t point) {
      if (run_end != end) {
        end_run();
        run = end;
        last_class = 0;
      }
      const std::uint8_t its_class = unicode::mappings().combining_class(point);
      unordered = unordered || its_class < last_class;
      last_class = its_class;
      end = run_end = encode_utf8(point, end);
    }
    void end_run() {
      if (unordered) order(run, run_end);
      unordered = false;
      run_end = nullptr;
    }
    static void order(char* first, char* last) {
      std::vector<std::pair<std::uint8_t, char32_t>> points;
      for (const char* at = first; at != last;) {
        const DecodedPoint d = decode_utf8(at, last);
        points.emplace_back(unicode::mappings().combining_class(d.point), d.point);
        at += d.bytes;
      }
      std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      for (const auto& [its_class, point] : points) first = encode_utf8(point, first);
    }
  };

  static const unicode::PointTable& kinds() {
    static const unicode::PointTable table = [] {
      std::vector<std::uint8_t> flat(unicode::last_point + 1);
      const auto set = [&](std::uint8_t bit) {
        return [&flat, bit](char32_t first, char32_t last) {
          for (char32_t c = first; c <= last; ++c) flat[c] = static_cast<std::uint8_t>(flat[c] | bit);
        };
      };
      namespace data = unicode::data;
      unicode::for_each_range(data::bert_removed, set(removed));
      unicode::for_each_range(data::bert_spaces, set(space));
      unicode::for_each_range(data::bert_white, set(white));
      unicode::for_each_range(data::bert_ideographs, set(ideograph));
      unicode::for_each_range(data::bert_punctuation, set(punctuation));
      unicode::for_each_range(data::bert_marks, set(mark));
      const auto set_one = [&](char32_t c) { set(mapped)(c, c); };
      unicode::mappings().for_each_decomposed(set_one);
      unicode::mappings().for_each_capital(set_one);
      set(mapped)(0xAC00, 0xD7A3);
      unicode::mappings().for_each_combining(set(combining));
      return unicode::PointTable{flat};
    }();
    return table;
  }

  template <class F>
  void clean(char32_t point, Word& w, F& word) const {
    const std::uint8_t kind = (*kinds_)[point];
    if (rules_.clean_text && (kind & (removed | space)) != 0) {
      if ((kind & space) != 0) w.finish(word);
      return;
    }
    const bool apart = rules_.handle_chinese_chars && (kind & ideograph) != 0;
    if (apart) w.finish(word);
    if (strips_ && (kind & mapped) != 0) {
      for (const char32_t part : unicode::mappings().decompose(point)) strip(part, (*kinds_)[part], w, word);
    } else {
      strip(point, kind, w, word);
    }
    if (apart) w.finish(word);
  }
  template <class F>
  void strip(char32_t point, std::uint8_t kind, Word& w, F& word) const {
    if (strips_ && (kind & mark) != 0) {
      if ((kind & combining) == 0) w.end_run();  // a starter, though it is dropped
      return;
    }
    if (strips_ && (kind & combining) != 0) return w.combine(point);
    if (rules_.lowercase && (kind & mapped) != 0) {
      const char32_t small = unicode::mappings().lower(point);
      put(small, (*kinds_)[small], w, word);
      if (point == unicode::Mappings::dotted_capital_i)
        put(unicode::Mappings::dot_above, (*kinds_)[unicode::Mappings::dot_above], w, word);
    } else {
      put(point, kind, w, word);
    }
  }
  template <class F>
  static void put(char32_t point, std::uint8_t kind, Word& w, F& word) {
    if ((kind & (white | punctuation)) != 0) w.finish(word);
    if ((kind & white) != 0) return;
    w.end = encode_utf8(point, w.end);
    if ((kind & punctuation) != 0) w.finish(word);
  }
  BertRules rules_;
  bool strips_;
  std::array<Cell, 256> ascii_{};
  const unicode::PointTable* kinds_ = &kinds();
};

}  // namespace hashweave
