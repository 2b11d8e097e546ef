#pragma once
#include <cmath>
#include <cstdint>
#include <hashweave/data/image.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>
#include <vit2cmh/report.hpp>
#include <vit2cmh/thumbnail.hpp>

/// What a run of vit2cmh writes, made up: numbers as they are for 64 bits on a small set of photographs.
namespace hashweave::test {

using Json = nlohmann::json;

/// Even numbers in 0 .. 1, the same on every machine.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_{seed * 2 + 1} {}
  double operator()() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }
  std::size_t below(std::size_t end) { return static_cast<std::size_t>((*this)() * static_cast<double>(end)); }
  /// Nearly normal, mean 0, deviation 1.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += (*this)();
    return sum;
  }

 private:
  std::uint64_t state_;
};

/// Pictures as data URLs and a caption for each.
struct SampleItems {
  std::vector<std::string> pictures, captions;
};

/// Discs and bars in plain colours.
inline SampleItems drawn_items() {
  constexpr Size side = 48;
  const std::vector<std::pair<std::string, std::vector<int>>> colours{{"red", {200, 40, 40}},
                                                                      {"green", {40, 150, 70}},
                                                                      {"blue", {40, 80, 190}},
                                                                      {"orange", {230, 150, 30}},
                                                                      {"grey", {120, 120, 120}}};
  SampleItems out;
  for (const auto& [name, rgb] : colours)
    for (const bool disc : {true, false}) {
      Image image{side, side};
      for (Size y = 0; y < side; ++y)
        for (Size x = 0; x < side; ++x) {
          const bool in = disc ? (x - 24) * (x - 24) + (y - 24) * (y - 24) < 400 : x > 16 && x < 32;
          for (Size c = 0; c < 3; ++c)
            image.row(y)[3 * x + c] = in ? static_cast<std::uint8_t>(rgb[static_cast<std::size_t>(c)]) : 255;
        }
      out.pictures.push_back(vit2cmh::thumbnail_data_uri(image));
      out.captions.push_back("A " + name + (disc ? " disc in the middle of a white square ." : " bar on white ."));
    }
  return out;
}

inline Json sample_config() {
  return {{"model", "dinov2-s+minilm"},
          {"bits", 64},
          {"data", "data/flickr8k_1000/dataset_flickr8k.json"},
          {"epochs", 6},
          {"batch", 30},
          {"lr", 1e-5},
          {"head_lr", 1e-4},
          {"eta", 0.1},
          {"margin", 0.2},
          {"alpha", 45},
          {"freeze_towers", true},
          {"precision", "f32"},
          {"backend", "cpu"},
          {"threads", 2},
          {"seed", 1},
          {"version", "0.1.0"},
          {"command",
           "vit2cmh train --data data/flickr8k_1000 --out runs/flickr8k-64 --image-weights dinov2-small.safetensors "
           "--text-weights minilm.safetensors --vocab vocab.txt --model dinov2-s+minilm --bits 64 --epochs 6 "
           "--freeze-towers"}};
}

/// Recalls of both ways in percent, with their sum.
inline Json sample_recalls(std::vector<double> image_to_text, std::vector<double> text_to_image, double image_rank,
                           double text_rank) {
  const auto way = [](const std::vector<double>& r, double rank) {
    return Json{{"r1", r[0]}, {"r5", r[1]}, {"r10", r[2]}, {"median_rank", rank}};
  };
  double rsum = 0;
  for (const auto* r : {&image_to_text, &text_to_image})
    for (const double value : *r) rsum += value;
  return {{"image_to_text", way(image_to_text, image_rank)},
          {"text_to_image", way(text_to_image, text_rank)},
          {"rsum", rsum}};
}

inline Json sample_eval(const char* split, Json binary, Json continuous) {
  Json eval{{"split", split}, {"images", 125}, {"captions", 625}, {"bits", 64}, {"binary", std::move(binary)}};
  if (!continuous.is_null()) eval["continuous"] = std::move(continuous);
  return eval;
}

