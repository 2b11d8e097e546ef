// Training steps that are recorded and replayed: parameters, moments, losses and random numbers have the bits of steps
// that are run.
#include <hashweave/cmh/supervised_hashing.hpp>
#include <hashweave/cmh/trans_hash.hpp>
#include <hashweave/core/replay.hpp>
#include <hashweave/hashweave.hpp>

#include "cuda/run.hpp"
#include "support/tiny_model.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using On = Cuda<float>;

/// The loss, its terms and the gradient's norm of a step; the state after it: random numbers, which kept weights are
/// rounded, parameters, moments.
struct Outcome {
  std::vector<double> report;
  RandomState random;
  std::vector<bool> rounded;
  std::vector<std::vector<float>> values;
};
void check_equal(const Outcome& got, const Outcome& wanted) {
  CHECK(got.report == wanted.report);
  CHECK(got.random == wanted.random);
  CHECK(got.rounded == wanted.rounded);
  CHECK((got.values == wanted.values));  // not to be written out
}

/// A model in training on one backend. Weights are kept in bf16 from step to step where products are in bf16.
template <class Arch, class... Inputs>
struct InTraining {
  On be{3};
  Model<On, Arch, Inputs...> model;
  Adam<On, Arch> adam;

  explicit InTraining(Precision precision) : adam{options()} {
    be.use(precision);
    model.params.initialise(5);
    set_dropout(model.arch, 0.2);
  }
  static typename Adam<On, Arch>::Options options() { return {.rate = 1e-2, .clip_norm = 0.5}; }
  template <class T>
  static void copy_in(Mat<T> to, std::span<const T> values) {
    CudaMemory::copy_from_host(to.data, values.data(), values.size_bytes());
  }

  /// One step, of which `judge` is all up to the gradients.
  template <class F>
  Outcome step(bool by_replay, const ReplayKey& key, F&& judge, bool update) {
    const ConstantScope scope{be, model.params.values()};
    const auto loss = by_replay ? replayed(be, key, judge) : judge();
    std::vector<double> report{to_host(be, loss.value), to_host(be, loss.terms, 0), to_host(be, loss.terms, 1)};
    if (update) {
      be.constants().renew(model.params.values());
      report.push_back(adam.step(be, model.params, model.grads).grad_norm);
    }
    Outcome out{std::move(report), be.random(), be.constants().current(), {}};
    const auto add = [&](const ParameterBlock<On>& block) {
      std::vector<float> values(static_cast<std::size_t>(block.flat().size()));
      CudaMemory::copy_to_host(values.data(), block.flat().data, block.bytes());
      out.values.push_back(std::move(values));
    };
    add(model.params);
    add(adam.first_moment());
    add(adam.second_moment());
    return out;
  }
};

/// Images of 8 x 8 with labels of three classes, and a network that gives codes of 16 bits.
template <class Arch, class Loss>
struct ImageTraining : InTraining<Arch, TinyImages> {
  using InTraining<Arch, TinyImages>::InTraining;
  Loss loss;

  /// A step on so many images after `before` draws of random numbers; with `update` the optimiser's part, too.
  auto step(bool by_replay, std::uint32_t number, Size images = 4, int before = 0, bool update = true) {
    On& be = this->be;
    be.tape().rewind();
    be.random().begin_step(number);
    for (int i = 0; i < before; ++i) be.random().next();
    if (update) this->model.grads.zero();
    const Mat<float> pixels = matrix(be.tape().take<float>(images * 192), images, 192);
    const Mat<float> labels = matrix(be.tape().take<float>(images * 3), images, 3);
    std::vector<float> values(static_cast<std::size_t>(images * 192)), classes(static_cast<std::size_t>(images * 3));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(RandomStream{number, 1, 0}.normal(i));
    for (std::size_t i = 0; i < classes.size(); i += 3) classes[i + RandomStream{number, 2, 0}.bits(i) % 3] = 1;
    this->copy_in(pixels, std::span<const float>{values});
    this->copy_in(labels, std::span<const float>{classes});
    const auto judge = [&] {
      const auto [h, saved] = this->model.forward(be, View<On, TinyImages>{pixels.data, images});
      const auto result = loss(be, h, labels);
      this->model.backward(be, saved, result.gradient);
      return result;
    };
    return InTraining<Arch, TinyImages>::step(by_replay, ReplayKey{pixels.data, images, labels.data}, judge, update);
  }
};
using SmallBlock = TransformerBlock<8, 2, 16>;
using TinyTransHash = ImageTraining<TransHash<8, 4, 8, 2, 16, 2, SmallBlock>, TransHashLoss<16>>;
/// What draws again in `backward`.
using Repeating = ImageTraining<Chain<VitTower<8, 4, 8, 1, 2, 16>, Named<"again", Recompute<SmallBlock>>,
                                      Named<"slices", InSlices<Linear<8, 12>, Gelu, Dropout, Linear<12, 8>>>,
                                      FirstToken<8>, Named<"head", Linear<8, 16>>>,
                                DpshLoss>;

/// The tiny ViT2CMH on captions of the same lengths with other words.
struct PairTraining : InTraining<TinyVit2Cmh, TinyImages, TokenIds> {
  using InTraining::InTraining;

