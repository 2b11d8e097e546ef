#include "commands.hpp"

#include "evaluate.hpp"
#include "mean.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "run_folder.hpp"
#include "train.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <hashweave/cpu/engine.hpp>
#include <hashweave/data/decode.hpp>
#include <hashweave/data/sampler.hpp>
#include <hashweave/io/npy.hpp>
#include <hashweave/version.hpp>
#include <iostream>
#include <new>
#include <system_error>
#include <thread>

namespace vit2cmh {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

Size cores() { return std::max<Size>(1, static_cast<Size>(std::thread::hardware_concurrency())); }

struct Common {
  std::string json_file;
  Size threads = cores();

  void add(CLI::App& app) {
    app.add_option("--json", json_file, "write the result as JSON to this file; - for standard output");
    app.add_option("--threads", threads, "threads of computation")
        ->check(CLI::Range(Size{1}, Size{1024}))
        ->capture_default_str();
  }
  bool to_output() const { return json_file == "-"; }
  template <class Json>
  void give(const Json& result) const {
    if (json_file.empty()) return;
    const std::string text = result.dump(1) + "\n";
    if (to_output())
      std::fputs(text.c_str(), stdout);
    else
      write_atomically(json_file, [&](FileWriter& out) { out.write(text); });
  }
};

Precision precision_named(const std::string& name) { return name == "bf16" ? Precision::bf16 : Precision::full; }
void add_precision(CLI::App& c, std::string& precision) {
  c.add_option("--precision", precision, "of products: f32 or bf16")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
}
void add_on_bad(CLI::App& c, std::string& on_bad) {
  c.add_option("--on-bad-item", on_bad, "a broken line or image: error or skip")
      ->check(CLI::IsMember({"error", "skip"}))
      ->capture_default_str();
}

Split split_of(const std::string& name) {
  const auto split = split_named(name);
  require(split.has_value(), "--split", "split", "train, val, test or rest", name);
  return *split;
}

// ---- train ----------------------------------------------------------------------------------------------------------

void add_train(CLI::App& app, Common& common, TrainOptions& o, std::string& precision, std::string& on_bad) {
  CLI::App& c = *app.add_subcommand("train", "train a model on images and captions; writes a run folder");
  c.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // a script's settings can be changed
  common.add(c);
  c.add_option("--data", o.data, "data set: a folder or file (docs/datasets.md)")->required();
  c.add_option("--images", o.images, "folder that the data set's image paths start from");
  c.add_option("--out", o.out, "run folder to write")->required();
  c.add_option("--model", o.model, "architecture: " + listed(model_names))->capture_default_str();
  c.add_option("--bits", o.bits, "bits of a code: " + listed(code_lengths))->capture_default_str();
  c.add_option("--image-weights", o.image_weights,
               "image tower: safetensors file or folder (default: the weights' folder)");
  c.add_option("--text-weights", o.text_weights,
               "text tower: safetensors file or folder (default: the weights' folder)");
  c.add_option("--vocab", o.vocabulary, "vocab.txt (default: beside the text tower)");
  c.add_flag("--from-scratch", o.from_scratch, "random towers instead of pretrained ones");
  c.add_option("--epochs", o.epochs, "epochs")->capture_default_str();
  c.add_option("--batch", o.batch, "pairs of a batch; negatives are taken within it")->capture_default_str();
  c.add_option("--accumulate", o.accumulate, "batches whose gradients make one step")->capture_default_str();
  c.add_option("--lr", o.rate, "learning rate of the towers (Adam)")->capture_default_str();
  c.add_option("--head-lr", o.head_rate, "learning rate above the towers (default: --lr)");
  c.add_option("--warmup", o.warmup, "steps of linear warm-up, at most half of all")->capture_default_str();
  c.add_option("--decay-at", o.decay_at, "share of the steps after which the rate is a tenth")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  c.add_option("--margin", o.loss.margin, "triplet margin m")->capture_default_str();
  c.add_option("--eta", o.loss.eta, "weight of the angular loss")->capture_default_str();
  c.add_option("--alpha", o.loss.alpha, "angle of the angular loss, degrees")->capture_default_str();
  c.add_option("--quantisation", o.loss.quantisation, "weight of mean (|h| - 1)^2 (not in the paper)")
      ->capture_default_str();
  c.add_option("--info-nce", o.loss.info_nce, "weight of InfoNCE (not in the paper)")->capture_default_str();
  c.add_option("--temperature", o.loss.temperature, "of InfoNCE")->capture_default_str();
  c.add_option("--triplet", o.loss.triplet, "weight of the triplet loss")->capture_default_str();
  c.add_option("--clip", o.clip, "largest norm of the gradient")->capture_default_str();
  c.add_option("--dropout", o.dropout, "dropout in the shared trunk")->capture_default_str();
  c.add_flag("--freeze-towers", o.freeze_towers,
             "train above the towers only; their tokens are computed once and kept");
  c.add_option("--token-cache", o.cache_mb, "MiB of kept tokens; others are computed again")->capture_default_str();
  c.add_option("--token-cache-file", o.cache_file, "keep them in this file instead of memory");
  c.add_option("--max-tokens", o.max_tokens, "captions are cut to so many tokens")->capture_default_str();
  add_precision(c, precision);
  c.add_option("--backend", "cpu (cuda is not part of this version)")->check(CLI::IsMember({"cpu"}));
  c.add_option("--seed", o.seed, "of initial values, order and dropout")->capture_default_str();
  c.add_option("--limit-train", o.limit_train, "items of the train split to take; 0: all")->capture_default_str();
  c.add_option("--evaluate-every", o.evaluate_every, "epochs between evaluations on val")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  c.add_option("--checkpoint-every", o.checkpoint_every, "steps between checkpoints besides those of epochs; 0: none")
      ->capture_default_str();
  c.add_option("--stop-after-steps", o.stop_after_steps, "stop after so many steps of this sitting; 0: at the end")
      ->capture_default_str();
  add_on_bad(c, on_bad);
  c.add_flag("--resume", o.resume, "go on with the run in --out");
}

// ---- eval -----------------------------------------------------------------------------------------------------------

struct DataOptions {
  fs::path data, images;
  std::string split = "test", on_bad = "error", precision = "f32";

