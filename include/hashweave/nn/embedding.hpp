#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y_t = word[id_t] + position[t - start of its sequence] (+ type[type_t] where the model has sentence types).
///
/// Shapes: token ids -> (tokens, D), the same segments. Saved: the ids. Gradients go to the rows that were used.
/// Types = 0 leaves the type table out (CLIP); Positions = 0 the position table (a plain embedding).
/// @throws Error for an id or type outside its table, and for a sequence longer than the position table.
/// Source: Devlin et al., "BERT", NAACL 2019, section 3, figure 2.
template <Size Vocabulary, Size Positions, Size D, Size Types = 0>
struct TokenEmbed {
  static_assert(Vocabulary > 0 && D > 0 && Positions >= 0 && Types >= 0, "TokenEmbed: a table's size is wrong");

  template <class S>
    requires std::same_as<S, TokenIds>
  using Output = Tokens<D>;
  template <class B, Size Rows, int Tag>
  using Table = std::conditional_t<(Rows > 0), Array<B, (Rows > 0 ? Rows : 1), D>, std::integral_constant<int, Tag>>;
  template <class B>
  struct Params {
    Array<B, Vocabulary, D> word;
    [[no_unique_address]] Table<B, Positions, 1> position;
    [[no_unique_address]] Table<B, Types, 2> type;
  };
  template <class B, class S>
  struct Saved {
    View<B, S> x;
  };

  template <class B>
  auto forward(B& be, const Params<B>& p, View<B, TokenIds> x) const {
    check(x);
    auto y = make<Tokens<D>>(be, x.segments);
    embed(be, y.mat(), x.ids, x.types, x.segments, p.word.mat(), table<Positions>(p.position), table<Types>(p.type));
    return Step<View<B, Tokens<D>>, Saved<B, TokenIds>>{y, {x}};
  }
  template <class B>
  NoGradient backward(B& be, const Params<B>&, const Saved<B, TokenIds>& s, View<B, Tokens<D>> dy, Params<B>& g) const {
    embed_backward(be, g.word.mat(), table<Positions>(g.position), table<Types>(g.type), dy.mat(), s.x.ids, s.x.types,
                   s.x.segments);
    return {};
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    f(at / "word", Init::normal_rows(0.02), p.word);
    if constexpr (Positions > 0) f(at / "position", Init::normal(0.02), p.position);
    if constexpr (Types > 0) f(at / "type", Init::normal(0.02), p.type);
  }

 private:
  template <Size Rows, class T>
  static auto table(T& t) {
    if constexpr (Rows > 0) {
      return t.mat();
    } else {
      return NoTable{};
    }
  }
  struct NoTable {
    template <class T>
    operator Mat<T>() const {
      return {};
    }
  };
  template <class B>
  static void check(View<B, TokenIds> x) {
    require(x.segments.count > 0, "TokenEmbed", "sequences in the batch", "at least 1", x.segments.count);
    if constexpr (Positions > 0) {
      require(x.segments.longest() <= Positions, "TokenEmbed", "length of the longest sequence",
              Phrase{"at most ", Positions}, x.segments.longest());
    }
    for (Size t = 0; t < x.segments.rows(); ++t) {
      if (x.ids[t] < 0 || x.ids[t] >= Vocabulary) [[unlikely]] {
        fail("TokenEmbed", "id of token " + std::to_string(t), "0 to " + std::to_string(Vocabulary - 1), x.ids[t]);
      }
      if (Types > 0 && x.types != nullptr && (x.types[t] < 0 || x.types[t] >= Types)) [[unlikely]] {
        fail("TokenEmbed", "type of token " + std::to_string(t), "0 to " + std::to_string(Types - 1), x.types[t]);
      }
    }
  }
};

/// A table of learned vectors: y_t = word[id_t].
template <Size Vocabulary, Size D>
struct Embedding : TokenEmbed<Vocabulary, 0, D> {};

}  // namespace hashweave
