#include "train.hpp"

#include "evaluate.hpp"
#include "events.hpp"
#include "report.hpp"
#include "stored_model.hpp"
#include "vocabulary.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <common/program.hpp>
#include <common/progress.hpp>
#include <common/run_folder.hpp>
#include <fstream>
#include <functional>
#include <hashweave/data/sampler.hpp>
#include <hashweave/optim/schedule.hpp>
#include <hashweave/version.hpp>

namespace vit2cmh {
namespace fs = std::filesystem;
using nlohmann::json;

std::vector<Size> items_of(const CaptionDataset& data, Split split, const fs::path& from) {
  auto items = data.positions(split);
  std::string there;
  for (const Split s : {Split::train, Split::val, Split::test, Split::rest})
    if (const auto n = std::ssize(data.positions(s)); n > 0)
      there += (there.empty() ? "" : ", ") + std::to_string(n) + " in " + std::string{name_of(s)};
  require(!items.empty(), from.string(), "split " + std::string{name_of(split)}, "at least 1 item",
          "none (" + there + ")");
  return items;
}

namespace {

json options_as_json(const TrainOptions& o) {
  const LossSettings& l = o.loss;
  return {{"data", o.data.string()},
          {"images", o.images.string()},
          {"model", o.model},
          {"bits", o.bits},
          {"epochs", o.epochs},
          {"batch", o.batch},
          {"accumulate", o.accumulate},
          {"max_tokens", o.max_tokens},
          {"warmup", o.warmup},
          {"decay_at", o.decay_at},
          {"lr", o.rate},
          {"head_lr", o.head_rate},
          {"margin", l.margin},
          {"alpha", l.alpha},
          {"eta", l.eta},
          {"quantisation", l.quantisation},
          {"info_nce", l.info_nce},
          {"sign_info_nce", l.sign_info_nce},
          {"temperature", l.temperature},
          {"triplet", l.triplet},
          {"clip", o.clip},
          {"dropout", o.dropout},
          {"freeze_towers", o.freeze_towers},
          {"from_scratch", o.from_scratch},
          {"precision", o.precision == Precision::bf16 ? "bf16" : "f32"},
          {"moments", o.half_moments ? "bf16" : "f32"},
          {"seed", o.seed},
          {"limit_train", o.limit_train}};
}

/// The model in training, as checkpoints see it.
struct InRun final : Checkpointed {
  const TrainOptions& options;
  const std::unique_ptr<HashModel>& model;

  InRun(const TrainOptions& o, const std::unique_ptr<HashModel>& m) : options{o}, model{m} {}
  std::vector<NamedTensor> trained() const override { return model->parameters(!options.freeze_towers); }
  void load_trained(const TensorFile& file) override { model->load(file, !options.freeze_towers); }
  std::vector<NamedTensor> moments() const override { return model->moments(); }
  void load_moments(const TensorFile& file, Size steps, Size skipped) override {
    model->load_moments(file, steps, skipped);
  }
};

class Training {
 public:
  Training(const TrainOptions& options)
      : o_{options}, data_{open_dataset(o_.data, dataset_options(o_.images, o_.skip_bad))}, run_{o_.out} {
    if (o_.head_rate == 0) o_.head_rate = o_.rate;
    require(o_.epochs >= 1, "--epochs", "epochs", "at least 1", o_.epochs);
    require(o_.batch >= 2, "--batch", "pairs", "at least 2 (a pair has no negatives alone)", o_.batch);
    require(o_.accumulate >= 1, "--accumulate", "batches", "at least 1", o_.accumulate);
    for (const std::string& fault : data_.faults().messages) say("left out: " + fault);
    train_ = items_of(data_, Split::train, o_.data);
    if (o_.limit_train > 0) train_.resize(static_cast<std::size_t>(std::min(o_.limit_train, std::ssize(train_))));
    val_ = data_.positions(Split::val);
    captions_.emplace(data_, train_);
    require(captions_->size() >= o_.batch, o_.data.string(), "captions of the train split",
            Phrase{"at least one batch, ", o_.batch}, captions_->size());
    prepare_run();
    prepare_model();
  }