  void add(CLI::App& c, bool required = true) {
    auto* option = c.add_option("--data", data, "data set: a folder or file (docs/datasets.md)");
    if (required) option->required();
    c.add_option("--images", images, "folder that the data set's image paths start from");
    c.add_option("--split", split, "train, val, test or rest")->capture_default_str();
    add_on_bad(c, on_bad);
    add_precision(c, precision);
  }
  CaptionDataset open() const {
    CaptionDataset set = open_dataset(data, dataset_options(images, on_bad == "skip"));
    for (const std::string& fault : set.faults().messages) std::fprintf(stderr, "left out: %s\n", fault.c_str());
    return set;
  }
};

/// A stored model with its tokenizer.
struct Ready {
  StoredModel stored;
  BertTokenizer tokenizer;

  Ready(const fs::path& checkpoint, const std::string& precision, Size threads)
      : stored{open_model(checkpoint, threads)},
        tokenizer{tokenizer_for(*stored.model, stored.vocabulary, stored.about.value("max_tokens", Size{32}))} {
    stored.model->use(precision_named(precision));
  }
};

struct EvalOptions {
  fs::path checkpoint;
  DataOptions data;
  Size folds = 1;
  std::string ties = "order";
  bool binary = false, continuous = false;
};

json do_eval(const EvalOptions& o, const Common& common) {
  Ready ready{o.checkpoint, o.data.precision, common.threads};
  const CaptionDataset set = o.data.open();
  const auto items = items_of(set, split_of(o.data.split), o.data.data);
  Feed feed{*ready.stored.model, set, ready.tokenizer, {.threads = common.threads}};
  Progress progress{"encoding images", std::ssize(items), "images"};
  const CodeSet images = encode_images(feed, items, &progress);
  progress.finish();
  const CodeSet captions = encode_captions(feed, items);
  EvaluationRules rules;
  rules.folds = o.folds;
  rules.ties = o.ties == "expected" ? Ties::expected : Ties::order;
  rules.binary = o.binary || !o.continuous;
  rules.continuous = o.continuous || !o.binary;
  json result = evaluate(set, o.data.split, images, captions, rules);
  if (!common.to_output())
    std::printf("%s, split %s: %td images, %td captions, %td bits\n%s", o.data.data.string().c_str(),
                o.data.split.c_str(), images.rows(), captions.rows(), images.bits, as_table(result).c_str());
  return result;
}

// ---- encode ---------------------------------------------------------------------------------------------------------

std::vector<std::string> lines_of(const fs::path& file) {
  const Blob bytes = map_file(file);
  std::vector<std::string> lines;
  std::istringstream in{std::string{as_text(bytes.bytes)}};
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

/// The image files of a folder, by name, or of a list of paths (relative to the list).
std::vector<fs::path> image_files(const fs::path& place) {
  std::vector<fs::path> files;
  if (fs::is_directory(place)) {
    for (const auto& entry : fs::recursive_directory_iterator{place}) {
      const std::string ending = hashweave::detail::lower_case(entry.path().extension().string());
      if (entry.is_regular_file() && (ending == ".jpg" || ending == ".jpeg" || ending == ".png"))
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  } else {
    for (const std::string& line : lines_of(place))
      if (!line.empty()) files.push_back(fs::path{line}.is_absolute() ? fs::path{line} : place.parent_path() / line);
  }
  require(!files.empty(), place.string(), "images", "at least one JPEG or PNG file", "none");
  return files;
}

Image read_image(const fs::path& file) {
  const Blob bytes = map_file(file);
  try {
    return decode_image(bytes.bytes);
  } catch (const Error& fault) {
    throw Error{file.string() + ": " + fault.what()};
  }
}

CodeSet encode_files(Feed& feed, const std::vector<fs::path>& files, Progress* progress) {
  return encode_in_batches(
      feed, std::ssize(files),
      [&](CodeSet& set, Size first, Size n, std::span<float> codes) {
        std::vector<Image> images;
        for (Size i = first; i < first + n; ++i) {
          images.push_back(read_image(files[static_cast<std::size_t>(i)]));
          set.owners.push_back(i);
        }
        const std::vector<ImageView> views(images.begin(), images.end());
        feed.model().encode(feed.pixels(views), codes);
      },
      progress);
}

CodeSet encode_texts(Feed& feed, const std::vector<std::string>& texts, Progress* progress) {
  return encode_in_batches(
      feed, std::ssize(texts),
      [&](CodeSet& set, Size first, Size n, std::span<float> codes) {
        const std::vector<std::string_view> part(texts.begin() + first, texts.begin() + first + n);
        for (Size i = first; i < first + n; ++i) set.owners.push_back(i);
        feed.model().encode(feed.texts(part), codes);
      },
      progress);
}

/// (n, bits/8) bytes as numpy.packbits writes them.
std::vector<std::uint8_t> packed_bytes(const CodeSet& codes) {
  const BinaryCodes binary{codes};
  std::vector<std::uint8_t> bytes;
  for (Size i = 0; i < binary.size(); ++i)
    for (Size b = 0; b < codes.bits / 8; ++b)
      bytes.push_back(static_cast<std::uint8_t>(binary.row(i)[b / 8] >> (56 - 8 * (b % 8))));
  return bytes;
}

struct EncodeOptions {
  fs::path checkpoint, image_list, text_file, out;
  DataOptions data;
  std::string modality, shard = "0/1";
  bool continuous = false;
};

json do_encode(const EncodeOptions& o, const Common& common) {
  const int sources = (o.data.data.empty() ? 0 : 1) + (o.image_list.empty() ? 0 : 1) + (o.text_file.empty() ? 0 : 1);
  if (sources != 1) throw CLI::ValidationError("encode", "give one of --data, --image-files and --texts");
  if (!o.data.data.empty() && o.modality.empty())
    throw CLI::ValidationError("encode", "--data needs --modality image or text");
  Rank shard;
  {
    std::istringstream in{o.shard};
    char slash = 0;
    in >> shard.number >> slash >> shard.of;
    require(!in.fail() && slash == '/' && shard.of >= 1 && shard.number >= 0 && shard.number < shard.of, "--shard",
            "part", "i/N with i from 0 to N-1", o.shard);
  }
  const auto part_of = [&](auto all) {
    const Size n = std::ssize(all);
    return decltype(all)(all.begin() + rank_cut(n, shard.number, shard.of),
                         all.begin() + rank_cut(n, shard.number + 1, shard.of));
  };
  Ready ready{o.checkpoint, o.data.precision, common.threads};
  const CaptionDataset set = o.data.data.empty() ? CaptionDataset{} : o.data.open();
  Feed feed{*ready.stored.model, set, ready.tokenizer, {.threads = common.threads}};
  CodeSet codes;
  std::string ids;
  if (!o.image_list.empty()) {
    const auto files = part_of(image_files(o.image_list));
    Progress progress{"encoding", std::ssize(files), "images"};
    codes = encode_files(feed, files, &progress);
    for (const fs::path& file : files) ids += file.string() + "\n";
  } else if (!o.text_file.empty()) {
    const auto all = lines_of(o.text_file);
    const auto lines = part_of(all);
    Progress progress{"encoding", std::ssize(lines), "texts"};
    codes = encode_texts(feed, lines, &progress);
    const Size first = rank_cut(std::ssize(all), shard.number, shard.of);
    for (Size i = 0; i < std::ssize(lines); ++i) ids += std::to_string(first + i) + "\n";
  } else {
    const auto items = part_of(items_of(set, split_of(o.data.split), o.data.data));
    Progress progress{"encoding", std::ssize(items), "items"};
    codes = o.modality == "image" ? encode_images(feed, items, &progress) : encode_captions(feed, items);
    for (const std::int64_t owner : codes.owners) ids += std::to_string(owner) + "\n";
  }
  if (o.continuous) {
    write_npy(o.out, view_of(codes.values, {codes.rows(), codes.bits}));
  } else {
    write_npy(o.out, view_of(packed_bytes(codes), {codes.rows(), codes.bits / 8}));
  }
  write_atomically(o.out.string() + ".ids.txt", [&](FileWriter& out) { out.write(ids); });
  if (!common.to_output())
    std::printf("%td codes of %td bits in %s, their ids in %s.ids.txt\n", codes.rows(), codes.bits,
                o.out.string().c_str(), o.out.string().c_str());
  return {{"codes", codes.rows()}, {"bits", codes.bits}, {"file", o.out.string()}, {"continuous", o.continuous}};
}

// ---- search ---------------------------------------------------------------------------------------------------------

struct SearchOptions {
  fs::path index, queries, checkpoint, image;
  std::string text, precision = "f32";
  Size k = 10, radius = -1;
};

/// Codes and ids as `encode` writes them.
struct CodeFile {
  BinaryCodes codes;
  std::vector<std::string> ids;
};
CodeFile open_codes(const fs::path& file) {
  const StoredTensor bytes = read_npy(file);
  require(bytes.dtype == DType::u8 && bytes.shape.size() == 2 && bytes.order == Order::row_major && bytes.shape[1] > 0,
          file.string(), "array", "bytes (n, bits/8), row-major, as `vit2cmh encode` writes",
          std::string{name_of(bytes.dtype)} + " " + to_string(bytes.shape));
  CodeFile out;
  out.codes.bits = 8 * bytes.shape[1];
  out.codes.words = (out.codes.bits + 63) / 64;
  out.codes.data.resize(static_cast<std::size_t>(bytes.shape[0] * out.codes.words));
  for (Size i = 0; i < bytes.shape[0]; ++i)
    for (Size b = 0; b < bytes.shape[1]; ++b)
      out.codes.data[static_cast<std::size_t>(i * out.codes.words + b / 8)] |=
          std::to_integer<std::uint64_t>(bytes.bytes[static_cast<std::size_t>(i * bytes.shape[1] + b)])
          << (56 - 8 * (b % 8));
  const fs::path ids = file.string() + ".ids.txt";
  if (fs::exists(ids)) {
    out.ids = lines_of(ids);
    require(std::ssize(out.ids) == bytes.shape[0], ids.string(), "lines", bytes.shape[0], out.ids.size());
  } else {
    for (Size i = 0; i < bytes.shape[0]; ++i) out.ids.push_back(std::to_string(i));
  }
  return out;
}

json id_as_json(const std::string& id) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(id.data(), id.data() + id.size(), number);
  return fault == std::errc{} && end == id.data() + id.size() ? json(number) : json(id);
}

json do_search(const SearchOptions& o, const Common& common) {
  const int sources = (o.queries.empty() ? 0 : 1) + (o.text.empty() ? 0 : 1) + (o.image.empty() ? 0 : 1);
  if (sources != 1) throw CLI::ValidationError("search", "give one of --codes, --text and --image");
  if (o.queries.empty() && o.checkpoint.empty())
    throw CLI::ValidationError("search", "--text and --image need --checkpoint");
  const CodeFile gallery = open_codes(o.index);
  BinaryCodes queries;
  if (!o.queries.empty()) {
    queries = open_codes(o.queries).codes;
  } else {
    Ready ready{o.checkpoint, o.precision, common.threads};
    const CaptionDataset none;
    Feed feed{*ready.stored.model, none, ready.tokenizer, {}};
    queries =
        BinaryCodes{o.image.empty() ? encode_texts(feed, {o.text}, nullptr) : encode_files(feed, {o.image}, nullptr)};
  }
  require(queries.bits == gallery.codes.bits, o.index.string(), "bits of the codes", queries.bits, gallery.codes.bits);
  const HammingDistances table{queries, gallery.codes};
  json results = json::array();
  for (Size q = 0; q < queries.size(); ++q) {
    std::vector<std::pair<Size, Size>> all;
    for (Size d = 0; d < table.items(); ++d)
      if (const Size distance = table(q, d); o.radius < 0 || distance <= o.radius) all.emplace_back(distance, d);
    const auto end = all.begin() + (o.radius >= 0 ? std::ssize(all) : std::min(o.k, std::ssize(all)));
    std::partial_sort(all.begin(), end, all.end());
    json hits = json::array();
    for (auto hit = all.begin(); hit != end; ++hit)
      hits.push_back({{"rank", hit - all.begin() + 1},
                      {"id", id_as_json(gallery.ids[static_cast<std::size_t>(hit->second)])},
                      {"distance", hit->first}});
    if (!common.to_output()) {
      if (queries.size() > 1) std::printf("query %td\n", q);
      for (const json& hit : hits)
        std::printf("%5td  distance %4td  %s\n", hit["rank"].get<Size>(), hit["distance"].get<Size>(),
                    hit["id"].is_string() ? hit["id"].get<std::string>().c_str() : hit["id"].dump().c_str());
    }
    results.push_back({{"query", q}, {"hits", std::move(hits)}});
  }
  return {{"k", o.k}, {"results", results}};
}

// ---- tokenize, info -------------------------------------------------------------------------------------------------

json do_tokenize(const fs::path& vocabulary) {
  const BertTokenizer tokenizer{vocabulary};
  std::ios::sync_with_stdio(false);
  Size lines = 0;
  for (std::string line; std::getline(std::cin, line); ++lines) {
    std::string out;
    for (const std::int32_t id : tokenizer.encode(line).ids) out += (out.empty() ? "" : " ") + std::to_string(id);
    std::cout << out << '\n';
  }
  std::cout.flush();
  if (!std::cout) throw MachineError{"standard output: writing: expected success, got a failure"};
  return {{"lines", lines}};
}

json do_info(const Common& common) {
  const auto engine = [](hashweave::Engine e) { return cpu::available(e); };
  json info{{"version", version},
            {"backends", {"cpu"}},
            {"models", model_names},
            {"bits", code_lengths},
            {"cores", cores()},
            {"products",
             {{"avx512", engine(hashweave::Engine::avx512)},
              {"amx", engine(hashweave::Engine::amx)},
              {"onednn", engine(hashweave::Engine::onednn)},
              {"eigen", true}}},
            {"bf16", bf16_supported()},
            {"images",
             {
#ifdef HASHWEAVE_HAS_LIBJPEG
                 "libjpeg",
#endif
#ifdef HASHWEAVE_HAS_LIBPNG
                 "libpng",
#endif
             }},
            {"weights", weights_folder().string()},
            {"compiler", __VERSION__}};
  if (!common.to_output()) {
    for (const auto& [key, value] : info.items()) std::printf("%-10s %s\n", key.c_str(), value.dump().c_str());
  }
  return info;
}

int guarded(const std::function<void()>& work) {
  const auto say = [](const char* what) { std::fprintf(stderr, "vit2cmh: %s\n", what); };
  try {
    work();
    return 0;
  } catch (const CLI::Error& fault) {
    say(fault.what());
    return 2;
  } catch (const MachineError& fault) {
    say(fault.what());
    return 3;
  } catch (const std::bad_alloc&) {
    say("out of memory; a smaller --batch or --token-cache needs less");
    return 3;
  } catch (const std::system_error& fault) {
    say(fault.what());
    return 3;
  } catch (const std::exception& fault) {
    say(fault.what());
    return 1;
  }
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app{"vit2cmh: images and texts as short binary codes in one Hamming space"};
  app.require_subcommand(1);
  app.set_version_flag("--version", version);
  Common common;

  TrainOptions train_options;
  std::string precision = "f32", on_bad = "error";
  add_train(app, common, train_options, precision, on_bad);

  EvalOptions eval;
  CLI::App& eval_command = *app.add_subcommand("eval", "how well a model retrieves: R@K, median rank, mAP");
  common.add(eval_command);
  eval_command.add_option("--checkpoint", eval.checkpoint, "run folder or model file")->required();
  eval.data.add(eval_command);
  eval_command.add_option("--folds", eval.folds, "mean over so many folds of images")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  eval_command.add_option("--ties", eval.ties, "order (of the data set) or expected (mean over all orders)")
      ->check(CLI::IsMember({"order", "expected"}))
      ->capture_default_str();
  eval_command.add_flag("--binary", eval.binary, "binary codes only");
  eval_command.add_flag("--continuous", eval.continuous, "relaxed codes only");

  EncodeOptions encode;
  CLI::App& encode_command = *app.add_subcommand("encode", "write codes as a numpy array, and their ids beside it");
  common.add(encode_command);
  encode_command.add_option("--checkpoint", encode.checkpoint, "run folder or model file")->required();
  encode.data.add(encode_command, false);
  encode_command.add_option("--image-files", encode.image_list, "folder of images, or a file with a path a line");
  encode_command.add_option("--texts", encode.text_file, "file with a text a line");
  encode_command.add_option("--modality", encode.modality, "of a data set: image or text")
      ->check(CLI::IsMember({"image", "text"}));
  encode_command.add_option("--out", encode.out, "file to write, .npy")->required();
  encode_command.add_flag("--continuous", encode.continuous, "relaxed codes, float32 (n, bits), instead of bits");
  encode_command.add_option("--shard", encode.shard, "i/N: part i of N, from 0")->capture_default_str();

  SearchOptions search;
  CLI::App& search_command = *app.add_subcommand("search", "find the nearest codes");
  common.add(search_command);
  search_command.add_option("--index", search.index, "codes as `encode` writes them")->required();
  search_command.add_option("--codes", search.queries, "queries: codes as `encode` writes them");
  search_command.add_option("--checkpoint", search.checkpoint, "run folder or model file, for --text and --image");
  search_command.add_option("--text", search.text, "query: a text");
  search_command.add_option("--image", search.image, "query: an image file");
  search_command.add_option("-k", search.k, "hits of a query")->check(CLI::PositiveNumber)->capture_default_str();
  search_command.add_option("--radius", search.radius, "all hits within so many bits instead")
      ->check(CLI::NonNegativeNumber);
  add_precision(search_command, search.precision);

  fs::path vocabulary;
  CLI::App& tokenize_command = *app.add_subcommand("tokenize", "token ids of each line of standard input");
  tokenize_command.add_option("--vocab", vocabulary, "vocab.txt")->required();

  fs::path report_run, report_out;
  CLI::App& report_command = *app.add_subcommand("report", "write a run's page: curves, galleries, histograms");
  report_command.add_option("--run", report_run, "run folder")->required();
  report_command.add_option("--out", report_out, "file to write (default: report.html in the run folder)");

  std::vector<std::string> mean_files;
  CLI::App& mean_command = *app.add_subcommand("mean", "mean and spread of the figures of several runs");
  common.add(mean_command);
  mean_command.add_option("files", mean_files, "label=file each; files by eval --json, or results.json of runs")
      ->required();

  CLI::App& info_command = *app.add_subcommand("info", "version, processor, backends");
  common.add(info_command);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    return app.exit(fault) == 0 ? 0 : 2;
  }
  for (int i = 0; i < argc; ++i) train_options.command += (i == 0 ? "" : " ") + std::string{argv[i]};
  return guarded([&] {
    if (app.got_subcommand("train")) {
      train_options.precision = precision_named(precision);
      train_options.skip_bad = on_bad == "skip";
      train_options.threads = common.threads;
      const json result = train(train_options);
      if (result.contains("results") && !common.to_output())
        std::printf("%s, split %s\n%sreport: %s\n", train_options.data.string().c_str(),
                    result["results"]["split"].get<std::string>().c_str(), as_table(result["results"]).c_str(),
                    (train_options.out / "report.html").string().c_str());
      common.give(result);
    } else if (app.got_subcommand("eval")) {
      common.give(do_eval(eval, common));
    } else if (app.got_subcommand("encode")) {
      common.give(do_encode(encode, common));
    } else if (app.got_subcommand("search")) {
      common.give(do_search(search, common));
    } else if (app.got_subcommand("tokenize")) {
      do_tokenize(vocabulary);
    } else if (app.got_subcommand("mean")) {
      const nlohmann::ordered_json means = mean_of_runs(mean_files);
      if (!common.to_output()) std::fputs(as_lines(means).c_str(), stdout);
      common.give(means);
    } else if (app.got_subcommand("report")) {
      write_report(report_run, report_out.empty() ? report_run / "report.html" : report_out);
    } else {
      common.give(do_info(common));
    }
  });
}

}  // namespace vit2cmh
