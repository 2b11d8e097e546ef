#pragma once
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/tensor.hpp>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// The largest header of an npy file that is read.
inline constexpr std::size_t npy_header_limit = 64 << 10;

namespace detail {

struct NpyType {
  std::string_view descr;
  DType dtype;
};
inline constexpr std::array<NpyType, 12> npy_types{{{"|b1", DType::boolean},
                                                    {"|u1", DType::u8},
                                                    {"|i1", DType::i8},
                                                    {"<i2", DType::i16},
                                                    {"<u2", DType::u16},
                                                    {"<f2", DType::f16},
                                                    {"<i4", DType::i32},
                                                    {"<u4", DType::u32},
                                                    {"<f4", DType::f32},
                                                    {"<f8", DType::f64},
                                                    {"<i8", DType::i64},
                                                    {"<u8", DType::u64}}};

/// The header of an npy file: a Python dictionary with exactly the keys descr, fortran_order and shape, as
/// `numpy.lib.format` writes it, in any order and spacing.
class NpyHeader {
 public:
  NpyHeader(std::string_view text, std::string_view where) : text_{text}, where_{where} {
    expect('{');
    while (!next_is('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !dtype_)
        dtype_ = type();
      else if (key == "fortran_order" && !order_)
        order_ = truth() ? Order::column_major : Order::row_major;
      else if (key == "shape" && !shape_)
        shape_ = tuple();
      else
        fail(where_, "header", "the keys descr, fortran_order and shape, each once", legible(key));
      if (!next_is(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    require(at_ == text_.size(), where_, "header", "its end behind }", rest());
    require(dtype_ && order_ && shape_, where_, "header", "the keys descr, fortran_order and shape", "fewer");
  }
  DType dtype() const { return *dtype_; }
  Order order() const { return *order_; }
  const Shape& shape() const { return *shape_; }

 private:
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \n", at_), text_.size()); }
  std::string rest() const { return "'" + legible(text_.substr(at_, 20)) + "'"; }
  bool next_is(char c) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!next_is(c)) fail(where_, "header", std::string{c}, rest());
  }
  std::string_view quoted() {
    skip_blanks();
    const char mark = at_ < text_.size() ? text_[at_] : ' ';
    const auto end = mark == '\'' || mark == '"' ? text_.find(mark, at_ + 1) : std::string_view::npos;
    if (end == std::string_view::npos) fail(where_, "header", "a string", rest());
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return inside;
  }
  DType type() {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '[') fail(where_, "descr", "one kind of number", "a structured type");
    const std::string_view descr = quoted();
    for (const auto& [name, dtype] : npy_types)
      if (descr == name || (name[0] == '|' && descr.size() == 3 && descr.substr(1) == name.substr(1))) return dtype;
    fail(where_, "descr", "b1, i1, u1 or little-endian i2, i4, i8, u2, u4, u8, f2, f4, f8", legible(descr));
  }
  bool truth() {
    skip_blanks();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    fail(where_, "fortran_order", "True or False", rest());
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!next_is(')')) {
      skip_blanks();
      Size extent = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), extent);
      if (error != std::errc{} || extent < 0) fail(where_, "shape", "whole numbers that are not negative", rest());
      at_ = static_cast<std::size_t>(end - text_.data());
      shape.push_back(extent);
      if (text_.substr(at_).starts_with('L')) ++at_;  // Python 2
      if (!next_is(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  std::string_view text_, where_;
  std::size_t at_ = 0;
  std::optional<DType> dtype_;
  std::optional<Order> order_;
  std::optional<Shape> shape_;
};

}  // namespace detail

/// The array of an npy file (versions 1 to 3). Its numbers stay where they are; `fortran_order` becomes the view's
/// order, so that `values` gives them row-major. Throws `Error` at objects, structured and big-endian types, a header
/// above the limit, and unless the file is exactly as long as the shape says.
/// Source: numpy/lib/format.py.
inline StoredTensor parse_npy(const Blob& file, const std::string& where) {
  ByteReader reader{file.bytes, where};
  const std::string_view magic = as_text(reader.take(6, "magic"));
  require(magic == "\x93NUMPY", where, "first six bytes", "\\x93NUMPY", "others: this is no npy file");
  const int major = reader.u8("version"), minor = reader.u8("version");
  require(major >= 1 && major <= 3 && minor == 0, where, "version", "1.0, 2.0 or 3.0",
          std::to_string(major) + "." + std::to_string(minor));
  const std::size_t size = major == 1 ? reader.u16("length of the header") : reader.u32("length of the header");
  require(size <= npy_header_limit, where, "bytes of the header", "at most " + std::to_string(npy_header_limit), size);
  const detail::NpyHeader header{as_text(reader.take(size, "header")), where};
  const auto wanted = bytes_of(header.dtype(), header.shape());
  require(wanted.has_value(), where, "shape", "one that fits into memory", to_string(header.shape()));
  require(static_cast<std::size_t>(*wanted) == reader.left(), where,
          "bytes of " + std::string{name_of(header.dtype())} + " " + to_string(header.shape()), *wanted, reader.left());
  return {{header.dtype(), header.shape(), reader.take(reader.left(), "numbers"), header.order()}, file.owner};
}

/// Opens an npy file; the numbers stay mapped. Throws as `parse_npy` and `map_file`.
inline StoredTensor read_npy(const std::filesystem::path& path) { return parse_npy(map_file(path), path.string()); }

namespace detail {

/// What stands in front of the numbers: the bytes that numpy 1.23 and later write. Throws `Error` for bfloat16, which
/// numpy does not know, and for a tensor not as long as its shape says.
inline std::string npy_head(const TensorView& tensor, const std::string& where) {
  const auto wanted = bytes_of(tensor.dtype, tensor.shape);
  require(wanted && static_cast<std::size_t>(*wanted) == tensor.bytes.size(), where,
          "bytes of shape " + to_string(tensor.shape), wanted ? std::to_string(*wanted) : "a shape",
          tensor.bytes.size());
  const auto type = std::find_if(npy_types.begin(), npy_types.end(),
                                 [&](const NpyType& known) { return known.dtype == tensor.dtype; });
  require(type != npy_types.end(), where, "kind of number", "one that numpy knows", name_of(tensor.dtype));
  const bool fortran = tensor.order == Order::column_major;
  std::string header =
      "{'descr': '" + std::string{type->descr} + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': (";
  for (const Size extent : tensor.shape) header += (header.back() == '(' ? "" : " ") + std::to_string(extent) + ",";
  if (tensor.shape.size() > 1) header.pop_back();
  header += "), }";
  if (!tensor.shape.empty()) {  // numpy leaves room for the first extent to grow to 21 digits
    const Size grows = fortran ? tensor.shape.back() : tensor.shape.front();
    header.append(21 - std::to_string(grows).size(), ' ');
  }
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  require(header.size() <= std::numeric_limits<std::uint16_t>::max(), where, "extents", "a few", tensor.shape.size());
  std::string head{"\x93NUMPY\x01\x00", 8};
  head += static_cast<char>(header.size() & 255);
  head += static_cast<char>(header.size() >> 8);
  return head + header;
}

}  // namespace detail

/// Writes an npy file, whole or not at all (see `write_atomically`), byte for byte as numpy does.
/// Throws `Error` for bfloat16, which numpy does not know; `MachineError` where the disk fails.
inline void write_npy(const std::filesystem::path& path, const TensorView& tensor) {
  const std::string head = detail::npy_head(tensor, path.string());
  write_atomically(path, [&](FileWriter& out) {
    out.write(head);
    out.write(tensor.bytes);
  });
}

}  // namespace hashweave