  auto step(bool by_replay, std::uint32_t number, Size pairs = 4, int before = 0, bool update = true) {
    be.tape().rewind();
    be.random().begin_step(number);
    for (int i = 0; i < before; ++i) be.random().next();
    if (update) model.grads.zero();
    TinyBatch<float> batch{pairs, number};
    if (number == 12) batch.offsets[1] += 2;  // as many words, at the same addresses
    const Mat<float> pixels = matrix(be.tape().take<float>(pairs * 192), pairs, 192);
    copy_in(pixels, std::span<const float>{batch.pixels});
    const auto shared = [&]<class U>(const std::vector<U>& values) {
      U* const p = take_shared<U>(be, std::ssize(values));
      std::ranges::copy(values, p);
      return p;
    };
    const Segments segments{shared(batch.offsets), pairs};
    const View<On, TokenIds> texts{shared(batch.ids), segments, shared(batch.types)};
    const std::int64_t* const owners = shared(batch.owners);
    const auto judge = [&] {
      const auto [codes, saved] = model.forward(be, {pixels.data, pairs}, texts);
      const auto result = TripletAngularLoss<>{0.1, 0.3}(be, codes.image, codes.text,
                                                         Owners{{owners, static_cast<std::size_t>(pairs)}});
      model.backward(be, saved, result.gradient);
      return result;
    };
    return InTraining::step(by_replay, ReplayKey{pixels.data, pairs, texts.ids, texts.types, segments, owners}, judge,
                            update);
  }
};

template <class Training>
void check_steps(Precision precision) {
  Training plain{precision}, replayed{precision};
  check_equal(replayed.step(true, 0), plain.step(false, 0));
  std::vector<double> last;
  for (std::uint32_t number = 1; number < 16; ++number) {
    CAPTURE(number);
    const Size size = number == 9 ? 3 : 4;
    const int before = static_cast<int>(number % 3);
    const auto wanted = plain.step(false, number, size, before);
    const auto got = replayed.step(number % 6 != 5, number, size, before);  // some of them are run
    check_equal(got, wanted);
    CHECK(got.report != last);
    last = got.report;
  }
  CHECK(replayed.be.replays().recorded == 1);
  CHECK(replayed.be.replays().replayed >= 6);
}

}  // namespace

TEST_CASE("Replayed training steps give the bits of steps that are run", "[cuda][replay]") {
  const Precision precision = GENERATE(Precision::full, Precision::bf16);
  SECTION("TransHash") { check_steps<TinyTransHash>(precision); }
  SECTION("layers that draw again in backward") { check_steps<Repeating>(precision); }
  SECTION("ViT2CMH") { check_steps<PairTraining>(precision); }
}

TEST_CASE("Batches whose gradients are added up are replayed with weights that are rounded once", "[cuda][replay]") {
  PairTraining plain{Precision::bf16}, replayed{Precision::bf16};
  for (std::uint32_t number = 0; number < 12; ++number) {
    CAPTURE(number);
    const bool update = number % 3 == 2;
    if (number % 3 == 0) {
      plain.model.grads.zero();
      replayed.model.grads.zero();
    }
    check_equal(replayed.step(true, number, 4, 0, update), plain.step(false, number, 4, 0, update));
  }
  CHECK(replayed.be.replays().recorded == 2);  // rounding, and with what was rounded
  CHECK(replayed.be.replays().replayed >= 4);
}

TEST_CASE("Replayed work goes on in the random numbers from where it finds them", "[cuda][replay]") {
  On plain{9}, replayed{9};
  for (On* be : {&plain, &replayed}) be->random().begin_step(4);
  const auto dropped = [&](On& be, bool by_replay) {
    be.tape().rewind();
    be.tape().take<float>(16);
    const Mat<float> ones = matrix(be.tape().take<float>(64), 1, 64);
    const std::vector<float> values(64, 1);
    const auto work = [&] {
      const Mat<float> y = matrix(be.tape().take<float>(64), 1, 64);
      be.random().next();
      dropout(be, y, ones, 0.5, be.random().next());
      return y;
    };
    CudaMemory::copy_from_host(ones.data, values.data(), 64 * sizeof(float));
    const Mat<float> y = by_replay ? be.replay(ReplayKey{}, work) : work();
    std::vector<float> got(64);
    CudaMemory::copy_to_host(got.data(), y.data, 64 * sizeof(float));
    return got;
  };
  std::vector<float> last;
  for (int time = 0; time < 12; ++time) {
    CAPTURE(time);
    if (time == 7) {
      for (On* be : {&plain, &replayed}) be->random() = {std::uint64_t{1} << 40 | 5, 8, 100};
    }
    const auto wanted = dropped(plain, false), got = dropped(replayed, time != 8);
    CHECK(got == wanted);
    CHECK(got != last);
    CHECK(replayed.random() == plain.random());
    last = got;
  }
  CHECK(replayed.replays().replayed >= 7);
}

TEST_CASE("Random numbers that are not those of the work itself are not replayed", "[cuda][replay]") {
  On be{3};
  const auto begin = [&] { be.random().begin_step(be.random().step + 1); };
  CHECK_THROWS_WITH(be.replay(ReplayKey{}, begin), Catch::Contains("random numbers after f"));
  RandomStream stream = be.random().next();
  const auto draw = [&] {
    const Mat<float> y = matrix(be.tape().take<float>(4), 1, 4);
    set_zero(be, y);
    dropout(be, y, y, 0.5, stream);
  };
  const int kind = GENERATE(0, 1, 2);
  if (kind == 0) stream.seed = 77;
  if (kind == 1) stream.step = 77;
  for (int time = 0; time < 3; ++time) {
    be.tape().rewind();
    be.tape().take<float>(64);
    if (time < 2) be.replay(ReplayKey{kind}, draw);
    if (time == 2) CHECK_THROWS_WITH(be.replay(ReplayKey{kind}, draw), Catch::Contains("random stream"));
  }
  be.tape().rewind();
  draw();  // not recorded
  CHECK(be.replays().recorded == 0);
}
