#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstring>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/io/checked.hpp>
#include <hashweave/io/dtype.hpp>
#include <hashweave/io/file.hpp>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// Extents, outermost first. No extents: a single number.
using Shape = std::vector<Size>;

/// `(2, 3)`, for messages.
inline std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text.append(i == 0 ? "" : ", ").append(std::to_string(shape[i]));
  return text + ")";
}

/// More extents than this are refused, so that a file cannot have long shapes copied many times.
inline constexpr std::size_t max_extents = 64;

/// How many numbers a shape holds and how many bytes they take, or nothing where an extent is negative, there are more
/// than `max_extents`, or the product does not fit.
inline std::optional<Size> count_of(const Shape& shape) {
  if (shape.size() > max_extents) return std::nullopt;
  std::optional<Size> count = 1;
  for (const Size extent : shape) {
    if (extent < 0) return std::nullopt;
    count = checked_multiply(*count, extent);
    if (!count) return std::nullopt;
  }
  return count;
}
inline std::optional<Size> bytes_of(DType type, const Shape& shape) {
  const auto count = count_of(shape);
  return count ? checked_multiply(*count, static_cast<Size>(bytes_of(type))) : std::nullopt;
}

/// Row-major: the last index runs fastest (C). Column-major: the first one does (Fortran, MATLAB; also a matrix whose
/// transpose is stored).
enum class Order : std::uint8_t { row_major, column_major };

/// Types that stored numbers convert to.
template <class T>
concept Number = std::integral<T> || std::floating_point<T>;

/// Numbers somewhere else in memory, at any address: what every reader gives and every writer takes.
/// `bytes` holds exactly the numbers of `shape`.
struct TensorView {
  DType dtype = DType::f32;
  Shape shape;
  Bytes bytes;
  Order order = Order::row_major;

  Size count() const { return static_cast<Size>(bytes.size() / bytes_of(dtype)); }
};

/// A tensor that keeps its file mapped, or its memory alive. Copies share.
struct StoredTensor : TensorView {
  std::shared_ptr<const void> owner;
};

/// A tensor to write under a name.
struct NamedTensor {
  std::string name;
  TensorView tensor;
};

/// A row-major view of numbers in memory. Throws `Error` unless there are as many as the shape says.
template <class T>
TensorView view_of(std::span<const T> numbers, Shape shape) {
  const auto count = count_of(shape);
  require(count && static_cast<std::size_t>(*count) == numbers.size(), "view_of",
          "numbers of shape " + to_string(shape), count ? std::to_string(*count) : "a shape", numbers.size());
  return {dtype_of<T>(), std::move(shape), std::as_bytes(numbers)};
}
template <class T>
TensorView view_of(const std::vector<T>& numbers, Shape shape) {
  return view_of(std::span<const T>{numbers}, std::move(shape));
}

