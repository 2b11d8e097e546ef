// The app's models behind their interface: on CUDA they do what they do on the CPU.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <hashweave/cuda.hpp>
#include <string>
#include <vector>

#include "io/files.hpp"
#include "vit2cmh/hash_model_of.hpp"

using namespace hashweave;

namespace {

/// As small as an architecture can be.
struct Smallest {
  static constexpr std::string_view name = "smallest";
  static constexpr Size side = 8, patch = 4, vocabulary = 30, positions = 16;
  static constexpr Size image_width = 8, text_width = 8, width = 12, heads = 4, hidden = 24;
  static constexpr Preset preset{Fit::shorter_side, Filter::bicubic};
  using ImageTower = VitTower<side, patch, image_width, 2, 2, 16>;
  using TextTower = BertTower<vocabulary, positions, text_width, 2, 2, 16>;
  static constexpr std::string_view image_weights{}, text_weights{};
  static const CheckpointFamily& image_family() { return hf_vit(); }
  static const CheckpointFamily& text_family() { return hf_bert(); }
};
using OnCpu = vit2cmh::HashModelOf<Smallest, 16, Cpu<float>>;
using OnCuda = vit2cmh::HashModelOf<Smallest, 16, Cuda<float>>;
using Floats = std::vector<float>;

/// Five pairs, the last two of one owner; captions of unequal lengths.
struct Batch {
  Floats pixels = Floats(5 * 3 * 8 * 8);
  PackedIds ids;
  std::vector<std::int64_t> owners{0, 1, 2, 3, 3};

  Batch() {
    const RandomStream random{19, 0, 0};
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(random.normal(i));
    for (Size pair = 0; pair < 5; ++pair) {
      for (Size token = 0; token < 3 + 4 * pair % 7; ++token)
        ids.ids.push_back(static_cast<std::int32_t>(random.bits(5000 + ids.ids.size()) % 30));
      ids.offsets.push_back(std::ssize(ids.ids));
    }
  }
};

/// Runs the same on both, and compares what they give.
struct Both {
  OnCpu cpu{1};
  OnCuda cuda{1};

  explicit Both(std::uint64_t seed) {
    cpu.initialise(seed);
    cuda.initialise(seed);
  }
  template <class F>
  void agree(std::size_t numbers, const F& f, double limit = 2e-5) {
    Floats wanted(numbers), got(numbers);
    f(cpu, wanted);
    f(cuda, got);
    compare(got, wanted, limit);
  }
  static void compare(std::span<const float> got, std::span<const float> wanted, double limit) {
    REQUIRE(got.size() == wanted.size());
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(got[i]) - static_cast<double>(wanted[i])));
    CHECK(worst <= limit);  // not a NaN
  }
  static void compare(const std::vector<NamedTensor>& got, const std::vector<NamedTensor>& wanted, double limit) {
    REQUIRE(got.size() == wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      INFO(got[i].name);
      REQUIRE(got[i].name == wanted[i].name);
      REQUIRE(got[i].tensor.shape == wanted[i].tensor.shape);
      compare(numbers(got[i]), numbers(wanted[i]), limit);
    }
  }
  static std::span<const float> numbers(const NamedTensor& t) {
    return {reinterpret_cast<const float*>(t.tensor.bytes.data()), t.tensor.bytes.size() / sizeof(float)};
  }
};

/// Numbers of both kinds of tokens.
constexpr std::size_t image_numbers = 5 * 5 * 8;
Floats tokens_of_images(vit2cmh::HashModel& model, const Batch& batch) {
  Floats tokens(image_numbers);
  model.image_tokens(batch.pixels, 5, tokens);
  return tokens;
}
Floats tokens_of_texts(vit2cmh::HashModel& model, const Batch& batch) {
  Floats tokens(batch.ids.ids.size() * 8);
  model.text_tokens(batch.ids, tokens);
  return tokens;
}

vit2cmh::TrainingSettings settings(bool frozen) {
  vit2cmh::TrainingSettings s;
  s.loss = {.margin = 0.2, .alpha = 45, .eta = 0.1, .quantisation = 0.3, .info_nce = 0.5};
  s.rate = 1e-3;
  s.head_rate = 2e-3;
  s.dropout = 0.1;
  s.freeze_towers = frozen;
  return s;
}
vit2cmh::Moment moment(std::uint32_t number) { return {.draw = number, .gradient_scale = 0.2}; }

}  // namespace