inline std::vector<Json> sample_metrics(int steps = 762, int epochs = 6) {
  Draw draw{7};
  std::vector<Json> out;
  for (int step = 1; step <= steps; ++step) {
    const double t = static_cast<double>(step) / steps, late = t > 2.0 / 3 ? 0.8 : 1;
    const double triplet = late * (0.9 * std::exp(-3.2 * t) + 0.16) * (1 + 0.13 * draw.normal());
    const double angular = late * (2.6 * std::exp(-4.0 * t) + 0.5) * (1 + 0.10 * draw.normal());
    const double lr = 1e-4 * std::min(1.0, step / 100.0) * (t > 2.0 / 3 ? 0.1 : 1);
    out.push_back({{"step", step},
                   {"epoch", 1 + (step - 1) * epochs / steps},
                   {"loss", triplet + 0.1 * angular},
                   {"triplet", triplet},
                   {"angular", angular},
                   {"grad_norm", (3.5 * std::exp(-2 * t) + 0.7) * std::exp(0.25 * draw.normal())},
                   {"lr", lr},
                   {"seconds", 1.9 * step},
                   {"pairs_per_second", 15.6 + 0.4 * draw.normal()}});
    if (step * epochs % steps < epochs) {
      const double g = 1 - std::exp(-3.4 * t);
      const auto recalls = [&](double scale) {
        const auto r = [&](double best) { return best * g * scale * (1 + 0.03 * draw.normal()); };
        return sample_recalls({r(9.6), r(33.6), r(44.4)}, {r(11.6), r(30.2), r(43.2)}, 14, 13);
      };
      out.push_back({{"step", step},
                     {"epoch", step * epochs / steps},
                     {"eval", sample_eval("val", recalls(1.0), recalls(1.33))}});
    }
  }
  return out;
}

/// Queries with ten answers each. `worst`: the right answer comes late.
inline Json sample_gallery(const SampleItems& items, bool by_text, bool worst, std::size_t queries, Draw& draw) {
  Json out = Json::array();
  const std::size_t n = items.pictures.size();
  for (std::size_t q = 0; q < queries; ++q) {
    const std::size_t own = (q * 7 + (worst ? 3 : 0)) % n, right_at = worst ? 99 : draw.below(4) * draw.below(2);
    Json hits = Json::array();
    double distance = 4 + static_cast<double>(draw.below(5));
    for (std::size_t rank = 0; rank < 10; ++rank) {
      const bool right = rank == right_at || (!by_text && !worst && rank > right_at && draw() < 0.25);
      const std::size_t id = right ? own : (own + 1 + draw.below(n - 1)) % n;
      Json hit{{"rank", rank + 1}, {"id", id}, {"distance", distance}, {"right", right}};
      hit[by_text ? "image" : "text"] = (by_text ? items.pictures : items.captions)[id];
      hits.push_back(hit);
      distance += static_cast<double>(draw.below(3));
    }
    Json query{{"id", own}};
    query[by_text ? "text" : "image"] = (by_text ? items.captions : items.pictures)[own];
    out.push_back({{"query", query}, {"first_right_rank", worst ? 211 - q * 17 : right_at + 1}, {"hits", hits}});
  }
  return out;
}

