// Composes a cross-modal hashing model of its own (an image tower, a text tower, a shared trunk), trains it on
// generated pictures with captions until its loss falls, and searches: text finds images.
#include <array>
#include <cstdio>
#include <hashweave/eval/cross_modal_recall.hpp>
#include <hashweave/hashweave.hpp>
#include <hashweave/index/hamming_index.hpp>
#include <hashweave/index/pack.hpp>
#include <string>
#include <vector>

using namespace hashweave;
using B = Cpu<float>;

// ---- the model: types, put together at compile time
// -------------------------------------------------------------------
constexpr Size side = 16, bits = 64;

struct ImageTower : Chain<VitTower<side, 4, 48, 2, 4, 96>, Named<"proj", Linear<48, 64>>> {};
struct TextTower : Chain<BertTower<16, 8, 32, 1, 4, 64>, Named<"proj", Linear<32, 64>>> {};
struct Trunk : Chain<Named<"shared", SharedCrossEncoder<64, 1, 4, 128>>, Named<"hash", HashHead<64, bits>>> {};
using Net = CrossModal<ImageTower, TextTower, Trunk>;
using Pictures = Pixels<3, side, side>;

static_assert(std::same_as<OutputOf<ImageTower, Pictures>, Tokens<64>>);  // 17 tokens an image …
static_assert(std::same_as<OutputOf<TextTower, TokenIds>, Tokens<64>>);  // … as many as a caption has words: one trunk
static_assert(std::same_as<Net::Output<Pictures, TokenIds>, Vectors<bits>>);

// ---- the data: a coloured bar somewhere in a noisy picture, and a caption that says so ------------------------------
const std::array<std::string, 16> words{"[start]", "red",   "green", "blue",   "yellow", "thin", "thick", "bar",
                                        "left",    "right", "top",   "bottom", "middle", "a",    "the",   "of"};

struct Scene {
  Size colour, thick, place;

  static Scene number(Size i) { return {i % 4, i / 4 % 2, i / 8 % 5}; }
  static constexpr Size kinds = 40;

  std::vector<std::int32_t> caption() const {
    std::vector<std::int32_t> ids{0, static_cast<std::int32_t>(1 + colour), static_cast<std::int32_t>(5 + thick), 7,
                                  static_cast<std::int32_t>(8 + place)};
    if (thick == 1) ids.insert(ids.begin() + 1, 13);  // captions differ in length
    return ids;
  }
  void draw(float* pixels, RandomStream noise) const {
    constexpr float rgb[4][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}};
    const Size breadth = thick == 1 ? 5 : 2, start = place == 0 || place == 2 ? 1
                                                     : place == 4             ? side / 2 - 1
                                                                              : side - 1 - breadth;
    const bool upright = place < 2;
    for (Size c = 0; c < 3; ++c) {
      for (Size y = 0; y < side; ++y) {
        for (Size x = 0; x < side; ++x) {
          const Size across = upright ? x : y, i = (c * side + y) * side + x;
          const bool inside = across >= start && across < start + breadth;
          pixels[i] = (inside ? rgb[colour][c] : 0.3F) +
                      0.15F * static_cast<float>(noise.normal(static_cast<std::uint64_t>(i)));
        }
      }
    }
  }
};

/// A batch of pairs; the owners say which of them show the same thing and are no negatives of each other.
struct Pairs {
  std::vector<float> pixels;
  std::vector<std::int32_t> ids;
  std::vector<Size> offsets{0};
  std::vector<std::int64_t> owners;