TEST_CASE("The app's model gives the same codes on CUDA", "[cuda][app]") {
  Both both{7};
  Both::compare(both.cuda.parameters(true), both.cpu.parameters(true), 0);
  const Batch batch;
  both.agree(5 * 16, [&](auto& m, Floats& codes) { m.encode(vit2cmh::ImageBatch{batch.pixels, 5}, codes); });
  both.agree(5 * 16, [&](auto& m, Floats& codes) { m.encode(vit2cmh::TextBatch{&batch.ids}, codes); });
  both.agree(image_numbers, [&](auto& m, Floats& tokens) { tokens = tokens_of_images(m, batch); });
  both.agree(batch.ids.ids.size() * 8, [&](auto& m, Floats& tokens) { tokens = tokens_of_texts(m, batch); });
  // from tokens the codes are those from pixels and ids
  Floats whole(5 * 16), upper(5 * 16);
  const Floats image_tokens = tokens_of_images(both.cuda, batch), text_tokens = tokens_of_texts(both.cuda, batch);
  both.cuda.encode(vit2cmh::ImageBatch{batch.pixels, 5}, whole);
  both.cuda.encode(vit2cmh::ImageBatch{image_tokens, 5, true}, upper);
  Both::compare(upper, whole, 2e-6);
  both.cuda.encode(vit2cmh::TextBatch{&batch.ids}, whole);
  both.cuda.encode(vit2cmh::TextBatch{&batch.ids, text_tokens}, upper);
  Both::compare(upper, whole, 2e-6);
  CHECK(both.cuda.facts().image_tokens == 5);
  Floats few(3);
  CHECK_THROWS_WITH(both.cuda.encode(vit2cmh::ImageBatch{few, 5}, whole),
                    Catch::Contains("pixels: expected 960, got 3"));
}

TEST_CASE("The app's model encodes batch after batch of the same sizes on CUDA", "[cuda][app]") {
  Both both{7};
  Batch batch;
  for (int time = 0; time < 5; ++time) {
    std::ranges::rotate(batch.pixels, batch.pixels.begin() + 7);
    std::ranges::rotate(batch.ids.ids, batch.ids.ids.begin() + 1);
    both.agree(5 * 16, [&](auto& m, Floats& codes) { m.encode(vit2cmh::ImageBatch{batch.pixels, 5}, codes); });
    both.agree(5 * 16, [&](auto& m, Floats& codes) { m.encode(vit2cmh::TextBatch{&batch.ids}, codes); });
    const Floats image_tokens = tokens_of_images(both.cpu, batch), text_tokens = tokens_of_texts(both.cpu, batch);
    both.agree(5 * 16, [&](auto& m, Floats& codes) { m.encode(vit2cmh::ImageBatch{image_tokens, 5, true}, codes); });
    both.agree(5 * 16, [&](auto& m, Floats& codes) { m.encode(vit2cmh::TextBatch{&batch.ids, text_tokens}, codes); });
  }
  batch.ids.ids.back() = 30;
  Floats codes(5 * 16);
  CHECK_THROWS_WITH(both.cuda.encode(vit2cmh::TextBatch{&batch.ids}, codes),
                    Catch::Contains("token id: expected 0 to 29, got 30"));
}

TEST_CASE("Pictures travel to CUDA while the app's model computes on others", "[cuda][app]") {
  Both both{7};
  CHECK(both.cuda.on_device());
  CHECK_FALSE(both.cpu.on_device());
  CHECK(both.cpu.room(5).empty());
  both.cpu.begin_training(settings(false));
  both.cuda.begin_training(settings(false));
  Batch batch;
  std::vector<Floats> pixels(6, batch.pixels);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    std::ranges::rotate(pixels[i], pixels[i].begin() + static_cast<std::ptrdiff_t>(i));
  const auto write = [&](std::size_t i) {
    const auto room = both.cuda.room(pixels[i].size());
    std::ranges::copy(pixels[i], room.begin());
    both.cuda.sent(0, 100);
    both.cuda.sent(100, room.size() - 100);
    return room;
  };
  std::span<float> next = write(0);
  for (std::size_t i = 0; i + 1 < pixels.size(); ++i) {
    const std::span<float> now = next;
    both.cuda.meanwhile = [&] { next = write(i + 1); };
    if (i % 2 == 0) {
      Floats wanted(5 * 16), got(5 * 16);
      both.cpu.encode(vit2cmh::ImageBatch{pixels[i], 5}, wanted);
      both.cuda.encode(vit2cmh::ImageBatch{now, 5}, got);
      Both::compare(got, wanted, 1e-4);
    } else {
      const auto number = moment(static_cast<std::uint32_t>(i));
      const auto wanted = both.cpu.step({pixels[i], 5}, {&batch.ids}, batch.owners, number);
      const auto got = both.cuda.step({now, 5}, {&batch.ids}, batch.owners, number);
      CHECK(got.loss == Approx(wanted.loss).epsilon(1e-4));
      CHECK(got.gradient_norm == Approx(wanted.gradient_norm).epsilon(1e-3));
    }
    CHECK(next.data() != now.data());
    CHECK_FALSE(both.cuda.meanwhile);
  }
}