  json run() {
    const Size batches = sampler_->batches(), steps_of_epoch = batches / o_.accumulate;
    const Size total = steps_of_epoch * o_.epochs;
    const WarmupSteps schedule{std::min(o_.warmup, total / 2),
                               {static_cast<Size>(std::ceil(o_.decay_at * static_cast<double>(total)))}};
    StopSignals signals;
    EventWriter events{run_.path() / "events"};
    if (state_.step > 0) events.restart(state_.step + 1);
    if (state_.step < total) rehearse();
    Progress progress{"training", total * o_.batch * o_.accumulate, "pairs", state_.step * o_.batch * o_.accumulate};
    const Size begun = state_.step;
    bool saved = true;
    while (state_.step < total && !stopping(begun)) {
      const auto start = Clock::now();
      const Size epoch = state_.step / steps_of_epoch, in_epoch = state_.step % steps_of_epoch;
      const StepResult result = one_step(epoch, in_epoch, schedule(state_.step));
      ++state_.step;
      const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
      state_.seconds += seconds;
      note(result, epoch, seconds, events);
      char text[96];
      std::snprintf(text, sizeof text, "epoch %td/%td  loss %.3f  triplet %.3f  angular %.3f", epoch + 1, o_.epochs,
                    result.loss, result.triplet, result.angular);
      progress.add(o_.batch * o_.accumulate, text);
      saved = false;
      if (in_epoch + 1 == steps_of_epoch) {
        if ((epoch + 1) % o_.evaluate_every == 0 || epoch + 1 == o_.epochs) judge(epoch, events, progress);
        save();
        saved = true;
      } else if (o_.checkpoint_every > 0 && state_.step % o_.checkpoint_every == 0) {
        save();
        saved = true;
      }
    }
    progress.finish();
    if (!saved) save();
    events.flush();
    const bool finished = state_.step == total;
    json out{{"run", run_.path().string()},
             {"steps", state_.step},
             {"of", total},
             {"finished", finished},
             {"seconds", state_.seconds},
             {"best_step", state_.best_step},
             {"skipped", model_->skipped_steps()}};
    if (finished) out["results"] = conclude();
    write_report(run_.path(), run_.path() / "report.html");
    if (!finished)
      say("stopped after step " + std::to_string(state_.step) + " of " + std::to_string(total) + "; --resume goes on");
    return out;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static void say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

  void prepare_run() {
    run_.begin(options_as_json(o_),
               {{"threads", o_.machine.threads},
                {"backend", o_.machine.backend},
                {"pin", o_.machine.pin},
                {"recompute", o_.recompute},
                {"version", version},
                {"command", o_.command}},
               o_.resume, {"data", "images"});
  }

  void prepare_model() {
    model_ = make_model(o_.model, o_.bits, o_.machine);
    const Facts& f = model_->facts();
    model_->use(o_.precision);
    scratch_ = o_.from_scratch || f.image_weights.empty();
    fs::path vocabulary = o_.vocabulary;
    if (scratch_) {
      require(!o_.freeze_towers, "--freeze-towers", "towers", "pretrained ones",
              "random values: nothing would be learnt");
      if (vocabulary.empty()) {
        vocabulary = run_.path() / "vocab.txt";
        if (!fs::exists(vocabulary)) write_vocabulary(vocabulary, *captions_, f.vocabulary);
      }
    } else {
      o_.image_weights = weights_or_default(o_.image_weights, f.image_weights, "--image-weights");
      o_.text_weights = weights_or_default(o_.text_weights, f.text_weights, "--text-weights");
      const fs::path& text = o_.text_weights;
      if (vocabulary.empty()) vocabulary = (fs::is_directory(text) ? text : text.parent_path()) / "vocab.txt";
    }
    begin_model();
    tokenizer_.emplace(tokenizer_for(*model_, vocabulary, o_.max_tokens));
    if (vocabulary != run_.path() / "vocab.txt") copy_whole(vocabulary, run_.path() / "vocab.txt");
    feed_.emplace(
        *model_, data_, *tokenizer_,
        FeedSettings{o_.freeze_towers, static_cast<std::size_t>(o_.cache_mb) << 20, o_.cache_file, o_.machine.threads});
    model_->begin_training(
        {o_.loss, o_.rate, o_.head_rate, o_.clip, o_.dropout, o_.freeze_towers, o_.recompute, o_.half_moments});
    sampler_.emplace(captions_->size(), o_.batch, o_.seed, Rank{}, LastBatch::drop);
    require(sampler_->batches() >= o_.accumulate, "--accumulate", "batches", Phrase{"at most ", sampler_->batches()},
            o_.accumulate);
    if (o_.resume)
      if (const auto found = run_.load_newest(in_run_)) state_ = *found;
    run_.forget_after(state_.step);
    say(o_.model + ", " + std::to_string(o_.bits) + " bits, " + std::to_string(model_->parameter_count()) +
        " parameters; " + std::to_string(std::ssize(train_)) + " images and " + std::to_string(captions_->size()) +
        " captions to train on");
  }

  /// The model as training begins with it.
  void begin_model() {
    model_->initialise(o_.seed);
    if (scratch_) return;
    model_->load_image_tower(o_.image_weights);
    model_->load_text_tower(o_.text_weights);
  }

  static void copy_whole(const fs::path& from, const fs::path& to) {
    const Blob bytes = map_file(from);
    write_atomically(to, [&](FileWriter& out) { out.write(bytes.bytes); });
  }

  /// Gradients of a batch as large as any, of the longest captions: says what memory training takes, and finds out
  /// before the first step if that is too much. The gradients are forgotten.
  void rehearse() {
    std::vector<std::pair<Size, Size>> longest;  // tokens, place
    for (Size i = 0; i < captions_->size(); ++i)
      longest.emplace_back(std::ssize(tokenizer_->encode((*captions_)[i]).ids), i);
    std::ranges::nth_element(longest, longest.begin() + o_.batch - 1, std::greater{});
    std::vector<std::string_view> texts;
    std::vector<std::int64_t> owners;
    for (Size i = 0; i < o_.batch; ++i) {
      texts.push_back((*captions_)[longest[static_cast<std::size_t>(i)].second]);
      owners.push_back(i);
    }
    model_->step(feed_->blank(o_.batch), feed_->texts(texts), owners, {.last = false});
    constexpr double mebibyte = 1 << 20;
    const TrainingMemory memory = model_->training_memory();
    char text[160];
    std::snprintf(text, sizeof text, "memory: %.0f MiB of parameters, gradients and moments, up to %.0f MiB a step",
                  static_cast<double>(memory.parameters) / mebibyte, static_cast<double>(memory.step) / mebibyte);
    say(text);
  }

  bool stopping(Size begun) const {
    return StopSignals::asked() || (o_.stop_after_steps > 0 && state_.step - begun >= o_.stop_after_steps);
  }

  /// The images of this batch come next, unless the epoch is at its end: then the model may be judged first.
  void expect(Size epoch, Size batch) {
    if (!model_->on_device() || batch >= sampler_->batches() / o_.accumulate * o_.accumulate) return;
    std::vector<Size> items;
    for (const Size pair : sampler_->batch(static_cast<std::uint32_t>(epoch), batch))
      items.push_back(captions_->item(pair));
    feed_->expect(items);
  }

  StepResult one_step(Size epoch, Size in_epoch, double rate_factor) {
    StepResult sum;
    for (Size part = 0; part < o_.accumulate; ++part) {
      const auto batch = sampler_->batch(static_cast<std::uint32_t>(epoch), in_epoch * o_.accumulate + part);
      std::vector<Size> items;
      std::vector<std::string_view> texts;
      std::vector<std::int64_t> owners;
      for (const Size pair : batch) {
        items.push_back(captions_->item(pair));
        texts.push_back((*captions_)[pair]);
        owners.push_back(captions_->owner(pair));
      }
      const ImageBatch images = feed_->images(items);
      const TextBatch captions = feed_->texts(texts);
      expect(epoch, in_epoch * o_.accumulate + part + 1);
      const StepResult result =
          model_->step(images, captions, owners,
                       {static_cast<std::uint32_t>(state_.step * o_.accumulate + part), part == 0,
                        part + 1 == o_.accumulate, rate_factor, 1.0 / static_cast<double>(o_.accumulate)});
      const double share = 1.0 / static_cast<double>(o_.batch * o_.accumulate);
      sum.loss += result.loss * share;
      sum.triplet += result.triplet * share;
      sum.angular += result.angular * share;
      sum.quantisation += result.quantisation / static_cast<double>(o_.accumulate);
      sum.info_nce += result.info_nce / static_cast<double>(o_.accumulate);
      sum.sign_info_nce += result.sign_info_nce / static_cast<double>(o_.accumulate);
      sum.gradient_norm = result.gradient_norm;
      sum.rate = result.rate;
      sum.skipped = result.skipped;
    }
    bad_in_a_row_ = sum.skipped ? bad_in_a_row_ + 1 : 0;
    require(bad_in_a_row_ < 10, "training", "gradient", "finite numbers",
            "none in ten steps in a row; a smaller --lr may help");
    return sum;
  }

  void note(const StepResult& r, Size epoch, double seconds, EventWriter& events) {
    const auto finite = [](double x) { return std::isfinite(x) ? json(x) : json(nullptr); };
    const double pairs = static_cast<double>(o_.batch * o_.accumulate) / seconds;
    run_.log({{"step", state_.step},
              {"epoch", epoch + 1},
              {"loss", finite(r.loss)},
              {"triplet", finite(r.triplet)},
              {"angular", finite(r.angular)},
              {"quantisation", finite(r.quantisation)},
              {"info_nce", finite(r.info_nce)},
              {"sign_info_nce", finite(r.sign_info_nce)},
              {"grad_norm", finite(r.gradient_norm)},
              {"lr", r.rate},
              {"seconds", seconds},
              {"pairs_per_second", pairs}});
    for (const auto& [tag, value] : {std::pair{"train/loss", r.loss},
                                     {"train/triplet", r.triplet},
                                     {"train/angular", r.angular},
                                     {"train/grad_norm", r.gradient_norm},
                                     {"train/lr", r.rate},
                                     {"train/pairs_per_second", pairs}})
      events.scalar(tag, value, state_.step);
  }

  json about() const {
    return {{"model", o_.model}, {"bits", o_.bits}, {"max_tokens", o_.max_tokens}, {"version", version}};
  }

  /// Evaluates on val and keeps the model if it is the best so far. Without a val split the last model is kept.
  void judge(Size epoch, EventWriter& events, Progress& progress) {
    double rsum = static_cast<double>(state_.step);  // without val: newer is better
    if (!val_.empty()) {
      const CodeSet images = encode_images(*feed_, val_), captions = encode_captions(*feed_, val_);
      const json evaluation = evaluate(data_, "val", images, captions);
      rsum = binary_rsum(evaluation);
      run_.log({{"step", state_.step}, {"epoch", epoch + 1}, {"eval", evaluation}});
      events.scalar("val/rsum", rsum, state_.step);
      events.scalar("val/rsum_continuous", evaluation["continuous"]["rsum"].get<double>(), state_.step);
      events.flush();
      char text[120];
      std::snprintf(text, sizeof text, "epoch %td: val rsum %.1f binary, %.1f continuous%s", epoch + 1, rsum,
                    evaluation["continuous"]["rsum"].get<double>(), rsum > state_.best_score ? "  (best)" : "");
      progress.say(text);
    }
    if (rsum > state_.best_score) {
      state_.best_score = rsum;
      state_.best_step = state_.step;
      write_model(run_.path() / "model.safetensors", *model_, about());
    }
  }

  void save() {
    state_.optimiser_steps = model_->optimiser_steps();
    state_.skipped = model_->skipped_steps();
    run_.save(in_run_, state_);
  }

  /// The best model on the test split, or on val where there is none, beside the untrained one and codes drawn at
  /// random.
  json conclude() {
    const Split split = !data_.positions(Split::test).empty() ? Split::test : !val_.empty() ? Split::val : Split::train;
    model_->load(open_safetensors(run_.path() / "model.safetensors"), true);
    const auto items = data_.positions(split);
    Progress encoding{"encoding " + std::string{name_of(split)}, std::ssize(items), "images"};
    const CodeSet images = encode_images(*feed_, items, &encoding);
    encoding.finish();
    const CodeSet captions = encode_captions(*feed_, items);
    json results = look_into(data_, images, captions);
    results["eval"] = evaluate(data_, name_of(split), images, captions);
    results["best_step"] = state_.best_step;
    results["train_seconds"] = state_.seconds;
    begin_model();
    const json untrained =
        evaluate(data_, name_of(split), encode_images(*feed_, items), encode_captions(*feed_, items));
    results["baselines"] = json::array(
        {{{"name", "untrained"}, {"eval", untrained}},
         {{"name", "random codes"}, {"eval", evaluate_random(data_, name_of(split), images, captions, o_.seed)}}});
    run_.write_json("results.json", results);
    return results["eval"];
  }

  TrainOptions o_;
  CaptionDataset data_;
  RunFolder run_;
  std::vector<Size> train_, val_;
  std::optional<CaptionList> captions_;
  std::unique_ptr<HashModel> model_;
  InRun in_run_{o_, model_};
  std::optional<BertTokenizer> tokenizer_;
  std::optional<Feed> feed_;
  std::optional<Sampler> sampler_;
  RunState state_;
  bool scratch_ = false;
  int bad_in_a_row_ = 0;
};

}  // namespace

json train(const TrainOptions& options) { return Training{options}.run(); }

}  // namespace vit2cmh