inline Json sample_results(const SampleItems& items = drawn_items()) {
  Draw draw{11};
  constexpr int bits = 64;
  const auto counts = [&](double mean, double deviation, double pairs) {
    Json out = Json::array();
    for (int d = 0; d <= bits; ++d) {
      const double z = (d - mean) / deviation;
      out.push_back(std::round(pairs * std::exp(-z * z / 2) / (deviation * 2.5066)));
    }
    return out;
  };
  Json on = Json::array(), correlation = Json::array(), quantisation = Json::array();
  std::vector<std::vector<double>> mix(bits);
  for (auto& row : mix)
    for (int k = 0; k < 60; ++k) row.push_back(draw.normal());
  for (int i = 0; i < bits; ++i) {
    on.push_back(0.5 + 0.055 * draw.normal());
    Json line = Json::array();
    for (int j = 0; j < bits; ++j) {
      const auto dot = [&](int a, int b) {
        double sum = 0;
        for (std::size_t k = 0; k < 60; ++k)
          sum += mix[static_cast<std::size_t>(a)][k] * mix[static_cast<std::size_t>(b)][k];
        return sum;
      };
      line.push_back(dot(i, j) / std::sqrt(dot(i, i) * dot(j, j)));
    }
    correlation.push_back(line);
  }
  for (int i = 0; i < 20; ++i) quantisation.push_back(std::round(400 + 5200 * std::pow((i + 0.5) / 20, 3)));

  Json eval = sample_eval("test", sample_recalls({9.6, 33.6, 42.4}, {10.6, 27.8, 39.2}, 14, 15),
                          sample_recalls({23.2, 44.0, 52.8}, {13.9, 39.4, 52.0}, 9, 10));
  eval["map"] = {{"image_to_text", {{"map_all", 0.512}, {"map_at_50", 0.587}}},
                 {"text_to_image", {{"map_all", 0.498}, {"map_at_50", 0.561}}}};
  const auto baseline = [&](const char* name, Json recalls) {
    return Json{{"name", name}, {"eval", sample_eval("test", std::move(recalls), nullptr)}};
  };
  Json out{{"eval", eval},
           {"best_step", 762},
           {"train_seconds", 1447.8},
           {"unique_ratio", 0.984},
           {"bits_on", on},
           {"correlation", correlation},
           {"quantisation", quantisation},
           {"histogram", {{"matching", counts(20.6, 4.6, 625)}, {"other", counts(31.4, 4.9, 77500)}}}};
  out["baselines"] = {baseline("Untrained model", sample_recalls({0.8, 4.8, 7.2}, {1.0, 4.3, 8.6}, 118, 61)),
                      baseline("Random codes", sample_recalls({0.8, 3.2, 6.4}, {0.6, 3.8, 7.7}, 131, 63))};
  out["baselines"][1]["eval"]["map"] = {{"image_to_text", {{"map_all", 0.121}, {"map_at_50", 0.118}}},
                                        {"text_to_image", {{"map_all", 0.12}, {"map_at_50", 0.123}}}};
  out["galleries"] = {{"text_to_image", sample_gallery(items, true, false, 8, draw)},
                      {"image_to_text", sample_gallery(items, false, false, 8, draw)},
                      {"worst_text_to_image", sample_gallery(items, true, true, 3, draw)},
                      {"worst_image_to_text", sample_gallery(items, false, true, 4, draw)}};
  return out;
}

/// Code lengths and growing galleries with and without the angular loss, as `vit2cmh mean` sums runs up.
inline std::vector<vit2cmh::Experiment> sample_experiments() {
  const auto over_runs = [](double mean) { return Json{{"rsum", {{"mean", mean}, {"spread", mean / 40}}}}; };
  vit2cmh::Experiment lengths{"code lengths", {}}, galleries{"galleries", {}};
  const std::vector<std::vector<double>> by_length{{16, 84, 168},    {32, 128, 201},  {64, 163.2, 225.3},
                                                   {128, 188, 236},  {256, 209, 241}, {512, 219, 243},
                                                   {1024, 227, 244}, {2048, 229, 243}};
  for (const auto& l : by_length)
    lengths.settings.push_back({"bits " + std::to_string(static_cast<int>(l[0])),
                                {{"runs", 3},
                                 {"images", 125},
                                 {"bits", l[0]},
                                 {"binary", over_runs(l[1])},
                                 {"asymmetric", over_runs((l[1] + l[2]) / 2)},
                                 {"continuous", over_runs(l[2])}}});
  for (const char* eta : {"eta 0", "eta 0.1"})
    for (const int parts : {8, 4, 2, 1}) {
      Json figures{
          {"runs", 3}, {"images", 1000}, {"bits", 64}, {"binary", over_runs(610 * std::pow(1000.0 / parts, -0.27))}};
      if (parts > 1) figures["folds"] = parts;
      galleries.settings.push_back({std::string{eta} + ", 1/" + std::to_string(parts) + " of the gallery", figures});
    }
  return {lengths, galleries};
}

}  // namespace hashweave::test
