#include "train_method.hpp"

#include "program.hpp"
#include "progress.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <hashweave/data/sampler.hpp>
#include <hashweave/io/safetensors_writer.hpp>
#include <hashweave/version.hpp>

namespace examples {
namespace fs = std::filesystem;
using nlohmann::json;

DataFacts facts_of(const LabelledData& data) {
  return {data.classes(), data.width(Kind::image), data.width(Kind::text)};
}

LabelledCodes encode_rows(Method& method, const LabelledData& data, Kind kind, std::span<const Size> rows, Size bits) {
  constexpr Size most = 256;
  LabelledCodes codes{rows, std::vector<float>(rows.size() * static_cast<std::size_t>(bits)), bits};
  for (Size first = 0; first < std::ssize(rows); first += most) {
    const Size n = std::min(most, std::ssize(rows) - first);
    method.encode(
        data, kind, rows.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(n)),
        std::span{codes.values}.subspan(static_cast<std::size_t>(first * bits), static_cast<std::size_t>(n * bits)));
  }
  for (const float h : codes.values)
    require(std::isfinite(h), "codes", "relaxed codes", "finite numbers", static_cast<double>(h));
  return codes;
}

json evaluate_direction(Method& method, const LabelledData& data, const Direction& direction,
                        std::span<const Size> queries, std::span<const Size> database, Size bits,
                        const LabelRules& rules) {
  const LabelledCodes query_codes = encode_rows(method, data, direction.query, queries, bits);
  const LabelledCodes item_codes = encode_rows(method, data, direction.database, database, bits);
  return evaluate_labels(data, query_codes, item_codes, rules);
}

std::string as_table(const json& evaluation) {
  std::string out;
  for (const auto& [name, figures] : evaluation.items()) {
    if (!figures.is_object()) continue;
    char line[160];
    std::snprintf(line, sizeof line, "%-16s mAP@all %.4f, P@H<=2 %.4f, %td queries, %td in the database\n",
                  name.c_str(), figures["map_all"].get<double>(), figures["precision_at_radius_2"].get<double>(),
                  figures["queries"].get<Size>(), figures["database"].get<Size>());
    out += line;
  }
  return out;
}

namespace {

class MethodTraining {
 public:
  MethodTraining(const MethodProgram& program, const Settings& settings, const TrainMethodOptions& options)
      : program_{program},
        settings_{settings},
        o_{options},
        bits_{settings.whole("bits")},
        epochs_{settings.whole("epochs")},
        seed_{static_cast<std::uint64_t>(settings.whole("seed"))},
        data_{with_share(options.choice)},
        run_{options.out} {
    require(epochs_ >= 0, "--epochs", "epochs", "at least 0", epochs_);
    const Size batch = settings.whole("batch");
    require(batch >= 2, "--batch", "items", "at least 2", batch);
    method_ = program.make(settings, facts_of(data_), o_.threads);
    json config = settings.as_json();
    config["data"] = o_.choice.data.string();
    config["query"] = o_.choice.query;
    config["database"] = o_.choice.database;
    run_.begin(config, {{"threads", o_.threads}, {"version", version}, {"command", o_.command}}, o_.resume, {"data"});
    run_.write_json("split.json", data_.manifest());
    const Size items = std::ssize(data_.train()), whole = std::min(batch, items);
    sampler_.emplace(items, whole, seed_, Rank{}, items % whole == 1 ? LastBatch::drop : program.last_batch);
    say(program.name + ", " + std::to_string(bits_) + " bits, " + std::to_string(method_->parameter_count()) +
        " parameters; items: " + std::to_string(data_.train().size()) + " train, " +
        std::to_string(data_.val().size()) + " val, " + std::to_string(data_.query().size()) + " queries, " +
        std::to_string(data_.database().size()) + " database");
    const auto start = Clock::now();
    method_->prepare(data_, data_.train());
    prepared_seconds_ = since(start);
    if (o_.resume)
      if (const auto found = run_.load_newest(*method_)) state_ = *found;
    run_.forget_after(state_.step);
  }

  json run() {
    const Size of_epoch = sampler_->batches(), total = of_epoch * epochs_;
    StopSignals signals;
    Progress progress{"training", total, "steps", state_.step};
    const Size begun = state_.step;
    bool saved = true;
    while (state_.step < total && !stopping(begun)) {
      const auto start = Clock::now();
      const StepPlace place{state_.step, total, state_.step / of_epoch, of_epoch};
      const StepNote note = one_step(place);
      ++state_.step;
      const double seconds = since(start);
      state_.seconds += seconds;
      log(note, place.epoch, seconds);
      char text[80];
      std::snprintf(text, sizeof text, "epoch %td/%td  loss %.4f", place.epoch + 1, epochs_, note.loss);
      progress.add(1, text);
      saved = false;
      const bool end_of_epoch = state_.step % of_epoch == 0;
      if (end_of_epoch && ((place.epoch + 1) % settings_.whole("evaluate-every") == 0 || state_.step == total)) {
        judge(place.epoch, progress);
        save();
        saved = true;
      } else if (o_.checkpoint_every > 0 && state_.step % o_.checkpoint_every == 0) {
        save();
        saved = true;
      }
    }
    progress.finish();
    if (total == 0) keep();
    if (!saved) save();
    const bool finished = state_.step == total;
    json out{{"run", run_.path().string()},   {"steps", state_.step},      {"of", total},
             {"finished", finished},          {"seconds", state_.seconds}, {"prepared_seconds", prepared_seconds_},
             {"best_step", state_.best_step}, {"skipped", state_.skipped}};
    if (finished)
      out["results"] = conclude();
    else
      say("stopped after step " + std::to_string(state_.step) + " of " + std::to_string(total) + "; --resume goes on");
    return out;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static void say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }
  static double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

