#pragma once
#include <array>
#include <hashweave/io/code_lines.hpp>
#include <hashweave/io/code_table.hpp>
#include <hashweave/io/codes_npy.hpp>
#include <hashweave/io/config.hpp>
#include <hashweave/io/faiss_binary.hpp>
#include <hashweave/io/mat5.hpp>
#include <hashweave/io/npy.hpp>
#include <hashweave/io/npz.hpp>
#include <hashweave/io/onnx.hpp>
#include <hashweave/io/postgres_copy.hpp>
#include <hashweave/io/safetensors.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hashweave::test {

/// Touches every number of a tensor, as float and as a whole number.
inline void exercise(const TensorView& tensor) {
  values<float>(tensor);
  try {
    values<std::int16_t>(tensor);
  } catch (const Error&) {  // a number that fits no int16
  }
}

/// Each reads a file of its format whole. Hostile bytes may make it throw `Error`, nothing else.
inline void exercise_safetensors(Bytes bytes) {
  const SafeTensors file = parse_safetensors(borrowed_blob(bytes), "file");
  for (const auto& [name, tensor] : file.tensors()) exercise(tensor);
}
inline void exercise_npy(Bytes bytes) { exercise(parse_npy(borrowed_blob(bytes), "file")); }
inline void exercise_npz(Bytes bytes) {
  const NpzFile file{borrowed_blob(bytes), "file"};
  for (const std::string& name : file.names()) exercise(file.at(name));
}
inline void exercise_onnx(Bytes bytes) {
  const OnnxWeights file = parse_onnx(borrowed_blob(bytes), "file");
  for (const auto& [name, tensor] : file.tensors()) exercise(tensor);
}
inline void exercise_mat5(Bytes bytes) {
  const MatFile file{borrowed_blob(bytes), "file"};
  for (const auto& [name, variable] : file.variables())
    if (variable.kind == MatVariable::Kind::numbers) exercise(variable.numbers);
}

/// Reads a config.json for every family; it is at fault where none can read it.
inline void exercise_config(Bytes bytes) {
  int read = 0;
  std::string fault;
  for (const CheckpointFamily* family : {&hf_vit(), &hf_dinov2(), &hf_bert(), &hf_clip_vision(), &hf_clip_text()}) {
    try {
      const TowerConfig config = parse_config(as_text(bytes), "file", *family);
      if (!(config.layer_norm_eps > 0) || config.hidden_size < 1 || config.hidden_size > Size{1} << 30)
        throw std::logic_error{"a config with sizes out of bounds"};
      ++read;
    } catch (const Error& error) {
      fault = error.what();
    }
  }
  if (read == 0) throw Error{fault};
}

/// A table of codes that a reader gave is sound.
inline void exercise(const CodeTable& table) {
  try {
    table.check("table");
  } catch (const Error& fault) {
    throw std::logic_error{fault.what()};
  }
}
inline void exercise_faiss_binary(Bytes bytes) { exercise(parse_faiss_binary(bytes, "file")); }
inline void exercise_code_lines(Bytes bytes) { exercise(parse_code_lines(as_text(bytes), "file")); }
inline void exercise_postgres_copy(Bytes bytes) { exercise(parse_postgres_copy(as_text(bytes), "file")); }
inline void exercise_codes_npy(Bytes bytes) { exercise(parse_codes_npy(borrowed_blob(bytes), "file")); }

struct Format {
  std::string_view name;
  std::string_view seed;  ///< a small sound file below tests/io/data
  void (*exercise)(Bytes);
};
inline constexpr std::array<Format, 15> formats{
    {{"safetensors", "safetensors/kinds.safetensors", exercise_safetensors},
     {"npy", "npy/f4_fortran.npy", exercise_npy},
     {"npz", "npz/stored.npz", exercise_npz},
     {"npz", "npz/deflated.npz", exercise_npz},
     {"onnx", "onnx/constants.onnx", exercise_onnx},
     {"mat5", "mat5/plain.mat", exercise_mat5},
     {"mat5", "mat5/compressed.mat", exercise_mat5},
     {"config", "config/clip.json", exercise_config},
     {"npy", "npy/u1_3x4.npy", exercise_codes_npy},
     {"faiss_binary", "faiss_binary/idmap2.faiss", exercise_faiss_binary},
     {"faiss_binary", "faiss_binary/hnsw.faiss", exercise_faiss_binary},
     {"faiss_binary", "faiss_binary/ivf_full.faiss", exercise_faiss_binary},
     {"faiss_binary", "faiss_binary/ivf_hash.faiss", exercise_faiss_binary},
     {"code_lines", "code_lines/ids.jsonl", exercise_code_lines},
     {"postgres_copy", "postgres_copy/three.copy", exercise_postgres_copy}}};

}  // namespace hashweave::test