TEST_CASE("The app's model trains the same on CUDA, towers trained or frozen", "[cuda][app]") {
  const bool frozen = GENERATE(false, true);
  CAPTURE(frozen);
  constexpr std::size_t steps = 5;
  Both both{3};
  const Batch batch;
  const auto before = both.cpu.parameters(true);
  std::vector<Floats> began;
  for (const NamedTensor& t : before) began.emplace_back(Both::numbers(t).begin(), Both::numbers(t).end());
  std::vector<vit2cmh::StepResult> results;
  const auto train = [&](vit2cmh::HashModel& m) {
    m.begin_training(settings(frozen));
    const Floats images = tokens_of_images(m, batch), texts = tokens_of_texts(m, batch);
    for (std::uint32_t number = 0; number < steps; ++number)  // replayed from the fourth on
      results.push_back(frozen ? m.step({images, 5, true}, {&batch.ids, texts}, batch.owners, moment(number))
                               : m.step({batch.pixels, 5}, {&batch.ids}, batch.owners, moment(number)));
  };
  train(both.cpu);
  train(both.cuda);
  for (std::size_t i = 0; i < steps; ++i) {
    const auto &wanted = results[i], &got = results[i + steps];
    CHECK(got.loss == Approx(wanted.loss).epsilon(1e-4));
    CHECK(got.triplet == Approx(wanted.triplet).epsilon(1e-4));
    CHECK(got.angular == Approx(wanted.angular).epsilon(1e-4));
    CHECK(got.quantisation == Approx(wanted.quantisation).epsilon(1e-4));
    CHECK(got.info_nce == Approx(wanted.info_nce).epsilon(1e-4));
    CHECK(got.gradient_norm == Approx(wanted.gradient_norm).epsilon(1e-3));
    CHECK(got.rate == wanted.rate);
    CHECK_FALSE(got.skipped);
  }
  CHECK(both.cuda.optimiser_steps() == steps);
  Both::compare(both.cuda.moments(), both.cpu.moments(), 1e-4);
  const auto after = both.cuda.parameters(true);
  bool changed = false;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto values = Both::numbers(after[i]);
    const bool same = std::ranges::equal(values, began[i]);
    const bool tower = after[i].name.find(".tower.") != std::string::npos;
    if (frozen && tower) CHECK(same);
    changed = changed || !same;
  }
  CHECK(changed);
}

TEST_CASE("A run of the app on CUDA goes on from its files with the same bits", "[cuda][app]") {
  const test::TemporaryFolder folder;
  const Batch batch;
  const auto steps = [&](OnCuda& m, std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t number = first; number < last; ++number)
      m.step({batch.pixels, 5}, {&batch.ids}, batch.owners, moment(number));
  };
  const Precision precision = GENERATE(Precision::full, Precision::bf16);  // in bf16 weights are kept from step to step
  OnCuda whole{1}, second{1};
  whole.use(precision);
  second.use(precision);
  whole.initialise(5);
  whole.begin_training(settings(false));
  steps(whole, 0, 2);
  write_safetensors(folder.path() / "model.safetensors", whole.parameters(true));
  write_safetensors(folder.path() / "optim.safetensors", whole.moments());
  steps(whole, 2, 4);

  second.begin_training(settings(false));
  second.load(open_safetensors(folder.path() / "model.safetensors"), true);
  second.load_moments(open_safetensors(folder.path() / "optim.safetensors"), 2, 0);
  steps(second, 2, 4);
  Both::compare(second.parameters(true), whole.parameters(true), 0);
  Both::compare(second.moments(), whole.moments(), 0);
  CHECK(second.optimiser_steps() == 4);
  Floats codes(5 * 16), wanted(5 * 16);
  whole.encode(vit2cmh::ImageBatch{batch.pixels, 5}, wanted);
  second.encode(vit2cmh::ImageBatch{batch.pixels, 5}, codes);
  CHECK(codes == wanted);

  // a file that does not fit changes nothing
  CHECK_THROWS_AS(second.load(open_safetensors(folder.path() / "optim.safetensors"), true), Error);
  Both::compare(second.parameters(true), whole.parameters(true), 0);
}