  DataChoice with_share(DataChoice choice) const {
    choice.val_share = settings_.number("val-share");
    choice.seed = seed_;
    return choice;
  }
  bool stopping(Size begun) const {
    return StopSignals::asked() || (o_.stop_after_steps > 0 && state_.step - begun >= o_.stop_after_steps);
  }

  StepNote one_step(const StepPlace& place) {
    std::vector<Size> rows;
    for (const Size i : sampler_->batch(static_cast<std::uint32_t>(place.epoch), place.step % place.steps_of_epoch))
      rows.push_back(data_.train()[static_cast<std::size_t>(i)]);
    StepNote note = method_->step(data_, rows, place);
    bad_in_a_row_ = note.skipped ? bad_in_a_row_ + 1 : 0;
    require(bad_in_a_row_ < 10, "training", "gradient", "finite numbers",
            "none in ten steps in a row; a smaller learning rate may help");
    return note;
  }

  void log(const StepNote& note, Size epoch, double seconds) {
    const auto finite = [](double x) { return std::isfinite(x) ? json(x) : json(nullptr); };
    json line{{"step", state_.step}, {"epoch", epoch + 1}, {"loss", finite(note.loss)}};
    for (const auto& [name, value] : note.terms) line[name] = finite(value);
    line.update({{"grad_norm", finite(note.gradient_norm)}, {"lr", note.rate}, {"seconds", seconds}});
    run_.log(line);
  }

  void keep() {
    const json about{{"settings", settings_.as_json()},
                     {"data",
                      {{"classes", data_.classes()},
                       {"image_width", data_.width(Kind::image)},
                       {"text_width", data_.width(Kind::text)}}},
                     {"class_names", data_.set().classes()},
                     {"version", version}};
    write_safetensors(run_.path() / "model.safetensors", method_->trained(),
                      {{"format", "pt"}, {program_.name, about.dump()}});
    state_.best_step = state_.step;
  }

  json evaluated(std::span<const Size> queries, std::span<const Size> database, const LabelRules& rules) {
    json out{{"bits", bits_}};
    for (const Direction& d : method_->directions())
      out[d.name] = evaluate_direction(*method_, data_, d, queries, database, bits_, rules);
    return out;
  }

  /// Evaluates on val, the train split being the database, and keeps the model if it is the best so far. Without a val
  /// split the last model is kept.
  void judge(Size epoch, Progress& progress) {
    double score = static_cast<double>(state_.step);  // without val: newer is better
    if (!data_.val().empty()) {
      const json evaluation = evaluated(data_.val(), data_.train(), {{}, Ties::order, false});
      score = 0;
      for (const Direction& d : method_->directions()) score += evaluation[d.name]["map_all"].get<double>();
      score /= static_cast<double>(method_->directions().size());
      run_.log({{"step", state_.step}, {"epoch", epoch + 1}, {"eval", evaluation}});
      char text[80];
      std::snprintf(text, sizeof text, "epoch %td: val mAP@all %.4f%s", epoch + 1, score,
                    score > state_.best_score ? "  (best)" : "");
      progress.say(text);
    }
    if (score > state_.best_score) {
      state_.best_score = score;
      keep();
    }
  }

  void save() {
    state_.optimiser_steps = method_->optimiser_steps();
    state_.skipped = method_->skipped_steps();
    run_.save(*method_, state_);
  }

  json conclude() {
    method_->load_trained(open_safetensors(run_.path() / "model.safetensors"));
    json results{{"eval", evaluated(data_.query(), data_.database(), {})},
                 {"best_step", state_.best_step},
                 {"train_seconds", state_.seconds},
                 {"prepared_seconds", prepared_seconds_}};
    run_.write_json("results.json", results);
    return results["eval"];
  }

  const MethodProgram& program_;
  const Settings& settings_;
  const TrainMethodOptions& o_;
  Size bits_, epochs_;
  std::uint64_t seed_;
  LabelledData data_;
  RunFolder run_;
  std::unique_ptr<Method> method_;
  std::optional<Sampler> sampler_;
  RunState state_;
  double prepared_seconds_ = 0;
  int bad_in_a_row_ = 0;
};

}  // namespace

json train_method(const MethodProgram& program, const Settings& settings, const TrainMethodOptions& options) {
  return MethodTraining{program, settings, options}.run();
}

}  // namespace examples
