#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/text/utf8.hpp>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// A file's bytes.
/// @throws Error unless it can be read and has at most `limit` bytes.
inline std::string read_text_file(const std::filesystem::path& file, std::size_t limit = std::size_t{1} << 28) {
  std::error_code trouble;
  require(std::filesystem::is_regular_file(file, trouble), file.string(), "file", "a file", "none");
  const auto size = std::filesystem::file_size(file, trouble);
  require(!trouble && size <= limit, file.string(), "bytes", "at most " + std::to_string(limit), size);
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  require(in.is_open() && !in.bad(), file.string(), "reading", "the whole file", "a read error");
  return text;
}

namespace detail {
inline std::string quote_text(std::string_view text) {
  std::string out{"'"};
  out.append(text).push_back('\'');
  return out;
}
}  // namespace detail

/// The tokens of a model and their ids: token i has id i. Look-up by name is a binary search.
class Vocabulary {
 public:
  /// @throws Error if there are no tokens, 2^23 bytes of them or more, two are equal, or one is not UTF-8. Empty tokens
  /// are places that no text reaches, and may repeat.
  explicit Vocabulary(std::vector<std::string> tokens, std::string_view where = "vocabulary")
      : tokens_{std::move(tokens)} {
    require(!tokens_.empty(), where, "tokens", "at least 1", 0);
    std::size_t bytes = 0;
    for (const std::string& token : tokens_) bytes += token.size() + 1;
    require(bytes < std::size_t{1} << 23, where, "bytes of tokens", "less than 2^23", bytes);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!is_utf8(tokens_[i])) fail(where, "token " + std::to_string(i), "UTF-8", "other bytes");
      if (!tokens_[i].empty()) order_.push_back(static_cast<std::int32_t>(i));
    }
    // stable: of equal tokens the one with the lower id comes first
    std::stable_sort(order_.begin(), order_.end(), [&](std::int32_t a, std::int32_t b) { return token(a) < token(b); });
    for (std::size_t i = 1; i < order_.size(); ++i) {
      if (token(order_[i - 1]) == token(order_[i]))
        fail(where, "token " + std::to_string(order_[i]), "a new token",
             detail::quote_text(token(order_[i])) + " again, which is token " + std::to_string(order_[i - 1]));
    }
  }

  /// From vocab.txt: one token a line, its id is the number of the line from 0. White space at the end of a line is no
  /// part of the token.
  /// @throws Error as above, and if the file cannot be read.
  static Vocabulary read(const std::filesystem::path& file) { return parse(read_text_file(file), file.string()); }
  /// The same, from the text of such a file.
  static Vocabulary parse(std::string_view text, std::string_view where = "vocab.txt") {
    std::vector<std::string> tokens;
    while (!text.empty()) {
      const std::size_t line = std::min(text.find('\n'), text.size());
      tokens.emplace_back(without_white_end(text.substr(0, line)));
      text.remove_prefix(std::min(line + 1, text.size()));
    }
    return Vocabulary{std::move(tokens), where};
  }

  Size size() const { return static_cast<Size>(tokens_.size()); }
  std::string_view token(std::int32_t id) const { return tokens_[static_cast<std::size_t>(id)]; }
  const std::vector<std::string>& tokens() const { return tokens_; }

  /// The token's id, if there is such a token.
  std::optional<std::int32_t> find(std::string_view name) const {
    const auto at = std::lower_bound(order_.begin(), order_.end(), name,
                                     [&](std::int32_t id, std::string_view n) { return token(id) < n; });
    if (at == order_.end() || token(*at) != name) return std::nullopt;
    return *at;
  }
  /// The token's id.
  /// @throws Error if there is no such token.
  std::int32_t id(std::string_view name, std::string_view where = "vocabulary") const {
    const auto found = find(name);
    if (!found) fail(where, "token", detail::quote_text(name), "no such token");
    return *found;
  }

 private:
  static std::string_view without_white_end(std::string_view line) {
    static constexpr std::string_view ends[]{" ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u0085",
                                             "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
                                             "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u2028",
                                             "\u2029", "\u202f", "\u205f", "\u3000"};
    for (bool again = true; again && !line.empty();) {
      again = false;
      const auto last = static_cast<unsigned char>(line.back());
      if (last > ' ' && last < 0x80) break;
      for (const std::string_view end : ends) {
        if (line.ends_with(end)) {
          line.remove_suffix(end.size());
          again = true;
        }
      }
    }
    return line;
  }

  std::vector<std::string> tokens_;
  std::vector<std::int32_t> order_;  // the ids, sorted by token
};

}  // namespace hashweave
