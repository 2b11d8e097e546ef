#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <memory>
#include <string>

namespace hashweave {

/// A rectangle of pixels: rows [top, top + height), columns [left, left + width).
struct Box {
  Size top = 0, left = 0, height = 0, width = 0;

  friend constexpr bool operator==(const Box&, const Box&) = default;
};

/// Pixels somewhere else in memory: RGB, 8 bits a channel, row-major (height, width, 3); rows lie `stride` bytes apart.
struct ImageView {
  const std::uint8_t* data = nullptr;
  Size height = 0;
  Size width = 0;
  Size stride = 0;

  constexpr const std::uint8_t* row(Size y) const { return data + y * stride; }
  constexpr const std::uint8_t* pixel(Size y, Size x) const { return row(y) + 3 * x; }
};

/// @throws Error unless the box holds a pixel and lies within an image of (height, width).
inline void require_within(const Box& box, Size height, Size width, const char* where) {
  const bool inside = box.top >= 0 && box.left >= 0 && box.height > 0 && box.width > 0 && box.height <= height &&
                      box.width <= width && box.top <= height - box.height && box.left <= width - box.width;
  if (inside) return;
  const auto text = [](Size h, Size w) { return std::to_string(h) + " x " + std::to_string(w); };
  fail(where, "box", "one within " + text(height, width),
       text(box.height, box.width) + " at (" + std::to_string(box.top) + ", " + std::to_string(box.left) + ")");
}

/// The part of an image inside a box; no pixel is copied.
/// @throws Error unless the box holds a pixel and lies within the image.
inline ImageView crop(ImageView image, const Box& box) {
  require_within(box, image.height, image.width, "crop");
  return {image.pixel(box.top, box.left), box.height, box.width, image.stride};
}

/// An image that owns its pixels: RGB, 8 bits a channel, row-major (height, width, 3), without gaps.
class Image {
 public:
  Image() = default;
  /// An image of that size, its pixels not initialised. @throws Error when an extent is negative.
  Image(Size height, Size width) : height_{height}, width_{width} {
    require(height >= 0 && width >= 0, "Image", "height and width", "none below 0", std::min(height, width));
    data_ = std::make_unique_for_overwrite<std::uint8_t[]>(bytes());
  }
  /// A copy of pixels that lie elsewhere.
  explicit Image(ImageView other) : Image(other.height, other.width) {
    for (Size y = 0; y < height_; ++y) std::memcpy(row(y), other.row(y), static_cast<std::size_t>(3 * width_));
  }
  Image(const Image& other) : Image(other.view()) {}
  Image(Image&& other) noexcept { swap(other); }
  Image& operator=(Image other) noexcept {
    swap(other);
    return *this;
  }
  ~Image() = default;

  Size height() const { return height_; }
  Size width() const { return width_; }
  std::size_t bytes() const { return static_cast<std::size_t>(3 * height_ * width_); }
  std::uint8_t* data() { return data_.get(); }
  const std::uint8_t* data() const { return data_.get(); }
  std::uint8_t* row(Size y) { return data_.get() + 3 * width_ * y; }
  const std::uint8_t* row(Size y) const { return data_.get() + 3 * width_ * y; }
  ImageView view() const { return {data_.get(), height_, width_, 3 * width_}; }
  operator ImageView() const { return view(); }

  friend bool operator==(const Image& a, const Image& b) {
    return a.height_ == b.height_ && a.width_ == b.width_ && std::equal(a.data(), a.data() + a.bytes(), b.data());
  }

 private:
  void swap(Image& other) noexcept {
    std::swap(height_, other.height_);
    std::swap(width_, other.width_);
    std::swap(data_, other.data_);
  }

  Size height_ = 0, width_ = 0;
  std::unique_ptr<std::uint8_t[]> data_;
};

}  // namespace hashweave