  Pairs(Size n, std::uint32_t part) {
    const RandomStream choice{5, part, 0};
    pixels.resize(static_cast<std::size_t>(n * 3 * side * side));
    for (Size i = 0; i < n; ++i) {
      const Size kind = part == 0 ? i : static_cast<Size>(choice.bits(static_cast<std::uint64_t>(i))) % Scene::kinds;
      const Scene scene = Scene::number(kind);
      scene.draw(pixels.data() + i * 3 * side * side, {6, part, static_cast<std::uint32_t>(i)});
      for (const std::int32_t id : scene.caption()) ids.push_back(id);
      offsets.push_back(static_cast<Size>(ids.size()));
      owners.push_back(kind);
    }
  }
  View<B, Pictures> images() { return {pixels.data(), static_cast<Size>(owners.size())}; }
  View<B, TokenIds> texts() const { return {ids.data(), checked_segments(offsets, static_cast<Size>(ids.size()))}; }
};

int main() {
  B be;
  Model<B, Net, Pictures, TokenIds> model;
  model.params.initialise(2023);
  model.arch.image.each_layer([](auto& layer) {  // eps and the like are values: set them where a layer has them
    if constexpr (requires { layer.eps; }) layer.eps = 1e-6;
  });
  std::printf("%td parameters, from %s to %s\n", model.params.count(), model.params.entries().front().name.c_str(),
              model.params.entries().back().name.c_str());

  // ---- training -----------------------------------------------------------------------------------------------------
  // Any losses on pairs can be put together. From scratch InfoNCE starts where hardest negatives would collapse: with
  // random towers the hardest negative is nearly the positive itself, and one code for all is the way out.
  const TripletAngularLoss<InfoNce> loss{0.1};
  Adam<B, Net> adam{{.rate = 1e-3, .clip_norm = 5, .groups = {{.prefix = "trunk", .rate_factor = 2}}}};
  const WarmupCosine schedule{.warmup = 20, .total = 240};
  double first = 0, last = 0;
  for (std::uint32_t step = 0; step < 240; ++step) {
    Pairs batch{32, 1 + step};
    be.tape().rewind();
    be.random().begin_step(step);
    model.grads.zero();
    const auto [codes, saved] = model.forward(be, batch.images(), batch.texts());
    const auto result = loss(be, codes.image, codes.text, batch.owners);
    model.backward(be, saved, result.gradient);
    adam.step(be, model.params, model.grads, {.rate_factor = schedule(step)});
    last = to_host(be, result.value);
    if (step == 0) first = last;
    if (step % 60 == 0 || step == 239) {
      std::printf("step %3u  loss %6.3f  %s %6.3f  %s %7.3f\n", step, last, loss.names[0].data(),
                  to_host(be, result.terms, 0), loss.names[1].data(), to_host(be, result.terms, 1));
    }
  }

  // ---- searching: one picture and one caption of every kind, none of them seen before ------------------------------
  Pairs gallery{Scene::kinds, 0};
  be.tape().rewind();
  const auto images = pack<bits>(model.arch.infer_image(be, *model.params, gallery.images()).mat());
  const auto texts = pack<bits>(model.arch.infer_text(be, *model.params, gallery.texts()).mat());
  const HammingIndex<bits> index{images};
  for (const std::size_t query : {std::size_t{2}, std::size_t{21}}) {
    std::printf("\"");
    const auto caption = Scene::number(static_cast<Size>(query)).caption();
    for (std::size_t w = 1; w < caption.size(); ++w) {
      std::printf("%s%s", w == 1 ? "" : " ", words[static_cast<std::size_t>(caption[w])].c_str());
    }
    std::printf("\" finds");
    for (const Hit& hit : index.search(texts[query], 3)) {
      std::printf("  picture %td (distance %td)%s", static_cast<Size>(hit.id), hit.distance,
                  hit.id == static_cast<std::int64_t>(query) ? " <- the right one" : "");
    }
    std::printf("\n");
  }
  const std::vector<double> r =
      recall(hamming_table(texts, images), gallery.owners, gallery.owners, std::vector<Size>{1, 5});
  std::printf("text to image: R@1 %.1f %%, R@5 %.1f %% of %td; by chance 2.5 %%\n", r[0], r[1], Scene::kinds);
  return last < 0.5 * first && r[0] > 50 ? 0 : 1;
}
