#include "any_index.hpp"

#include <algorithm>
#include <functional>
#include <hashweave/index/index_file.hpp>
#include <hashweave/index/with_bits.hpp>
#include <numeric>
#include <optional>
#include <utility>

namespace vit2cmh {
namespace fs = std::filesystem;
namespace {

CodeTable by_ascending_id(CodeTable table) {
  std::vector<Size> order(table.ids.size());
  std::iota(order.begin(), order.end(), Size{0});
  std::ranges::sort(order, {}, [&](Size i) { return table.ids[static_cast<std::size_t>(i)]; });
  CodeTable sorted{table.bits, {}, {}, table.ids_given};
  sorted.bytes.reserve(table.bytes.size());
  for (const Size i : order) {
    sorted.ids.push_back(table.ids[static_cast<std::size_t>(i)]);
    const auto row = table.row(i);
    sorted.bytes.insert(sorted.bytes.end(), row.begin(), row.end());
  }
  return sorted;
}

/// Scores of both kinds as one type.
struct RequestedScores {
  const Request& request;

  template <class Index>
  std::function<float(const Hit&)> of_query(const Index& index, std::span<const float> relaxed) const {
    if (request.asymmetric) return AsymmetricScores{}.of_query(index, relaxed);
    return request.vectors->of_query(index, relaxed);
  }
};

template <Size Bits>
class IndexOf final : public AnyIndex {
  using Index = HammingIndex<Bits, ChosenSearch>;

 public:
  static std::unique_ptr<AnyIndex> empty(SearchKind kind) {
    return std::make_unique<IndexOf>(Index{ChosenSearch{kind}});
  }
  static std::unique_ptr<AnyIndex> load(const fs::path& path) {
    return std::make_unique<IndexOf>(load_index<Bits, ChosenSearch>(path));
  }
  static std::unique_ptr<AnyIndex> change(const fs::path& path, SearchKind kind) {
    auto index = std::make_unique<IndexOf>(Index{});
    index->file_.emplace(path, ChosenSearch{kind});
    return index;
  }
  explicit IndexOf(Index index) : own_{std::move(index)} {}

  Size bits() const override { return Bits; }
  Size size() const override { return index().size(); }

  std::vector<std::int64_t> add(const CodeTable& codes) override {
    require(codes.bits == Bits, "adding to the index", "bits of the codes", Bits, codes.bits);
    const std::vector<Code<Bits>> values = codes_from_bytes<Bits>(codes.bytes);
    if (codes.ids_given) {
      index().add(values, codes.ids);
      return codes.ids;
    }
    const std::int64_t before = std::max<std::int64_t>(index().store().state()->largest_id, -1);
    index().add(values);
    std::vector<std::int64_t> ids = row_numbers(codes.rows());
    for (std::int64_t& id : ids) id += before + 1;
    return ids;
  }
  Size remove(std::span<const std::int64_t> ids) override { return index().remove(ids); }

  void compact() override { index().compact(); }
  void save(const fs::path& path) const override { save_index(index(), path); }
  void commit() override {
    require(file_.has_value(), "index", "file to write the changes to", "one that was opened for it", "none");
    file_->commit();
  }

  std::vector<std::int64_t> ids() const override { return index().ids(); }
  CodeTable table() const override {
    CodeTable table{Bits, {}, {}, true};
    index().for_each([&](std::int64_t id, const Code<Bits>& code) {
      table.ids.push_back(id);
      for (Size k = 0; k < Bits / 8; ++k) table.bytes.push_back(code.byte(k));
    });
    return by_ascending_id(std::move(table));
  }

  std::vector<std::vector<ScoredHit>> search(const Queries& queries, const Request& request) const override {
    require(queries.bits == Bits, "search", "bits of the queries, as of the index's codes", Bits, queries.bits);
    const std::vector<Code<Bits>> codes = codes_from_bytes<Bits>(queries.codes);
    Threads threads{request.threads};
    SearchOptions options;
    options.threads = &threads;
    if (request.reranks()) return reranked(codes, queries, request, options);
    std::vector<std::vector<ScoredHit>> lists;
    for (const auto& hits : request.radius >= 0 ? index().search_radius(codes, request.radius, options)
                                                : index().search(codes, request.k, options)) {
      lists.emplace_back();
      for (const Hit& hit : hits) lists.back().push_back({hit.id, hit.distance, 0});
    }
    return lists;
  }

 private:
  std::vector<std::vector<ScoredHit>> reranked(const std::vector<Code<Bits>>& codes, const Queries& queries,
                                               const Request& request, const SearchOptions& options) const {
    require(std::ssize(queries.relaxed) == std::ssize(codes) * Bits, "re-ranking", "queries",
            "real-valued codes: --text, --image or float32 --codes", "binary ones");
    const RequestedScores scores{request};
    const Reranked search{index(), scores, request.shortlist};
    std::vector<std::vector<ScoredHit>> lists;
    for (std::size_t q = 0; q < codes.size(); ++q)
      lists.push_back(search.search(
          codes[q], std::span{queries.relaxed}.subspan(q * static_cast<std::size_t>(Bits), Bits), request.k, options));
    return lists;
  }

  Index& index() { return file_ ? file_->index() : own_; }
  const Index& index() const { return file_ ? file_->index() : own_; }

  Index own_;
  std::optional<IndexFile<Bits, ChosenSearch>> file_;
};

/// How the indexes of one code length are made.
struct Makers {
  std::unique_ptr<AnyIndex> (*empty)(SearchKind);
  std::unique_ptr<AnyIndex> (*load)(const fs::path&);
  std::unique_ptr<AnyIndex> (*change)(const fs::path&, SearchKind);
};

/// The border: here the code length becomes a type.
Makers makers(Size bits, const std::string& where) {
  try {
    return with_bits<CommonBits>(bits, [](auto b) {
      return Makers{IndexOf<b()>::empty, IndexOf<b()>::load, IndexOf<b()>::change};
    });
  } catch (const Error& fault) {
    throw Error{where + ": " + fault.what()};
  }
}

}  // namespace

std::unique_ptr<AnyIndex> make_index(Size bits, SearchKind kind, const std::string& where) {
  return makers(bits, where).empty(kind);
}
std::unique_ptr<AnyIndex> open_index(const fs::path& path) {
  return makers(bits_of_index(path), path.string()).load(path);
}
std::unique_ptr<AnyIndex> open_to_change(const fs::path& path, SearchKind kind) {
  return makers(bits_of_index(path), path.string()).change(path, kind);
}

}  // namespace vit2cmh
