#include "binary_codes.hpp"
#include "label_evaluation.hpp"
#include "method.hpp"
#include "program.hpp"
#include "train_method.hpp"

#include <cstdio>
#include <hashweave/io/file.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/io/npy.hpp>
#include <hashweave/io/safetensors_writer.hpp>

namespace examples {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

void add_data(CLI::App& c, DataChoice& o) {
  c.add_option("--data", o.data, "data set with labels: a folder or file (docs/datasets.md)")->required();
  c.add_option("--images", o.images, "folder that the data set's image paths start from");
  c.add_option("--query", o.query, "split of the queries")->capture_default_str();
  c.add_option("--database", o.database, "split of the database; auto: rest where there is one, else train")
      ->capture_default_str();
  c.add_flag("--allow-overlap", o.allow_overlap, "queries may be items of the database");
  c.add_flag_callback(
      "--skip-bad", [&o] { o.skip_bad = true; }, "leave out broken items and those without labels");
}

struct ApplyOptions {
  fs::path checkpoint, out;
  DataChoice choice;
  std::string ties = "order", kind = "image", split = "test";
  bool continuous = false;
};

/// A stored model, made for the data at hand.
struct StoredMethod {
  std::unique_ptr<Method> method;
  Settings settings;

  StoredMethod(const MethodProgram& program, const fs::path& run_or_file, const LabelledData* data, Size threads)
      : settings{program.settings} {
    const fs::path file = fs::is_directory(run_or_file) ? run_or_file / "model.safetensors" : run_or_file;
    require(fs::exists(file), run_or_file.string(), "checkpoint", "a run folder with model.safetensors, or such a file",
            fs::exists(run_or_file) ? "a folder without it: train first" : "nothing there");
    const SafeTensors tensors = open_safetensors(file);
    const auto told = tensors.metadata().find(program.name);
    require(told != tensors.metadata().end(), file.string(), "metadata", "those of a " + program.name + " model",
            "none");
    const json about = parse_json(told->second, file.string() + ", metadata");
    settings.take(about.value("settings", json{}), file.string() + ", metadata");
    const json facts = about.value("data", json::object());
    const DataFacts stored{facts.value("classes", Size{0}), facts.value("image_width", Size{0}),
                           facts.value("text_width", Size{0})};
    if (data != nullptr) {
      const DataFacts here = facts_of(*data);
      require(here.image_width == stored.image_width, file.string(), "columns of the image features",
              stored.image_width, here.image_width);
      require(here.text_width == stored.text_width, file.string(), "columns of the text features", stored.text_width,
              here.text_width);
    }
    method = program.make(settings, stored, threads);
    method->load_trained(tensors);
  }
};

json do_eval(const MethodProgram& program, const ApplyOptions& o, const Common& common) {
  const LabelledData data{o.choice};
  StoredMethod stored{program, o.checkpoint, &data, common.threads};
  LabelRules rules;
  rules.ties = o.ties == "expected" ? Ties::expected : Ties::order;
  json out{{"bits", stored.settings.whole("bits")}};
  for (const Direction& d : stored.method->directions())
    out[d.name] = evaluate_direction(*stored.method, data, d, data.query(), data.database(),
                                     stored.settings.whole("bits"), rules);
  if (!common.to_output()) std::fputs(as_table(out).c_str(), stdout);
  return out;
}

json do_encode(const MethodProgram& program, const ApplyOptions& o, const Common& common) {
  const LabelledData data{o.choice};
  StoredMethod stored{program, o.checkpoint, &data, common.threads};
  const Size bits = stored.settings.whole("bits");
  const auto rows = data.set().positions(split_of(o.split));
  require(!rows.empty(), o.choice.data.string(), "split " + o.split, "at least 1 item", 0);
  Kind kind = Kind::image;
  for (const Kind k : {Kind::image, Kind::text, Kind::fused})
    if (o.kind == name_of(k)) kind = k;
  const LabelledCodes codes = encode_rows(*stored.method, data, kind, rows, bits);
  std::string ids;
  for (const Size i : rows) ids += std::to_string(data.set().owner(i)) + "\n";
  if (o.continuous) {
    write_npy(o.out, view_of(std::span<const float>{codes.values}, Shape{std::ssize(rows), bits}));
  } else {
    const std::vector<std::uint8_t> bytes = packed_bytes(codes.values, bits);
    write_npy(o.out, view_of(std::span<const std::uint8_t>{bytes}, Shape{std::ssize(rows), bits / 8}));
  }
  write_atomically(o.out.string() + ".ids.txt", [&](FileWriter& out) { out.write(ids); });
  return {{"codes", o.out.string()}, {"rows", rows.size()}, {"bits", bits}};
}

void add_train(CLI::App& app, const MethodProgram& program, Settings& settings, Common& common, Todo& todo,
               const std::string& command_line) {
  const auto o = std::make_shared<TrainMethodOptions>();
  o->command = command_line;
  CLI::App& c = *app.add_subcommand("train", "train a model; writes a run folder");
  c.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // a script's settings can be changed
  common.add(c);
  add_data(c, o->choice);
  c.add_option("--out", o->out, "run folder to write")->required();
  settings.add_to(c);
  c.add_option("--checkpoint-every", o->checkpoint_every, "steps between checkpoints besides those of epochs; 0: none")
      ->capture_default_str();
  c.add_option("--stop-after-steps", o->stop_after_steps, "stop after so many steps of this sitting; 0: at the end")
      ->capture_default_str();
  c.add_flag("--resume", o->resume, "go on with the run in --out");
  c.callback([&todo, &common, &program, &settings, o] {
    todo = [&common, &program, &settings, o] {
      o->threads = common.threads;
      json result = train_method(program, settings, *o);
      if (result.contains("results") && !common.to_output()) std::fputs(as_table(result["results"]).c_str(), stdout);
      return nlohmann::ordered_json(result);
    };
  });
}

void add_eval(CLI::App& app, const MethodProgram& program, Common& common, Todo& todo) {
  const auto o = std::make_shared<ApplyOptions>();
  CLI::App& c =
      *app.add_subcommand("eval", "how well a model retrieves: mAP by protocol, P@H<=2, PR curve, AP by class");
  common.add(c);
  c.add_option("--checkpoint", o->checkpoint, "run folder or model file")->required();
  add_data(c, o->choice);
  c.add_option("--ties", o->ties, "order (of the data set) or expected (mean over all orders)")
      ->check(CLI::IsMember({"order", "expected"}))
      ->capture_default_str();
  c.callback([&, o] { todo = [&, o] { return nlohmann::ordered_json(do_eval(program, *o, common)); }; });
}

void add_encode(CLI::App& app, const MethodProgram& program, Common& common, Todo& todo) {
  const auto o = std::make_shared<ApplyOptions>();
  CLI::App& c = *app.add_subcommand("encode", "codes of a split's items, as numpy.packbits writes them");
  common.add(c);
  c.add_option("--checkpoint", o->checkpoint, "run folder or model file")->required();
  add_data(c, o->choice);
  c.add_option("--split", o->split, "train, val, test or rest")->capture_default_str();
  c.add_option("--of", o->kind, "image, text or fused: what is encoded, where the method has such codes")
      ->check(CLI::IsMember({"image", "text", "fused"}))
      ->capture_default_str();
  c.add_option("--out", o->out, "npy file to write; ids are written beside it")->required();
  c.add_flag("--continuous", o->continuous, "relaxed codes, float32, instead of bits");
  c.callback([&, o] { todo = [&, o] { return nlohmann::ordered_json(do_encode(program, *o, common)); }; });
}

/// Settings of every program, then the method's own.
Settings all_settings(const MethodProgram& program) {
  Settings settings{{{"bits", Size{64}, "bits of a code"},
                     {"epochs", Size{30}, "epochs"},
                     {"batch", Size{64}, "items of a batch"},
                     {"precision", "f32", "of products: f32 or bf16", {"f32", "bf16"}},
                     {"seed", Size{1}, "of initial values, order, dropout and what is set apart for val"},
                     {"val-share", 0.0, "of the train split, set apart for val where the data set has none"},
                     {"evaluate-every", Size{1}, "epochs between evaluations on val"}}};
  for (const Setting& setting : program.settings) settings.set(setting);
  return settings;
}

}  // namespace

int run_program(int argc, char** argv, const MethodProgram& of) {
  MethodProgram program = of;
  Settings settings = all_settings(program);
  program.settings = settings.all();
  CLI::App app{program.about, program.name};
  app.require_subcommand(1);
  Common common;
  Todo todo;
  add_train(app, program, settings, common, todo, command_line_of(argc, argv));
  add_eval(app, program, common, todo);
  add_encode(app, program, common, todo);
  add_mean(app, common, todo);
  return run_command(app, argc, argv, common, todo, "a smaller --batch needs less");
}

}  // namespace examples
