#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <hashweave/core/bfloat16.hpp>
#include <hashweave/io/bytes.hpp>
#include <optional>
#include <string_view>
#include <type_traits>

namespace hashweave {

/// The kinds of numbers that files hold. The order is that of the safetensors format (by size, then as it lists them).
enum class DType : std::uint8_t { boolean, u8, i8, i16, u16, f16, bf16, i32, u32, f32, f64, i64, u64 };

struct DTypeTraits {
  std::string_view name;  ///< as safetensors writes it
  std::size_t bytes;
};
inline constexpr std::array<DTypeTraits, 13> dtype_traits{{{"BOOL", 1},
                                                           {"U8", 1},
                                                           {"I8", 1},
                                                           {"I16", 2},
                                                           {"U16", 2},
                                                           {"F16", 2},
                                                           {"BF16", 2},
                                                           {"I32", 4},
                                                           {"U32", 4},
                                                           {"F32", 4},
                                                           {"F64", 8},
                                                           {"I64", 8},
                                                           {"U64", 8}}};

constexpr std::string_view name_of(DType type) { return dtype_traits[static_cast<std::size_t>(type)].name; }
constexpr std::size_t bytes_of(DType type) { return dtype_traits[static_cast<std::size_t>(type)].bytes; }
constexpr std::optional<DType> dtype_named(std::string_view name) {
  for (std::size_t i = 0; i < dtype_traits.size(); ++i)
    if (dtype_traits[i].name == name) return static_cast<DType>(i);
  return std::nullopt;
}

/// IEEE 754 half as it lies in files, beside `BFloat16`; it converts to float exactly.
struct Half {
  std::uint16_t bits = 0;
  constexpr operator float() const {
    const std::uint32_t sign = (bits & 0x8000U) << 16, exponent = (bits >> 10) & 31, fraction = bits & 0x3ffU;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000U | fraction << 13);
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
    const float tiny = static_cast<float>(fraction) * 0x1p-24F;  // zero and the subnormal numbers
    return sign != 0 ? -tiny : tiny;
  }
};

/// The stored kind of a C++ number type.
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, bool>)
    return DType::boolean;
  else if constexpr (std::is_same_v<T, float>)
    return DType::f32;
  else if constexpr (std::is_same_v<T, double>)
    return DType::f64;
  else if constexpr (std::is_same_v<T, Half>)
    return DType::f16;
  else if constexpr (std::is_same_v<T, BFloat16>)
    return DType::bf16;
  else {
    static_assert(std::is_integral_v<T>, "a number that a file can hold");
    constexpr bool plus = std::is_unsigned_v<T>;
    if constexpr (sizeof(T) == 1)
      return plus ? DType::u8 : DType::i8;
    else if constexpr (sizeof(T) == 2)
      return plus ? DType::u16 : DType::i16;
    else if constexpr (sizeof(T) == 4)
      return plus ? DType::u32 : DType::i32;
    else
      return plus ? DType::u64 : DType::i64;
  }
}

/// Calls f with a value of the C++ type that holds numbers of kind `type` (a byte for BOOL).
template <class F>
decltype(auto) with_stored_type(DType type, F&& f) {
  switch (type) {
    case DType::boolean:
    case DType::u8:
      return f(std::uint8_t{});
    case DType::i8:
      return f(std::int8_t{});
    case DType::i16:
      return f(std::int16_t{});
    case DType::u16:
      return f(std::uint16_t{});
    case DType::f16:
      return f(Half{});
    case DType::bf16:
      return f(BFloat16{});
    case DType::i32:
      return f(std::int32_t{});
    case DType::u32:
      return f(std::uint32_t{});
    case DType::f32:
      return f(float{});
    case DType::f64:
      return f(double{});
    case DType::i64:
      return f(std::int64_t{});
    case DType::u64:
      return f(std::uint64_t{});
  }
  fail("dtype", "kind of number", "one of the thirteen", static_cast<int>(type));
}

}  // namespace hashweave
