#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/inflate.hpp>
#include <hashweave/io/mat5_element.hpp>
#include <hashweave/io/tensor.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// A variable of a MAT file: numbers, text, or of a kind that is not read.
struct MatVariable {
  enum class Kind : std::uint8_t { numbers, text, unread };
  Kind kind = Kind::unread;
  Shape shape;                    ///< MATLAB's extents: two or more
  StoredTensor numbers;           ///< column-major, of the kind stored, which may be smaller than the variable's class
  std::vector<std::string> text;  ///< UTF-8: the rows of a char matrix, or the elements of a cell array by columns
  std::string reason;             ///< why it is not read
};

/// What all compressed variables of a MAT file may inflate to together, in bytes, unless the caller says otherwise.
inline constexpr std::uint64_t mat_inflate_limit = std::uint64_t{4} << 30;

namespace detail {

/// Reads one matrix element: flags, extents, name, content.
class MatMatrix {
 public:
  MatMatrix(Bytes bytes, const Blob& file, const std::string& where) : reader_{bytes, where}, owner_{file.owner} {
    if (bytes.empty()) {  // MATLAB's []
      variable_.kind = MatVariable::Kind::numbers;
      variable_.shape = {0, 0};
      variable_.numbers = {{DType::f64, {0, 0}, {}, Order::column_major}, nullptr};
      return;
    }
    const MatElement flags = next_element(reader_);
    require(flags.type == mat_uint32 && flags.bytes.size() == 8, where, "array flags", "8 bytes of uint32",
            flags.bytes.size());
    const auto bits = load_number<std::uint32_t>(flags.bytes.data());
    class_ = bits & 255;
    complex_ = (bits & 0x800) != 0;
    const MatElement extents = next_element(reader_);
    require(extents.type == mat_int32 && extents.bytes.size() >= 8 && extents.bytes.size() % 4 == 0, where, "extents",
            "two or more numbers of int32", extents.bytes.size());
    for (std::size_t i = 0; i < extents.bytes.size(); i += 4)
      variable_.shape.push_back(load_number<std::int32_t>(&extents.bytes[i]));
    const auto count = count_of(variable_.shape);
    require(count.has_value(), where, "extents", "such as fit into memory", to_string(variable_.shape));
    count_ = *count;
    const MatElement name = next_element(reader_);
    require(name.type == mat_int8, where, "type of the name", "int8", name.type);
    name_ = as_text(name.bytes);
  }
  const std::string& name() const { return name_; }
  bool is_text() const { return class_ == 4; }

  MatVariable content(const std::string& where) {
    constexpr std::array<std::string_view, 20> classes{
        "0",     "cell",   "struct", "object", "char",  "sparse", "double",   "single", "int8",   "uint8",
        "int16", "uint16", "int32",  "uint32", "int64", "uint64", "function", "opaque", "object", "unknown"};
    if (class_ >= 6 && class_ <= 15)
      read_numbers(where);
    else if (class_ == 4)
      read_text(where);
    else if (class_ == 1)
      read_cells(where);
    else if (variable_.kind == MatVariable::Kind::unread)
      variable_.reason = "class " + std::string{classes[std::min<std::size_t>(class_, 19)]};
    return std::move(variable_);
  }

 private:
  void read_numbers(const std::string& where) {
    if (complex_) {
      variable_.reason = "complex numbers";
      return;
    }
    const MatElement element = next_element(reader_);
    const auto dtype = mat_dtype(element.type);
    require(dtype.has_value(), where, "type of the numbers", "a kind of number", element.type);
    const auto wanted = bytes_of(*dtype, variable_.shape);
    require(wanted && static_cast<std::size_t>(*wanted) == element.bytes.size(), where,
            "bytes of " + std::string{name_of(*dtype)} + " " + to_string(variable_.shape), wanted.value_or(-1),
            element.bytes.size());
    variable_.kind = MatVariable::Kind::numbers;
    variable_.numbers = {{*dtype, variable_.shape, element.bytes, Order::column_major}, owner_};
  }
  void read_text(const std::string& where) {
    const auto units = mat_characters(next_element(reader_), where);
    require(static_cast<Size>(units.size()) == count_, where, "characters of " + to_string(variable_.shape), count_,
            units.size());
    variable_.kind = MatVariable::Kind::text;
    const Size rows = count_ == 0 ? std::min<Size>(variable_.shape[0], 1) : variable_.shape[0];
    for (Size row = 0; row < rows; ++row)
      variable_.text.push_back(mat_row(units, static_cast<std::size_t>(rows), static_cast<std::size_t>(row)));
  }
  void read_cells(const std::string& where) {
    variable_.kind = MatVariable::Kind::text;
    for (Size i = 0; i < count_; ++i) {
      const std::string here = where + ", cell " + std::to_string(i);
      const MatElement element = next_element(reader_);
      require(element.type == mat_matrix, here, "type", "14 (matrix)", element.type);
      MatMatrix cell{element.bytes, {element.bytes, owner_}, here};
      if (!cell.is_text() && cell.count_ != 0) {
        variable_.kind = MatVariable::Kind::unread;
        variable_.reason = "a cell array of other things than text";
        variable_.text.clear();
        return;
      }
      std::string text;
      if (cell.is_text())
        for (const std::string& row : cell.content(here).text) text += row;
      variable_.text.push_back(std::move(text));
    }
  }
  ByteReader reader_;
  std::shared_ptr<const void> owner_;
  MatVariable variable_;
  std::string name_;
  std::uint32_t class_ = 0;
  Size count_ = 0;
  bool complex_ = false;
};

/// A compressed element unpacked: the matrix element within. `budget` is what is left of the file's limit.
inline Blob inflate_matrix(Bytes packed, std::uint64_t& budget, const std::string& where) {
  Inflater inflater{packed, DeflateForm::zlib, where};
  std::vector<std::byte> out;
  inflater.fill(out, 8);
  require(load_number<std::uint32_t>(out.data()) == mat_matrix, where, "type of a compressed element", "14 (matrix)",
          load_number<std::uint32_t>(out.data()));
  const std::uint64_t size = load_number<std::uint32_t>(out.data() + 4);
  const std::uint64_t most = std::min<std::uint64_t>(budget, (packed.size() + 1) * 1032);
  require(size <= most, where, "inflated bytes", "at most " + std::to_string(most), size);
  budget -= size;
  inflater.fill(out, 8 + static_cast<std::size_t>(size));
  inflater.finish();
  Blob blob = owned_blob(std::move(out));
  blob.bytes = blob.bytes.subspan(8);
  return blob;
}

}  // namespace detail

