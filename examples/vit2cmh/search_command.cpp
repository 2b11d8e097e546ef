// vit2cmh search
#include "command_line.hpp"
#include "searched.hpp"

#include <cmath>
#include <cstdio>
#include <hashweave/io/codes_npy.hpp>
#include <limits>
#include <optional>

namespace vit2cmh {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

struct SearchArguments {
  fs::path index, queries, checkpoint, image;
  std::string text, rerank;
  Computing computing;
  Size k = 10, radius = -1, shortlist = 0;
};

/// Float32 numbers (n, width) of an npy file.
StoredTensor read_vectors(const fs::path& file) {
  StoredTensor array = read_npy(file);
  if (array.dtype != DType::f32 || array.shape.size() != 2 || array.shape[1] < 1)
    fail(file.string(), "array", "float32 (n, numbers), as `encode --continuous` writes",
         std::string{hashweave::name_of(array.dtype)} + " " + to_string(array.shape));
  return array;
}

Queries read_queries(const fs::path& file) {
  if (kind_of_file(file) == FileKind::npy && read_npy(file).dtype == DType::f32) {
    const StoredTensor array = read_vectors(file);
    require(array.shape[1] % 8 == 0, file.string(), "bits of a code", "a multiple of 8", array.shape[1]);
    std::vector<float> relaxed = values<float>(array);
    for (const float number : relaxed)
      require(std::isfinite(number), file.string(), "numbers of the queries", "finite ones", number);
    return queries_of(std::move(relaxed), array.shape[1]);
  }
  CodeTable codes = read_named_codes(file).codes;
  return {codes.bits, std::move(codes.bytes), {}};
}

Queries make_queries(const SearchArguments& o, Size threads) {
  if (!o.queries.empty()) return read_queries(o.queries);
  Ready ready{o.checkpoint, o.computing, threads};
  const CaptionDataset none;
  Feed feed{*ready.stored.model, none, ready.tokenizer, {}};
  CodeSet codes = o.image.empty() ? encode_texts(feed, {o.text}, nullptr) : encode_files(feed, {o.image}, nullptr);
  return queries_of(std::move(codes.values), codes.bits);
}

/// The vectors of a file under the ids that `index build` gives its rows.
VectorScores<float> read_scores(const fs::path& file) {
  const StoredTensor array = read_vectors(file);
  const Size rows = array.shape[0], width = array.shape[1];
  const RowLabels labels = labels_beside(file, rows);
  const std::vector<float> numbers = values<float>(array);
  VectorScores<float> scores{width};
  scores.add(matrix(numbers.data(), rows, width), labels.ids.empty() ? row_numbers(rows) : labels.ids);
  return scores;
}

void print(const ScoredHit& hit, Size rank, bool scored, const Names& names) {
  std::printf("%5td  distance %4td", rank, hit.distance);
  if (scored) std::printf("  score %7.4f", static_cast<double>(hit.score));
  const auto name = names.find(hit.id);
  std::printf("  %lld%s%s\n", static_cast<long long>(hit.id), name == names.end() ? "" : "  ",
              name == names.end() ? "" : name->second.c_str());
}

json do_search(const SearchArguments& o, const Common& common) {
  const int sources = (o.queries.empty() ? 0 : 1) + (o.text.empty() ? 0 : 1) + (o.image.empty() ? 0 : 1);
  if (sources != 1) throw CLI::ValidationError("search", "give one of --codes, --text and --image");
  if (o.queries.empty() && o.checkpoint.empty())
    throw CLI::ValidationError("search", "--text and --image need --checkpoint");
  if (!o.rerank.empty() && o.radius >= 0)
    throw CLI::ValidationError("search", "--rerank orders the nearest, not what lies within --radius");
  const Searched gallery = open_searched(o.index);
  Request request{o.k, o.radius, common.threads, nullptr, o.rerank == "asymmetric", o.shortlist};
  if (request.shortlist == 0) request.shortlist = o.k > std::numeric_limits<Size>::max() / 10 ? o.k : 10 * o.k;
  std::optional<VectorScores<float>> vectors;
  if (!o.rerank.empty() && !request.asymmetric) request.vectors = &vectors.emplace(read_scores(o.rerank));
  const Queries queries = make_queries(o, common.threads);
  require(queries.bits == gallery.index->bits(), o.index.string(), "bits of the codes, as of the queries", queries.bits,
          gallery.index->bits());

  const auto answers = gallery.index->search(queries, request);
  json results = json::array();
  for (std::size_t q = 0; q < answers.size(); ++q) {
    if (answers.size() > 1 && !common.to_output()) std::printf("query %zu\n", q);
    json hits = json::array();
    for (const ScoredHit& hit : answers[q]) {
      const Size rank = std::ssize(hits) + 1;
      hits.push_back(as_json(hit, rank, request.reranks(), gallery.names));
      if (!common.to_output()) print(hit, rank, request.reranks(), gallery.names);
    }
    results.push_back({{"query", q}, {"hits", std::move(hits)}});
  }
  return {{"k", o.k}, {"results", std::move(results)}};
}

}  // namespace

void add_search(CLI::App& app, Common& common, Todo& todo) {
  const auto o = std::make_shared<SearchArguments>();
  CLI::App& c = *app.add_subcommand("search", "find the nearest codes; ties by the lower id");
  common.add(c);
  c.add_option("--index", o->index, "an index (`index build`, or FAISS's), or codes as `encode` writes them")
      ->required();
  c.add_option("--codes", o->queries, "queries: codes as `encode` writes them, or with --continuous");
  c.add_option("--checkpoint", o->checkpoint, "run folder or model file, for --text and --image");
  c.add_option("--text", o->text, "query: a text");
  c.add_option("--image", o->image, "query: an image file");
  c.add_option("-k", o->k, "hits of a query")->check(CLI::PositiveNumber)->capture_default_str();
  c.add_option("--radius", o->radius, "all hits within so many bits instead")->check(CLI::NonNegativeNumber);
  c.add_option("--rerank", o->rerank,
               "order a shortlist anew: by the cosine to real-valued codes of the items (`encode --continuous`), or by "
               "`asymmetric`: the query real-valued, the items' codes binary");
  c.add_option("--shortlist", o->shortlist, "hits to choose the best from, with --rerank (default: 10 k)")
      ->check(CLI::PositiveNumber);
  o->computing.add(c);
  c.callback([&todo, &common, o] { todo = [&common, o] { return do_search(*o, common); }; });
}

}  // namespace vit2cmh
