#pragma once
#include <array>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/io/protobuf.hpp>
#include <hashweave/io/tensor.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::detail {

inline std::string_view onnx_type_name(std::uint64_t type) {
  constexpr std::array<std::string_view, 17> names{
      "UNDEFINED", "FLOAT",   "UINT8",  "INT8",   "UINT16", "INT16",     "INT32",      "INT64",   "STRING",
      "BOOL",      "FLOAT16", "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};
  return type < names.size() ? names[type] : "a newer one";
}
inline std::optional<DType> onnx_dtype(std::uint64_t type) {
  switch (type) {
    case 1:
      return DType::f32;
    case 2:
      return DType::u8;
    case 3:
      return DType::i8;
    case 4:
      return DType::u16;
    case 5:
      return DType::i16;
    case 6:
      return DType::i32;
    case 7:
      return DType::i64;
    case 9:
      return DType::boolean;
    case 10:
      return DType::f16;
    case 11:
      return DType::f64;
    case 12:
      return DType::u32;
    case 13:
      return DType::u64;
    case 16:
      return DType::bf16;
    default:
      return std::nullopt;
  }
}

/// One tensor of an ONNX file: extents, kind, name, and its numbers either raw or as a repeated field.
/// Source: onnx/onnx.proto, message TensorProto.
class OnnxTensor {
 public:
  OnnxTensor(Bytes message, const std::string& where) {
    for (WireReader reader{message, where}; !reader.done();) {
      const WireField field = reader.next();
      switch (field.id) {
        case 1:
          add_extents(field, where);
          break;
        case 2:
          type_ = number_of(field, where);
          break;
        case 3:
          fail(where, "tensor", "one in a piece", "a segment");
          break;
        case 4:
        case 5:
        case 7:
        case 10:
        case 11:
          typed_.push_back(field);
          break;
        case 8:
          name_ = text_of(field, where);
          break;
        case 9:
          raw_ = bytes_of(field, where);
          break;
        case 13:
          external_ = true;
          break;
        case 14:
          external_ = external_ || number_of(field, where) == 1;
          break;
        default:
          break;
      }
    }
  }
  const std::string& name() const { return name_; }

  /// Raw numbers stay where they are; those of a repeated field are copied. Throws `Error` at numbers in another file,
  /// at kinds that are not read, and unless there are as many as the extents say.
  StoredTensor stored(const Blob& file, const std::string& where) const {
    require(!external_, where, "numbers", "in the file itself", "external data: save the model as one file");
    const auto dtype = onnx_dtype(type_);
    require(dtype.has_value(), where, "kind of number",
            "one of FLOAT, DOUBLE, FLOAT16, BFLOAT16, BOOL and whole numbers", onnx_type_name(type_));
    const auto wanted = bytes_of(*dtype, shape_);
    require(wanted.has_value(), where, "shape", "one that fits into memory", to_string(shape_));
    require(!raw_ || typed_.empty(), where, "numbers", "given once", "given raw and as a list");
    const std::string what = "bytes of " + std::string{name_of(*dtype)} + " " + to_string(shape_);
    if (raw_) {
      require(raw_->size() == static_cast<std::size_t>(*wanted), where, what, *wanted, raw_->size());
      return {{*dtype, shape_, *raw_}, file.owner};
    }
    std::vector<std::byte> numbers;
    for (const WireField& field : typed_) append(numbers, field, *dtype, where);
    require(numbers.size() == static_cast<std::size_t>(*wanted), where, what, *wanted, numbers.size());
    const Blob memory = owned_blob(std::move(numbers));
    return {{*dtype, shape_, memory.bytes}, memory.owner};
  }

 private:
  void add_extents(const WireField& field, const std::string& where) {
    const auto add = [&](std::uint64_t extent) {
      require(static_cast<std::int64_t>(extent) >= 0, where, "extent", "at least 0", static_cast<std::int64_t>(extent));
      shape_.push_back(static_cast<Size>(extent));
    };
    if (field.kind == WireField::Kind::varint) return add(field.number);
    for (WireReader list{bytes_of(field, where), where}; !list.done();) add(list.varint());
  }
  /// A repeated field's numbers (float 4, int32 5, int64 7, double 10, uint64 11), packed or one by one, appended as
  /// they lie in raw data.
  static void append(std::vector<std::byte>& to, const WireField& field, DType dtype, const std::string& where) {
    const std::size_t width = bytes_of(dtype);
    const bool fixed = field.id == 4 || field.id == 10;
    const auto id = static_cast<std::uint32_t>(dtype == DType::f32                          ? 4
                                               : dtype == DType::f64                        ? 10
                                               : dtype == DType::i64                        ? 7
                                               : dtype == DType::u64 || dtype == DType::u32 ? 11
                                                                                            : 5);
    require(field.id == id, where, "field of the numbers of " + std::string{name_of(dtype)}, id, field.id);
    const auto add = [&](std::uint64_t number) {
      const auto bytes = std::as_bytes(std::span{&number, 1}).first(width);  // the lower ones
      to.insert(to.end(), bytes.begin(), bytes.end());
    };
    if (field.kind != WireField::Kind::bytes) {
      require((field.kind == WireField::Kind::varint) != fixed, where, "wire type of the numbers", "that of their kind",
              static_cast<int>(field.kind));
      add(field.number);
    } else if (fixed) {
      to.insert(to.end(), field.bytes.begin(), field.bytes.end());
    } else {
      for (WireReader list{field.bytes, where}; !list.done();) add(list.varint());
    }
  }

  std::string name_;
  Shape shape_;
  std::uint64_t type_ = 0;
  std::optional<Bytes> raw_;
  std::vector<WireField> typed_;
  bool external_ = false;
};

}  // namespace hashweave::detail
