#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <hashweave/io/tensor.hpp>
#include <limits>
#include <vector>

using namespace hashweave;

TEST_CASE("Half and bfloat16 convert to float exactly", "[io]") {
  const auto half = [](std::uint16_t bits) { return static_cast<float>(Half{bits}); };
  CHECK(half(0x3c00) == 1.0F);
  CHECK(half(0xc000) == -2.0F);
  CHECK(half(0x7bff) == 65504.0F);
  CHECK(half(0x0400) == 0x1p-14F);
  CHECK(half(0x0001) == 0x1p-24F);
  CHECK(half(0x83ff) == -1023 * 0x1p-24F);
  CHECK(std::signbit(half(0x8000)));
  CHECK(half(0x7c00) == std::numeric_limits<float>::infinity());
  CHECK(half(0xfc00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(half(0x7e00)));
  CHECK(static_cast<float>(BFloat16{0x3f80}) == 1.0F);
  CHECK(static_cast<float>(BFloat16{0xc0a0}) == -5.0F);
}

TEST_CASE("Shapes know their count, or that they do not fit", "[io]") {
  constexpr Size most = std::numeric_limits<Size>::max();
  CHECK(count_of({}) == 1);
  CHECK(count_of({2, 3, 4}) == 24);
  CHECK(count_of({most, 0}) == 0);
  CHECK(!count_of({most, 2}));
  CHECK(!count_of({-1, -1}));
  CHECK(count_of(Shape(64, 1)) == 1);
  CHECK(!count_of(Shape(65, 1)));
  CHECK(bytes_of(DType::f64, {2, 3}) == 48);
  CHECK(!bytes_of(DType::f64, {most / 4}));
  CHECK(to_string(Shape{2, 3}) == "(2, 3)");
}

TEST_CASE("Stored numbers convert to those asked for, or are refused", "[io]") {
  const std::vector<double> stored{0, -1, 2.5, 1e300};
  const auto view = view_of(stored, {4});
  CHECK(values<double>(view) == stored);
  CHECK(values<float>(view)[2] == 2.5F);
  CHECK_THROWS_WITH(values<int>(view, "f, tensor x"), "f, tensor x: number 2: expected one that I32 can hold, got 2.5");
  CHECK_THROWS_WITH(values<unsigned>(view), "tensor: number 1: expected one that U32 can hold, got -1");
  const std::vector<double> edges{0x1p63};
  CHECK(values<std::uint64_t>(view_of(edges, {})) == std::vector{std::uint64_t{1} << 63});
  CHECK_THROWS_AS(values<std::int64_t>(view_of(edges, {})), Error);
  const std::vector<float> nan{std::nanf("")};
  CHECK_THROWS_AS(values<int>(view_of(nan, {1})), Error);
  const std::vector<std::int64_t> whole{0, 255, 256};
  CHECK(values<float>(view_of(whole, {3})) == std::vector<float>{0, 255, 256});
  CHECK_THROWS_WITH(values<std::uint8_t>(view_of(whole, {3})),
                    "tensor: number 2: expected one that U8 can hold, got 256");
  std::array<bool, 3> flags{};
  const std::vector<std::uint8_t> bits{1, 0, 1};
  copy_values(view_of(bits, {3}), std::span<bool>{flags}, "flags");
  CHECK((flags[0] && !flags[1] && flags[2]));
  const std::vector<std::uint8_t> two{2};
  CHECK_THROWS_AS(copy_values(view_of(two, {1}), std::span<bool>{flags}.first(1), "flags"), Error);
}

TEST_CASE("Column-major numbers come out row-major", "[io]") {
  const std::vector<int> stored{0, 1, 2, 3, 4, 5};
  auto view = view_of(stored, {2, 3});
  view.order = Order::column_major;
  CHECK(values<int>(view) == std::vector{0, 2, 4, 1, 3, 5});
  std::vector<int> many(24);
  for (int i = 0; i < 24; ++i) many[static_cast<std::size_t>(i)] = i;
  auto cube = view_of(many, {2, 3, 4});
  cube.order = Order::column_major;
  const auto out = values<int>(cube);
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 4; ++k) CHECK(out[(i * 3 + j) * 4 + k] == static_cast<int>(i + 2 * (j + 3 * k)));
}

TEST_CASE("Numbers are seen in place only as what they are", "[io]") {
  const std::vector<float> stored{1, 2, 3, 4};
  auto view = view_of(stored, {2, 2});
  CHECK(span_of<float>(view).data() == stored.data());
  CHECK_THROWS_WITH(span_of<double>(view, "x"), "x: kind of number: expected F64, got F32");
  auto shifted = view;
  shifted.bytes = view.bytes.subspan(1, 8);
  CHECK_THROWS_WITH(span_of<float>(shifted),
                    "tensor: address: expected a multiple of 4, got another: copy with values()");
  view.order = Order::column_major;
  CHECK_THROWS_WITH(span_of<float>(view), "tensor: order: expected row-major, got column-major");
  CHECK_THROWS_WITH(view_of(stored, {3}), "view_of: numbers of shape (3): expected 3, got 4");
  std::vector<float> out(3);
  CHECK_THROWS_WITH(copy_values(view, std::span{out}, "x"), "x: numbers of shape (2, 2): expected 4, got 3");
}

TEST_CASE("Names from files are legible in messages", "[io]") {
  CHECK(legible("größe") == "größe");
  CHECK(legible(std::string_view{"a\0\x1b[2J\x7f", 7}) == "a\\x00\\x1b[2J\\x7f");
  CHECK(legible(std::string(300, 'x')) == std::string(200, 'x') + "...");
}
