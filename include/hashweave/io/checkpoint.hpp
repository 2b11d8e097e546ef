#pragma once
#include <cmath>
#include <hashweave/core/parameters.hpp>
#include <hashweave/io/checkpoint_names.hpp>
#include <hashweave/io/config.hpp>
#include <hashweave/io/position_interpolation.hpp>
#include <hashweave/io/safetensors.hpp>
#include <hashweave/io/safetensors_writer.hpp>
#include <hashweave/io/tensor.hpp>
#include <set>

namespace hashweave {

/// What `load_checkpoint` did.
struct LoadReport {
  std::vector<std::string> loaded;     ///< parameters of the model that the file has set
  std::vector<std::string> untouched;  ///< parameters under the place for which the family has no name (projections, …)
  std::vector<std::string> ignored;    ///< tensors of the file that the tower has no use for
  bool positions_resampled = false;    ///< to another grid of patches
};

namespace detail {

/// A parameter's name below `place` ("image" of "image.norm.weight" leaves "norm.weight"), if it is there.
inline std::optional<std::string_view> below(std::string_view name, std::string_view place) {
  if (place.empty()) return name;
  if (!name.starts_with(place) || name.size() <= place.size() || name[place.size()] != '.') return std::nullopt;
  return name.substr(place.size() + 1);
}

/// Extents without leading ones, as a matrix: (1, 197, 768) is (197, 768), (768, 3, 16, 16) is (768, 768), (D) is (1,
/// D).
inline std::pair<Size, Size> as_matrix(const Shape& shape) {
  std::size_t first = 0;
  while (first < shape.size() && shape[first] == 1) ++first;
  if (first == shape.size()) return {1, 1};
  if (first + 1 == shape.size()) return {1, shape[first]};
  Size cols = 1;
  for (std::size_t d = first + 1; d < shape.size(); ++d) cols *= shape[d];
  return {shape[first], cols};
}

/// The square grid of `patches` patches, if they form one.
inline std::optional<PatchGrid> square_grid(Size patches) {
  const Size side = side_of(patches);
  return side > 0 ? std::optional{PatchGrid{side, side}} : std::nullopt;
}

/// Rows and columns of each of `parts` tensors that make up a parameter: a matrix is put together along its rows, a
/// vector along its length.
inline std::pair<Size, Size> part_of(const ParameterEntry& e, std::size_t parts) {
  const auto n = static_cast<Size>(parts);
  return e.rows == 1 ? std::pair{Size{1}, e.cols / n} : std::pair{e.rows / n, e.cols};
}

/// Complaints about a checkpoint, said at once.
struct Complaints {
  std::vector<std::string> missing, unexpected, shapes;