namespace detail {

/// The number as a T. To an integer: nothing unless T holds it exactly. To a floating-point number: the nearest.
template <Number T, class Stored>
bool convert(Stored stored, T& to) {
  if constexpr (std::floating_point<T>) {
    if constexpr (std::integral<Stored> || std::floating_point<Stored>)
      to = static_cast<T>(stored);
    else
      to = static_cast<T>(static_cast<float>(stored));
    return true;
  } else if constexpr (std::integral<Stored>) {
    if constexpr (std::same_as<T, bool>) {
      if (stored != 0 && stored != 1) return false;
    } else if (!std::in_range<T>(stored)) {
      return false;
    }
    to = static_cast<T>(stored);
    return true;
  } else {
    const auto value = [&] {
      if constexpr (std::same_as<Stored, double>)
        return stored;
      else
        return static_cast<double>(static_cast<float>(stored));
    }();
    constexpr int bits = std::numeric_limits<T>::digits;
    const double low = std::is_signed_v<T> ? -std::ldexp(1.0, bits) : 0.0;
    if (!(value >= low && value < std::ldexp(1.0, bits)) || value != std::trunc(value)) return false;
    to = static_cast<T>(value);
    return true;
  }
}

/// A number as messages write it: a byte is no letter.
template <class Stored>
auto printable(Stored stored) {
  if constexpr (std::integral<Stored>)
    return +stored;
  else if constexpr (std::same_as<Stored, double>)
    return stored;
  else
    return static_cast<float>(stored);
}

/// Visits the places of a column-major tensor's numbers in row-major order: f(row-major place, stored place).
template <class F>
void for_each_transposed(const Shape& shape, Size count, F&& f) {
  if (count == 0) return;
  std::vector<Size> index(shape.size(), 0), stride(shape.size(), 1);
  for (std::size_t d = 1; d < shape.size(); ++d) stride[d] = stride[d - 1] * shape[d - 1];
  Size stored = 0;
  for (Size i = 0; i < count; ++i) {
    f(i, stored);
    for (std::size_t d = shape.size(); d-- > 0;) {
      stored += stride[d];
      if (++index[d] < shape[d]) break;
      stored -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
}

}  // namespace detail

/// Copies a tensor's numbers into `out`, row-major, converted to T. `where` names the tensor in messages.
/// To floating point: rounded to the nearest. To integers: Throws `Error` at a number that T cannot hold exactly.
/// Throws `Error` unless `out` is as long as the tensor.
template <Number T>
void copy_values(const TensorView& from, std::span<T> out, std::string_view where) {
  const Size count = from.count();
  require(static_cast<Size>(out.size()) == count, where, "numbers of shape " + to_string(from.shape), count,
          out.size());
  if (count == 0) return;
  if constexpr (!std::same_as<T, bool>)
    if (from.order == Order::row_major && from.dtype == dtype_of<T>()) {
      std::memcpy(out.data(), from.bytes.data(), from.bytes.size());
      return;
    }
  with_stored_type(from.dtype, [&]<class Stored>(Stored) {
    const auto one = [&](Size to, Size at) {
      Stored stored;
      std::memcpy(&stored, from.bytes.data() + static_cast<std::size_t>(at) * sizeof stored, sizeof stored);
      if (!detail::convert(stored, out[static_cast<std::size_t>(to)])) [[unlikely]]
        fail(where, "number " + std::to_string(to), "one that " + std::string{name_of(dtype_of<T>())} + " can hold",
             detail::printable(stored));
    };
    if (from.order == Order::row_major)
      for (Size i = 0; i < count; ++i) one(i, i);
    else
      detail::for_each_transposed(from.shape, count, one);
  });
}

/// A tensor's numbers, row-major, converted to T as `copy_values` does.
template <Number T>
std::vector<T> values(const TensorView& from, std::string_view where = "tensor") {
  static_assert(!std::same_as<T, bool>, "std::vector<bool> has no memory to copy to: ask for std::uint8_t");
  std::vector<T> out(static_cast<std::size_t>(from.count()));
  copy_values(from, std::span<T>{out}, where);
  return out;
}

/// A tensor's numbers where they lie, without a copy. Throws `Error` unless they are stored as T, row-major and
/// aligned.
template <class T>
std::span<const T> span_of(const TensorView& from, std::string_view where = "tensor") {
  require(from.dtype == dtype_of<T>(), where, "kind of number", name_of(dtype_of<T>()), name_of(from.dtype));
  require(from.order == Order::row_major, where, "order", "row-major", "column-major");
  require(reinterpret_cast<std::uintptr_t>(from.bytes.data()) % alignof(T) == 0, where, "address",
          "a multiple of " + std::to_string(alignof(T)), "another: copy with values()");
  return {reinterpret_cast<const T*>(from.bytes.data()), from.bytes.size() / sizeof(T)};
}

/// Named tensors of one file or of several: what a checkpoint reader gives, whatever the format.
class TensorFile {
 public:
  TensorFile(std::string where, std::map<std::string, StoredTensor, std::less<>> tensors)
      : where_{std::move(where)}, tensors_{std::move(tensors)} {}

  /// The path, for messages.
  const std::string& where() const { return where_; }
  const std::map<std::string, StoredTensor, std::less<>>& tensors() const& { return tensors_; }
  void tensors() const&& = delete;  // a loop over a temporary's tensors would run over freed memory
  bool contains(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  /// Throws `Error` where there is none of that name.
  const StoredTensor& at(std::string_view name) const& {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) [[unlikely]]
      fail(where_, "tensor", legible(name), "none of that name among " + std::to_string(tensors_.size()));
    return found->second;
  }
  StoredTensor at(std::string_view name) && { return std::as_const(*this).at(name); }
  const Shape& shape(std::string_view name) const { return at(name).shape; }
  /// See `hashweave::values`.
  template <Number T>
  std::vector<T> values(std::string_view name) const {
    return hashweave::values<T>(at(name), at_tensor(name));
  }
  /// See `copy_values`.
  template <Number T>
  void copy(std::string_view name, std::span<T> out) const {
    copy_values(at(name), out, at_tensor(name));
  }

 private:
  std::string at_tensor(std::string_view name) const { return where_ + ", tensor " + legible(name); }
  std::string where_;
  std::map<std::string, StoredTensor, std::less<>> tensors_;
};

}  // namespace hashweave