/// The variables of a MAT file of version 5 (also written by MATLAB's -v6 and -v7): numbers, char matrices and cell
/// arrays of text. Others (sparse, complex, struct...) are known by name and refused when asked for.
/// Source: MathWorks, MAT-File Format (R2023b), "Level 5 MAT-file format".
class MatFile {
 public:
  /// Throws `Error` at damage, version 4, version 7.3 (HDF5), big-endian files, and where the compressed variables
  /// inflate to more than `inflate_limit` bytes together.
  MatFile(const Blob& file, std::string where, std::uint64_t inflate_limit = mat_inflate_limit)
      : where_{std::move(where)} {
    ByteReader reader{file.bytes, where_};
    const std::string_view text = as_text(reader.take(124, "text of the header"));
    const std::uint16_t version = reader.u16("version"), endian = reader.u16("byte order");
    require(endian == 0x4d49, where_, "byte order", "IM (little-endian)", endian == 0x494d ? "big-endian" : "none");
    require(version == 0x0100, where_, "version of the MAT file", "5.0",
            version == 0x0200 || text.starts_with("MATLAB 7.3") ? "7.3 (HDF5): save it with -v7, or as npz"
                                                                : std::to_string(version));
    while (reader.left() > 0) {
      const std::string here = where_ + ", element at byte " + std::to_string(reader.place());
      const detail::MatElement element = detail::next_element(reader);
      Blob content{element.bytes, file.owner};
      if (element.type == detail::mat_compressed)
        content = detail::inflate_matrix(element.bytes, inflate_limit, here);
      else
        require(element.type == detail::mat_matrix, here, "type", "14 (matrix) or 15 (compressed)", element.type);
      detail::MatMatrix matrix{content.bytes, content, here};
      const std::string name = matrix.name();
      const bool added = variables_.emplace(name, matrix.content(here_variable(name))).second;
      require(added || name.empty(), where_, "names of variables", "each once", "'" + legible(name) + "' twice");
    }
  }

  const std::map<std::string, MatVariable, std::less<>>& variables() const& { return variables_; }
  void variables() const&& = delete;
  bool contains(std::string_view name) const { return variables_.find(name) != variables_.end(); }
  /// Throws `Error` where there is none of that name, or it is of a kind that is not read.
  const MatVariable& at(std::string_view name) const {
    const auto found = variables_.find(name);
    if (found == variables_.end())
      fail(where_, "variable", legible(name), "none of that name among " + std::to_string(variables_.size()));
    require(found->second.kind != MatVariable::Kind::unread, here_variable(name), "kind",
            "real numbers, char or a cell array of char", found->second.reason);
    return found->second;
  }
  /// The numbers of a variable. Throws `Error` where it holds none.
  const StoredTensor& numbers(std::string_view name) const {
    const MatVariable& variable = at(name);
    require(variable.kind == MatVariable::Kind::numbers, here_variable(name), "kind", "numbers", "text");
    return variable.numbers;
  }
  /// The rows of a char matrix, or the elements of a cell array by columns. Throws `Error` where it holds no text.
  const std::vector<std::string>& text(std::string_view name) const {
    const MatVariable& variable = at(name);
    require(variable.kind == MatVariable::Kind::text, here_variable(name), "kind", "text", "numbers");
    return variable.text;
  }
  /// The numbers, row-major. See `hashweave::values`.
  template <Number T>
  std::vector<T> values(std::string_view name) const {
    return hashweave::values<T>(numbers(name), here_variable(name));
  }

 private:
  std::string here_variable(std::string_view name) const { return where_ + ", variable " + legible(name); }
  std::string where_;
  std::map<std::string, MatVariable, std::less<>> variables_;
};

/// Opens a MAT file of version 5; numbers that are not compressed stay mapped.
inline MatFile open_mat(const std::filesystem::path& path, std::uint64_t inflate_limit = mat_inflate_limit) {
  return {map_file(path), path.string(), inflate_limit};
}

}  // namespace hashweave