  void raise(const std::string& where) const {
    std::string text;
    for (const auto& [what, names] :
         {std::pair{"missing", &missing}, {"unexpected", &unexpected}, {"wrongly shaped", &shapes}}) {
      if (names->empty()) continue;
      text += (text.empty() ? "" : "; ") + std::string{what} + ": ";
      for (std::size_t i = 0; i < names->size(); ++i) text += (i == 0 ? "" : ", ") + (*names)[i];
    }
    if (!text.empty()) fail(where, "tensors", "those of the model", text);
  }
};

}  // namespace detail

/// Sets the parameters under `place` (all, when it is empty) from a public checkpoint. Other spellings of the family
/// are understood; q, k and v are put together; a position table for another square grid is interpolated (bicubic).
/// Nothing is changed unless everything fits.
/// @throws Error that lists all tensors that are missing, unexpected or wrongly shaped, by name.
template <class B>
LoadReport load_checkpoint(ParameterBlock<B>& params, const TensorFile& file, const CheckpointFamily& family,
                           std::string_view place = {}) {
  using T = typename B::Scalar;
  LoadReport report;
  detail::Complaints complaints;
  std::map<std::string, std::string, std::less<>> by_published;  // published name -> name in the file
  for (const auto& [name, tensor] : file.tensors()) {
    const std::string published = published_name(family, name);
    if (!by_published.emplace(published, name).second)
      complaints.unexpected.push_back(name + " (a second " + published + ")");
  }
  std::set<std::string> used;
  std::vector<std::pair<std::string, std::vector<T>>> values;
  for (const ParameterEntry& e : params.entries()) {
    const auto inner = detail::below(e.name, place);
    if (!inner) continue;
    const std::vector<std::string> wanted = checkpoint_names(family, *inner);
    if (wanted.empty()) {
      report.untouched.push_back(e.name);
      continue;
    }
    const auto [part_rows, part_cols] = detail::part_of(e, wanted.size());
    const bool positions = inner->ends_with("pos_embed");
    std::vector<T> all;
    for (const std::string& name : wanted) {
      const auto found = by_published.find(name);
      if (found == by_published.end()) {
        complaints.missing.push_back(name);
        continue;
      }
      used.insert(name);
      const TensorView& tensor = file.at(found->second);
      const auto [rows, cols] = detail::as_matrix(tensor.shape);
      const auto from = detail::square_grid(rows - 1), to = detail::square_grid(e.rows - 1);
      const bool resample = positions && cols == e.cols && rows != e.rows && from && to;
      if (!resample && (rows != part_rows || cols != part_cols)) {
        complaints.shapes.push_back(found->second + " " + to_string(tensor.shape) + ", expected " +
                                    to_string(Shape{part_rows, part_cols}));
        continue;
      }
      std::vector<T> part = file.values<T>(found->second);
      if (resample) {
        part = resample_positions(matrix<const T>(part.data(), rows, cols), *from, *to);
        report.positions_resampled = true;
      }
      all.insert(all.end(), part.begin(), part.end());
    }
    values.emplace_back(e.name, std::move(all));
  }
  for (const auto& [published, name] : by_published) {
    if (used.contains(published)) continue;
    const bool known = std::any_of(family.ignored.begin(), family.ignored.end(),
                                   [&, &published = published](std::string_view ignored) {
                                     return detail::renamed(published, ignored, ignored).has_value();
                                   });
    (known ? report.ignored : complaints.unexpected).push_back(name);
  }
  if (values.empty()) complaints.missing.push_back("any parameter under '" + std::string{place} + "'");
  complaints.raise(file.where() + " as " + std::string{family.name});
  for (const auto& [name, all] : values) {
    params.assign(name, all);
    report.loaded.push_back(name);
  }
  return report;
}

/// The same from a file or folder (see `open_safetensors`), and the tower made what its config.json says, where one
/// lies beside it: LayerNorm's eps is set, the type's sizes and activation are compared (`configure`). Without one eps
/// is the family's usual. Nothing is changed unless everything fits.
/// @throws Error that lists what of config.json does not fit, or else as above.
template <class B, class Tower>
LoadReport load_checkpoint(ParameterBlock<B>& params, Tower& tower, const std::filesystem::path& path,
                           const CheckpointFamily& family, std::string_view place = {}) {
  const SafeTensors file = open_safetensors(path);
  Tower configured = tower;
  set_layer_norm_eps(configured, family.defaults.layer_norm_eps);
  if (const auto config = config_beside(path))
    configure(configured, as_text(map_file(*config).bytes), config->string(), family);
  LoadReport report = load_checkpoint(params, file, family, place);
  tower = configured;
  return report;
}

/// Writes the parameters under `place` as a public checkpoint of the family: float32 safetensors under the published
/// names, q, k and v apart, the patch projection as a convolution of three channels. Whole or not at all.
/// @throws Error when the family has a name for none of the parameters; `MachineError` where the disk fails.
template <class B>
void export_checkpoint(const ParameterBlock<B>& params, const std::filesystem::path& path,
                       const CheckpointFamily& family, std::string_view place = {}) {
  std::vector<std::vector<float>> storage;
  std::vector<std::pair<std::string, Shape>> heads;
  for (const ParameterEntry& e : params.entries()) {
    const auto inner = detail::below(e.name, place);
    if (!inner) continue;
    const std::vector<std::string> names = checkpoint_names(family, *inner);
    const auto values = params.values(e.name);
    for (std::size_t part = 0; part < names.size(); ++part) {
      const auto [rows, cols] = detail::part_of(e, names.size());
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(part) * rows * cols;
      storage.emplace_back(begin, begin + rows * cols);
      Shape shape = rows == 1 ? Shape{cols} : Shape{rows, cols};
      const auto& three = family.rank_three;
      if (std::find(three.begin(), three.end(), names[part]) != three.end()) shape = {1, rows, cols};
      if (*inner == "patch_embed.proj.weight") {
        const auto grid = detail::square_grid(cols / 3);
        require(grid && cols % 3 == 0, e.name, "pixels of a patch", "3 P P", cols);
        shape = {rows, 3, grid->rows, grid->cols};
      }
      heads.emplace_back(names[part], std::move(shape));
    }
  }
  require(!heads.empty(), path.string(), "parameters with a name in " + std::string{family.name}, "at least 1", 0);
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < heads.size(); ++i)
    tensors.push_back({heads[i].first, view_of(storage[i], heads[i].second)});
  write_safetensors(path, std::move(tensors), {{"format", "pt"}});
}

}  // namespace hashweave
