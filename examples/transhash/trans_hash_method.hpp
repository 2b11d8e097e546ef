#pragma once
/// TransHash and its rivals, as the common program trains and evaluates them.
#include "hash_network.hpp"
#include "image_feed.hpp"

#include <hashweave/core/memory.hpp>
#include <optional>

namespace transhash {

/// The options beside those that every program has.
std::vector<Setting> method_settings();

class TransHashMethod final : public Method {
 public:
  /// @throws Error where settings do not go together, or the pretrained weights are missing.
  TransHashMethod(const Settings& settings, const DataFacts& facts, Size threads);

  Size parameter_count() const override { return network_->parameter_count(); }
  std::vector<Direction> directions() const override { return {{"image_to_image", Kind::image, Kind::image}}; }
  void prepare(const LabelledData& data, std::span<const Size> rows) override;
  StepNote step(const LabelledData& data, std::span<const Size> rows, const StepPlace& place) override;
  void encode(const LabelledData& data, Kind kind, std::span<const Size> rows, std::span<float> codes) override;
  Size optimiser_steps() const override { return network_->optimiser_steps(); }
  Size skipped_steps() const override { return network_->skipped_steps(); }

  std::vector<NamedTensor> trained() const override { return network_->trained(); }
  void load_trained(const TensorFile& file) override { network_->load_trained(file); }
  std::vector<NamedTensor> moments() const override { return network_->moments(); }
  void load_moments(const TensorFile& file, Size steps, Size skipped) override {
    network_->load_moments(file, steps, skipped);
  }

  /// What reaches the head of a network of one stream, (rows, width).
  std::vector<float> features(const LabelledData& data, std::span<const Size> rows);
  const NetworkFacts& facts() const { return network_->facts(); }

 private:
  bool fitted() const { return method_ == "itq" || method_ == "lsh"; }
  /// The rows' images as they reach the network; varied for training where an epoch is given.
  ImageBatch images(const LabelledData& data, std::span<const Size> rows, std::optional<Size> epoch = std::nullopt);

  std::string method_, precision_;
  Size bits_, warmup_, threads_;
  std::uint64_t seed_;
  std::filesystem::path token_folder_;
  bool frozen_ = false;
  std::unique_ptr<HashNetwork> network_;
  std::optional<PixelFeed> feed_;
  std::optional<TokenStore> tokens_;
  const LabelledData* tokens_of_ = nullptr;
  Buffer<float, HostMemory> batch_;  ///< on a cache line, so that sums of its rows have one order
  std::vector<float> labels_;
};

}  // namespace transhash
