#pragma once
/// Models as files.
#include "hash_model.hpp"

#include <nlohmann/json.hpp>

namespace vit2cmh {

/// Writes a model that stands alone: all parameters, and in the metadata what it is.
void write_model(const std::filesystem::path& file, const HashModel& model, const nlohmann::json& about);

/// A model of a run folder or of one file, with the vocabulary beside it.
struct StoredModel {
  std::unique_ptr<HashModel> model;
  nlohmann::json about;
  std::filesystem::path vocabulary;
};
StoredModel open_model(const std::filesystem::path& run_or_file, const Machine& machine);

}  // namespace vit2cmh
