// The work of the app's models as the peers run it: codes of images and of captions, steps of training.
//   peer_vit2cmh parts                           the names of the parts, one a line
//   peer_vit2cmh lengths N                       tokens of N captions, a JSON list
//   peer_vit2cmh measure PART PRECISION ROUNDS [SAMPLES]   one JSON line a measurement; PRECISION: f32 or bf16
//   peer_vit2cmh memory PART PRECISION [recompute [half-moments]]   the largest resident size of two steps, one JSON
//   line peer_vit2cmh machine                         the machine's rates, JSON lines peer_vit2cmh export DIR MODEL
//   parameters, a batch, its codes and the step's loss, to compare numbers
// HASHWEAVE_THREADS and HASHWEAVE_ENGINE as for the benchmarks; HASHWEAVE_BACKEND: cpu, or cuda where it was built with
// it.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/io/safetensors_writer.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>
#include <vit2cmh/architectures.hpp>
#include <vit2cmh/hash_model.hpp>

#include "support/inputs.hpp"
#include "support/machine.hpp"
#include "support/model_work.hpp"

namespace {

using namespace hashweave;
using vit2cmh::HashModel;

PackedIds captions_of(Size count, Size vocabulary) {
  const RandomStream stream{2022, 0, 9};
  PackedIds out;
  for (const Size length : bench::caption_lengths(count)) out.offsets.push_back(out.offsets.back() + length);
  for (Size t = 0; t < out.offsets.back(); ++t) {
    out.ids.push_back(static_cast<std::int32_t>(stream.bits(static_cast<std::uint64_t>(t)) % vocabulary));
  }
  return out;
}

constexpr Size bits = 64, images_at_a_time = 8, captions_at_a_time = 64, pairs = 30;

/// What a part works on, and its work in floating-point operations.
struct Part {
  Size samples = 0;
  double flop = 0;
  std::function<void()> run;
  std::function<void(Precision)> use;
};

struct Work {
  const char* name;
  const char* model;
  enum Kind { images, small_images, captions, step, head_step } kind;
};
constexpr Work works[]{{"vit_b16_images", "vit-b16+bert-base", Work::images},
                       {"bert_base_captions", "vit-b16+bert-base", Work::captions},
                       {"vit_bert_step", "vit-b16+bert-base", Work::step},
                       {"dinov2_s_112_images", "dinov2-s+minilm", Work::small_images},
                       {"dinov2_s_images", "dinov2-s+minilm", Work::images},
                       {"minilm_captions", "dinov2-s+minilm", Work::captions},
                       {"dinov2_minilm_step", "dinov2-s+minilm", Work::step},
                       {"dinov2_minilm_head_step", "dinov2-s+minilm", Work::head_step}};

/// DINOv2 ViT-S/14 at 112 pixels under the same trunk: no model of the app's.
struct SmallImages {
  using A = vit2cmh::Dinov2Minilm;
  static constexpr Size side = 112;
  using Tower = Dinov2Tower<side, A::patch, A::image_width, 12, 6, 1536>;
  using Net = Chain<vit2cmh::Strand<Tower, A::image_width, A::width>, vit2cmh::Trunk<A, bits>>;
  Model<Cpu<float>, Net, Pixels<3, side, side>> model;
  std::vector<float> pixels = bench::normal_numbers<float>(images_at_a_time * 3 * side * side, 1);
  SmallImages() { model.params.initialise(2022); }
};

/// What the models compute on: the environment's HASHWEAVE_BACKEND, else the CPU.
vit2cmh::Machine machine_asked_for() {
  const char* name = std::getenv("HASHWEAVE_BACKEND");
  return {name != nullptr ? name : "cpu", bench::thread_count()};
}

/// `samples`: of a batch; 0: the usual number.
Part part_of(const Work& work, Size samples = 0, bool recompute = false, bool half_moments = false) {
  Part part{.samples = images_at_a_time, .flop = 0, .run = {}, .use = {}};
  if (work.kind == Work::small_images) {
    require(samples == 0 && machine_asked_for().backend == "cpu", "peer_vit2cmh", work.name,
            "the usual batch, on the CPU", "another");
    const auto small = std::make_shared<SmallImages>();
    auto& be = bench::backend<float>();
    constexpr Size across = SmallImages::side / SmallImages::A::patch;
    const std::vector<Size> lengths(images_at_a_time, across * across + 1);
    part.flop = bench::tower_flop(lengths, 384, 12) + bench::upper_flop(lengths, 384, 1024, 2048);
    part.use = [&be](Precision p) { be.use(p); };
    part.run = [small, &be] {
      be.tape().rewind();
      small->model.infer(be, View<Cpu<float>, Pixels<3, SmallImages::side, SmallImages::side>>{small->pixels.data(),
                                                                                               images_at_a_time});
    };
    return part;
  }
  struct Data {
    std::unique_ptr<HashModel> model;
    std::vector<float> images, text_tokens, codes;
    PackedIds ids;
    std::uint32_t draw = 0;
  };
  const auto data = std::make_shared<Data>();
  data->model = vit2cmh::make_model(work.model, bits, machine_asked_for());
  HashModel& model = *data->model;
  model.initialise(2022);
  const vit2cmh::Facts& facts = model.facts();
  const Size blocks = facts.text_width == 768 ? 12 : 6;
  const auto upper = [](std::span<const Size> lengths, Size from) {
    return bench::upper_flop(lengths, from, 1024, 2048);
  };
  const auto count = [&](Size usual) {
    part.samples = samples > 0 ? samples : usual;
    data->codes.resize(static_cast<std::size_t>(part.samples * bits));
    return part.samples;
  };
  part.use = [data](Precision p) { data->model->use(p); };
  if (work.kind == Work::images) {
    const std::vector<Size> lengths(static_cast<std::size_t>(count(images_at_a_time)), facts.image_tokens);
    data->images = bench::normal_numbers<float>(part.samples * 3 * facts.side * facts.side, 1);
    part.flop = bench::tower_flop(lengths, facts.image_width, 12) + upper(lengths, facts.image_width);
    part.run = [data, n = part.samples] { data->model->encode(vit2cmh::ImageBatch{data->images, n}, data->codes); };
  } else if (work.kind == Work::captions) {
    data->ids = captions_of(count(captions_at_a_time), facts.vocabulary);
    const auto lengths = bench::caption_lengths(part.samples);
    part.flop = bench::tower_flop(lengths, facts.text_width, blocks) + upper(lengths, facts.text_width);
    part.run = [data] { data->model->encode(vit2cmh::TextBatch{&data->ids}, data->codes); };
  } else {
    const bool head = work.kind == Work::head_step;
    const Size n = count(pairs);
    data->ids = captions_of(n, facts.vocabulary);
    const auto texts = bench::caption_lengths(n);
    const std::vector<Size> images(static_cast<std::size_t>(n), facts.image_tokens);
    part.flop = upper(texts, facts.text_width) + upper(images, facts.image_width);
    if (!head)
      part.flop +=
          bench::tower_flop(texts, facts.text_width, blocks) + bench::tower_flop(images, facts.image_width, 12);
    part.flop *= 3;
    if (head) {  // frozen towers take no gradient
      for (const Size t : texts) part.flop -= 2.0 * static_cast<double>(t * facts.text_width * 1024);
      for (const Size t : images) part.flop -= 2.0 * static_cast<double>(t * facts.image_width * 1024);
    }
    data->images = bench::normal_numbers<float>(
        n * (head ? facts.image_tokens * facts.image_width : 3 * facts.side * facts.side), 1);
    if (head) data->text_tokens = bench::normal_numbers<float>(data->ids.offsets.back() * facts.text_width, 2);
    vit2cmh::TrainingSettings settings;
    settings.freeze_towers = head;
    settings.recompute = recompute;
    settings.half_moments = half_moments;
    model.begin_training(settings);
    part.run = [data, head, n] {
      const vit2cmh::Moment now{.draw = ++data->draw};
      data->model->step({data->images, n, head}, {&data->ids, data->text_tokens}, {}, now);
    };
  }
  return part;
}

const Work& work_named(const std::string& name) {
  for (const Work& w : works) {
    if (name == w.name) return w;
  }
  fail("peer_vit2cmh", "part", "one of those `peer_vit2cmh parts` names", name);
}
Precision precision_named(const std::string& name) {
  require(name == "f32" || name == "bf16", "peer_vit2cmh", "precision", "f32 or bf16", name);
  return name == "bf16" ? Precision::bf16 : Precision::full;
}

void measure(const std::string& name, const std::string& precision, int rounds, Size samples) {
  const Part part = part_of(work_named(name), samples);
  part.use(precision_named(precision));
  part.run();
  part.run();
  for (int i = 0; i < rounds; ++i) {
    const double s = bench::seconds(part.run);
    std::printf(
        "{\"side\": \"hashweave\", \"part\": \"%s\", \"precision\": \"%s\", \"seconds\": %.6f, \"samples\": %td, "
        "\"flop\": %.6g}\n",
        name.c_str(), precision.c_str(), s, part.samples, part.flop);
    std::fflush(stdout);
  }
}

void memory(const std::string& name, const std::string& precision, bool recompute, bool half_moments) {
  const Part part = part_of(work_named(name), 0, recompute, half_moments);
  part.use(precision_named(precision));
  part.run();
  part.run();
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  std::printf("{\"side\": \"hashweave%s%s\", \"part\": \"%s\", \"precision\": \"%s\", \"peak_mib\": %ld}\n",
              recompute ? " --recompute" : "", half_moments ? " --moments bf16" : "", name.c_str(), precision.c_str(),
              use.ru_maxrss / 1024);
}

/// Large products by every engine there is, memory, and registers.
void machine() {
  Cpu<float> be{bench::thread_count()};
  for (const Engine engine : cpu::engines) {
    for (const Precision precision : {Precision::full, Precision::bf16}) {
      if (!cpu::available(engine, precision)) continue;
      be.use(Precision::full);
      be.use(engine);
      be.use(precision);
      std::printf("{\"rate\": \"%s\", \"precision\": \"%s\", \"gflops\": %.1f}\n", cpu::name_of(engine).data(),
                  precision == Precision::full ? "f32" : "bf16", 1e-9 * bench::product_rate(be, 20));
    }
  }
  std::printf("{\"rate\": \"multiply-adds between registers\", \"precision\": \"f32\", \"gflops\": %.1f}\n",
              bench::multiply_add_peak<float>() * 1e-9);
  std::printf("{\"rate\": \"memory\", \"gbytes\": %.1f}\n", bench::memory_bandwidth() * 1e-9);
}

void export_numbers(const std::filesystem::path& dir, const std::string& name) {
  std::filesystem::create_directories(dir);
  const auto model = vit2cmh::make_model(name, bits, machine_asked_for());
  model->initialise(2022);
  const vit2cmh::Facts& facts = model->facts();
  constexpr Size n = 4;
  write_safetensors(dir / "model.safetensors", model->parameters(true));

  const auto pixels = bench::normal_numbers<float>(n * 3 * facts.side * facts.side, 1);
  const PackedIds ids = captions_of(n, facts.vocabulary);
  std::vector<float> image_codes(n * bits), text_codes(n * bits);
  model->encode(vit2cmh::ImageBatch{pixels, n}, image_codes);
  model->encode(vit2cmh::TextBatch{&ids}, text_codes);
  vit2cmh::TrainingSettings settings;
  settings.dropout = 0;
  model->begin_training(settings);
  const auto done = model->step({pixels, n}, {&ids}, {}, {});
  const std::vector<double> step{done.loss, done.gradient_norm};
  const std::vector<std::int64_t> offsets{ids.offsets.begin(), ids.offsets.end()};
  write_safetensors(dir / "batch.safetensors", {{"pixels", view_of(pixels, {n, 3, facts.side, facts.side})},
                                                {"ids", view_of(ids.ids, {static_cast<Size>(ids.ids.size())})},
                                                {"offsets", view_of(offsets, {n + 1})},
                                                {"image_codes", view_of(image_codes, {n, bits})},
                                                {"text_codes", view_of(text_codes, {n, bits})},
                                                {"step", view_of(step, {2})}});
}

/// -> the program's status.
int run(const std::vector<std::string>& words) {
  const auto is = [&](const char* command, std::size_t n) { return words.size() == n + 1 && words[0] == command; };
  cpu::default_engine() = bench::engine();
  if (is("parts", 0)) {
    for (const Work& w : works) std::puts(w.name);
  } else if (is("lengths", 1)) {
    const char* between = "[";
    for (const Size length : bench::caption_lengths(std::stoll(words[1]))) {
      std::printf("%s%td", between, length);
      between = ", ";
    }
    std::puts("]");
  } else if (is("measure", 3) || is("measure", 4)) {
    measure(words[1], words[2], std::stoi(words[3]), words.size() == 5 ? std::stoll(words[4]) : 0);
  } else if (is("memory", 2) || (is("memory", 3) && words[3] == "recompute") ||
             (is("memory", 4) && words[3] == "recompute" && words[4] == "half-moments")) {
    memory(words[1], words[2], words.size() >= 4, words.size() == 5);
  } else if (is("machine", 0)) {
    machine();
  } else if (is("export", 2)) {
    export_numbers(words[1], words[2]);
  } else {
    std::fputs("peer_vit2cmh: see the first lines of its source\n", stderr);
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "peer_vit2cmh: %s\n", error.what());
    return 1;
  }
}
