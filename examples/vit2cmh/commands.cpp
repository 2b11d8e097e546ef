#include "commands.hpp"

#include "command_line.hpp"
#include "evaluate.hpp"
#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <hashweave/cpu/engine.hpp>
#include <hashweave/version.hpp>
#include <iostream>
#include <thread>

namespace vit2cmh {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

// ---- train ----------------------------------------------------------------------------------------------------------

struct TrainArguments {
  TrainOptions options;
  Computing computing;
  std::string on_bad = "error", moments = "f32";
};

json do_train(TrainArguments& arguments, const Common& common) {
  TrainOptions& o = arguments.options;
  o.precision = precision_named(arguments.computing.precision);
  o.half_moments = arguments.moments == "bf16";
  o.skip_bad = arguments.on_bad == "skip";
  o.machine = arguments.computing.with(common.threads);
  json result = train(o);
  if (result.contains("results") && !common.to_output())
    std::printf("%s, split %s\n%sreport: %s\n", o.data.string().c_str(),
                result["results"]["split"].get<std::string>().c_str(), as_table(result["results"]).c_str(),
                (o.out / "report.html").string().c_str());
  return result;
}

void add_train(CLI::App& app, Common& common, Todo& todo, const std::string& command_line) {
  const auto arguments = std::make_shared<TrainArguments>();
  TrainOptions& o = arguments->options;
  o.command = command_line;
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
  c.add_option("--sign-info-nce", o.loss.sign_info_nce,
               "weight of InfoNCE on the codes' signs, with straight-through gradients (not in the paper)")
      ->capture_default_str();
  c.add_option("--temperature", o.loss.temperature, "of InfoNCE")->capture_default_str();
  c.add_option("--triplet", o.loss.triplet, "weight of the triplet loss")->capture_default_str();
  c.add_option("--clip", o.clip, "largest norm of the gradient")->capture_default_str();
  c.add_option("--dropout", o.dropout, "dropout in the shared trunk")->capture_default_str();
  c.add_flag("--freeze-towers", o.freeze_towers,
             "train above the towers only; their tokens are computed once and kept");
  c.add_flag("--recompute", o.recompute,
             "compute the towers' blocks again in backward: less memory, more time, the same model up to rounding");
  c.add_option("--moments", arguments->moments, "Adam's moments: f32, or bf16, rounded at random: half their memory")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  c.add_option("--token-cache", o.cache_mb, "MiB of kept tokens; others are computed again")->capture_default_str();
  c.add_option("--token-cache-file", o.cache_file, "keep them in this file instead of memory");
  c.add_option("--max-tokens", o.max_tokens, "captions are cut to so many tokens")->capture_default_str();
  arguments->computing.add(c);
  c.add_option("--seed", o.seed, "of initial values, order and dropout")->capture_default_str();
  c.add_option("--limit-train", o.limit_train, "items of the train split to take; 0: all")->capture_default_str();
  c.add_option("--evaluate-every", o.evaluate_every, "epochs between evaluations on val")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  c.add_option("--checkpoint-every", o.checkpoint_every, "steps between checkpoints besides those of epochs; 0: none")
      ->capture_default_str();
  c.add_option("--stop-after-steps", o.stop_after_steps, "stop after so many steps of this sitting; 0: at the end")
      ->capture_default_str();
  add_on_bad(c, arguments->on_bad);
  c.add_flag("--resume", o.resume, "go on with the run in --out");
  c.callback([&todo, &common, arguments] { todo = [&common, arguments] { return do_train(*arguments, common); }; });
}

// ---- eval -----------------------------------------------------------------------------------------------------------

struct EvalOptions {
  fs::path checkpoint;
  DataOptions data;
  Size folds = 1;
  std::string ties = "order";
  bool binary = false, continuous = false;
};

json do_eval(const EvalOptions& o, const Common& common) {
  Ready ready{o.checkpoint, o.data.computing, common.threads};
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

void add_eval(CLI::App& app, Common& common, Todo& todo) {
  const auto o = std::make_shared<EvalOptions>();
  CLI::App& c = *app.add_subcommand("eval", "how well a model retrieves: R@K, median rank, mAP");
  common.add(c);
  c.add_option("--checkpoint", o->checkpoint, "run folder or model file")->required();
  o->data.add(c, true, "folder that the data set's image paths start from");
  o->data.add_split(c);
  c.add_option("--folds", o->folds, "mean over so many folds of images")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  c.add_option("--ties", o->ties, "order (of the data set) or expected (mean over all orders)")
      ->check(CLI::IsMember({"order", "expected"}))
      ->capture_default_str();
  c.add_flag("--binary", o->binary, "binary codes only");
  c.add_flag("--continuous", o->continuous, "relaxed codes only");
  c.callback([&todo, &common, o] { todo = [&common, o] { return do_eval(*o, common); }; });
}

// ---- tokenize, report, info -----------------------------------------------------------------------------------

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
  json products = json::object();
  for (const hashweave::Engine e : cpu::engines) products[std::string{cpu::name_of(e)}] = cpu::available(e);
  json info{{"version", version},
            {"backends", backend_names},
            {"models", model_names},
            {"bits", code_lengths},
            {"cores", std::max(1U, std::thread::hardware_concurrency())},
            {"products", products},
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

void add_tokenize(CLI::App& app, Todo& todo) {
  const auto vocabulary = std::make_shared<fs::path>();
  CLI::App& c = *app.add_subcommand("tokenize", "token ids of each line of standard input");
  c.add_option("--vocab", *vocabulary, "vocab.txt")->required();
  c.callback([&todo, vocabulary] { todo = [vocabulary] { return do_tokenize(*vocabulary); }; });
}

void add_report(CLI::App& app, Todo& todo) {
  struct Files {
    fs::path run, out;
    std::vector<fs::path> experiments;
  };
  const auto files = std::make_shared<Files>();
  CLI::App& c = *app.add_subcommand("report", "write a run's page: curves, galleries, histograms");
  c.add_option("--run", files->run, "run folder")->required();
  c.add_option("--out", files->out, "file to write (default: report.html in the run folder)");
  c.add_option("--experiments", files->experiments, "summaries of experiments (vit2cmh mean --json) to show beside it");
  c.callback([&todo, files] {
    todo = [files] {
      write_report(files->run, files->out.empty() ? files->run / "report.html" : files->out, files->experiments);
      return json{};
    };
  });
}

void add_info(CLI::App& app, Common& common, Todo& todo) {
  CLI::App& c = *app.add_subcommand("info", "version, processor, backends");
  common.add(c);
  c.callback([&todo, &common] { todo = [&common] { return do_info(common); }; });
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app{"vit2cmh: images and texts as short binary codes in one Hamming space", "vit2cmh"};
  app.require_subcommand(1);
  app.set_version_flag("--version", version);
  Common common;
  Todo todo;
  add_train(app, common, todo, command_line_of(argc, argv));
  add_eval(app, common, todo);
  add_encode(app, common, todo);
  add_features(app, common, todo);
  add_rotate(app, common, todo);
  add_index(app, common, todo);
  add_search(app, common, todo);
  add_serve(app, common, todo);
  add_mean(app, common, todo);
  add_tokenize(app, todo);
  add_report(app, todo);
  add_info(app, common, todo);
  return run_command(app, argc, argv, common, todo, "a smaller --batch or --token-cache needs less");
}

}  // namespace vit2cmh
