#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <hashweave/core/error.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// Tokens that are found in the raw text, before it is normalised, such as [SEP]: at every place the longest that fits,
/// from left to right.
class AddedTokens {
 public:
  struct Token {
    std::string text;
    std::int32_t id = 0;
  };

  AddedTokens() = default;
  /// @throws Error if a token is empty.
  explicit AddedTokens(std::vector<Token> tokens) : tokens_{std::move(tokens)} {
    for (const Token& token : tokens_) {
      require(!token.text.empty(), "added tokens", "token", "at least 1 byte", "none");
      starts_[static_cast<unsigned char>(token.text.front())] = true;
    }
    std::sort(tokens_.begin(), tokens_.end(), [](const Token& a, const Token& b) {
      return std::pair{a.text.front(), b.text.size()} < std::pair{b.text.front(), a.text.size()};
    });
    for (const Token& token : tokens_) one_start_ = one_start_ && token.text.front() == tokens_.front().text.front();
  }

  /// Cuts a text at the tokens: calls `text(std::string_view)` for what lies between them, where that is not empty, and
  /// `token(std::int32_t id)` for each of them, in order.
  template <class Text, class Id>
  void split(std::string_view all, Text&& text, Id&& token) const {
    std::size_t from = 0;
    for (std::size_t at = next_start(all, 0); at < all.size();) {
      const Token* found = match(all.substr(at));
      if (found == nullptr) {
        at = next_start(all, at + 1);
        continue;
      }
      if (at > from) text(all.substr(from, at - from));
      token(found->id);
      from = at + found->text.size();
      at = next_start(all, from);
    }
    if (from < all.size()) text(all.substr(from));
  }

 private:
  std::size_t next_start(std::string_view all, std::size_t from) const {
    if (tokens_.empty()) return all.size();
    if (one_start_) return std::min(all.find(tokens_.front().text.front(), from), all.size());
    while (from < all.size() && !starts_[static_cast<unsigned char>(all[from])]) ++from;
    return from;
  }
  const Token* match(std::string_view rest) const {  // those with the same start lie together, the longest first
    const auto before = [](const Token& t, char start) { return t.text.front() < start; };
    for (auto at = std::lower_bound(tokens_.begin(), tokens_.end(), rest.front(), before);
         at != tokens_.end() && at->text.front() == rest.front(); ++at) {
      if (rest.starts_with(at->text)) return &*at;
    }
    return nullptr;
  }

  std::vector<Token> tokens_;
  std::array<bool, 256> starts_{};
  bool one_start_ = true;
};

}  // namespace hashweave
