#pragma once
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace hashweave::detail {

/// One field of a protobuf message. `number` holds a varint or a fixed number, `bytes` what has a length.
struct WireField {
  enum class Kind : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  std::uint32_t id = 0;
  Kind kind = Kind::varint;
  std::uint64_t number = 0;
  Bytes bytes;
};

/// Walks the fields of a protobuf message without knowing its schema, in order, never past its end.
/// Source: https://protobuf.dev/programming-guides/encoding
class WireReader {
 public:
  WireReader(Bytes message, std::string where) : reader_{message, std::move(where)} {}

  bool done() const { return reader_.left() == 0; }
  WireField next() {
    const std::uint64_t key = varint();
    const std::uint64_t id = key >> 3;
    require(id >= 1 && id < (1U << 29), reader_.where(), "number of a field", "1 to 536870911", id);
    WireField field{static_cast<std::uint32_t>(id), static_cast<WireField::Kind>(key & 7), 0, {}};
    switch (field.kind) {
      case WireField::Kind::varint:
        field.number = varint();
        break;
      case WireField::Kind::fixed64:
        field.number = reader_.u64("field of 8 bytes");
        break;
      case WireField::Kind::bytes:
        field.bytes = reader_.take(varint(), "field " + std::to_string(id));
        break;
      case WireField::Kind::fixed32:
        field.number = reader_.u32("field of 4 bytes");
        break;
      default:
        fail(reader_.where(), "wire type of field " + std::to_string(id), "0, 1, 2 or 5", key & 7);
    }
    return field;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const std::uint64_t byte = reader_.u8("varint");
      if (shift == 63) require(byte <= 1, reader_.where(), "varint", "at most 64 bits", "more");
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    fail(reader_.where(), "varint", "at most ten bytes", "more");
  }

 private:
  ByteReader reader_;
};

/// The bytes, text or number of a field. Throws `Error` where the field is of another kind.
inline Bytes bytes_of(const WireField& field, std::string_view where) {
  require(field.kind == WireField::Kind::bytes, where, "wire type of field " + std::to_string(field.id), 2,
          static_cast<int>(field.kind));
  return field.bytes;
}
inline std::string text_of(const WireField& field, std::string_view where) {
  return std::string{as_text(bytes_of(field, where))};
}
inline std::uint64_t number_of(const WireField& field, std::string_view where) {
  require(field.kind == WireField::Kind::varint, where, "wire type of field " + std::to_string(field.id), 0,
          static_cast<int>(field.kind));
  return field.number;
}

}  // namespace hashweave::detail
