#include "stored_model.hpp"

#include <hashweave/io/json.hpp>
#include <hashweave/io/safetensors_writer.hpp>

namespace vit2cmh {
namespace fs = std::filesystem;
using nlohmann::json;

void write_model(const fs::path& file, const HashModel& model, const json& about) {
  std::vector<NamedTensor> tensors = model.parameters(true);
  if (model.transform)
    for (NamedTensor& t : model.transform->tensors()) tensors.push_back(std::move(t));
  write_safetensors(file, std::move(tensors), {{"format", "pt"}, {"vit2cmh", about.dump()}});
}

StoredModel open_model(const fs::path& run_or_file, const Machine& machine) {
  const fs::path file = fs::is_directory(run_or_file) ? run_or_file / "model.safetensors" : run_or_file;
  require(fs::exists(file), run_or_file.string(), "checkpoint", "a run folder with model.safetensors, or such a file",
          fs::exists(run_or_file) ? "a folder without it: train first" : "nothing there");
  const SafeTensors tensors = open_safetensors(file);
  const auto told = tensors.metadata().find("vit2cmh");
  require(told != tensors.metadata().end(), file.string(), "metadata", "those of a vit2cmh model", "none");
  StoredModel stored;
  stored.about = parse_json(told->second, file.string() + ", metadata");
  require(stored.about.contains("model") && stored.about["model"].is_string() && stored.about.contains("bits") &&
              stored.about["bits"].is_number_integer(),
          file.string(), "metadata", "model and bits", stored.about.dump());
  stored.model = make_model(stored.about["model"].get<std::string>(), stored.about["bits"].get<Size>(), machine);
  auto parameters = tensors.tensors();
  if (std::erase_if(parameters, [](const auto& t) { return of_transform(t.first); }) > 0)
    stored.model->transform = read_transform(tensors, stored.model->facts().bits);
  stored.model->load(TensorFile{tensors.where(), std::move(parameters)}, true);
  stored.vocabulary = file.parent_path() / "vocab.txt";
  return stored;
}

}  // namespace vit2cmh
