#include <catch2/catch.hpp>
#include <hashweave/io/onnx.hpp>
#include <io/files.hpp>
#include <io/protobuf_writer.hpp>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

std::string initializer(const std::string& rest, std::string_view name = "w") {
  return field(5, rest + field(8, name));
}
std::string message_of_onnx(const std::string& text) {
  return test::message_of([&] { parse_onnx(blob(text), "m"); });
}
std::string message_of_tensor(const std::string& rest) { return message_of_onnx(field(7, initializer(rest))); }

}  // namespace

TEST_CASE("Weights of an ONNX model have the names and the layout of the modules", "[io]") {
  const OnnxWeights file = open_onnx(test_file("io/data/onnx/constants.onnx"));
  CHECK(file.nodes().size() == 7);
  CHECK(file.values<float>("encoder.fc.bias") == std::vector<float>{1, 2, 3});
  CHECK(file.shape("encoder.fc.weight") == Shape{3, 2});  // from (2, 3) = (in, out)
  CHECK(file.values<float>("encoder.fc.weight") == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(!file.contains("onnx::MatMul_17"));
  CHECK(file.values<float>("encoder.Add_1.1") == std::vector<float>{5, 6, 7});
  CHECK(file.values<float>("encoder.proj.weight") == std::vector<float>{0, 3, 6, 1, 4, 7, 2, 5, 8});
  CHECK(file.values<float>("encoder.tied.weight") == file.values<float>("encoder.proj.weight"));
  CHECK(file.shape("head.weight") == Shape{2, 3});  // Gemm with transB has the layout of Linear
  CHECK(file.values<float>("head.weight") == std::vector<float>{10, 11, 12, 13, 14, 15});
  CHECK(file.values<float>("other.bias") == std::vector<float>{1, 2, 3});
}

TEST_CASE("ONNX numbers are read raw and as lists, in every kind", "[io]") {
  const OnnxWeights file = open_onnx(test_file("io/data/onnx/constants.onnx"));
  CHECK(file.values<float>("half") == std::vector<float>{1.5, -2});
  CHECK(file.values<double>("double") == std::vector{0.1});
  CHECK(file.values<float>("listed") == std::vector<float>{1, 2, 3, 4});
  CHECK(file.shape("listed") == Shape{2, 2});
  CHECK(file.at("listed_half").dtype == DType::f16);
  CHECK(file.values<float>("listed_half") == std::vector<float>{0.5, -4});
  CHECK(file.values<std::int64_t>("listed_long") == std::vector<std::int64_t>{-1, 0, std::int64_t{1} << 40});
  CHECK(file.values<int>("listed_int") == std::vector{-7, 7});
  CHECK(file.values<double>("listed_double") == std::vector{0.25});
  CHECK(file.values<int>("scalar") == std::vector{4});
  const std::string one_by_one = field(7, initializer(field(2, std::uint64_t{1}) + field(1, std::uint64_t{2}) +
                                                      varint(4 << 3 | 5) + le(1.5F) + varint(4 << 3 | 5) + le(-1.0F)));
  CHECK(parse_onnx(blob(one_by_one), "m").values<float>("w") == std::vector<float>{1.5, -1});
}

TEST_CASE("A constant that no module takes keeps its name", "[io]") {
  const std::string w =
      initializer(field(1, std::uint64_t{1}) + field(2, std::uint64_t{1}) + field(9, le(2.0F)), "onnx::Mul_1");
  const std::string node = field(1, field(1, "onnx::Mul_1") + field(3, "Mul_7") + field(4, "Mul"));
  const std::string text = field(7, w + node);
  CHECK(parse_onnx(blob(text), "m").values<float>("onnx::Mul_1") == std::vector{2.0F});
}

TEST_CASE("Each fault in an ONNX file has its own message", "[io]") {
  const std::string f32 = field(2, std::uint64_t{1}), two = field(1, std::uint64_t{2});
  CHECK(message_of_tensor(f32 + two + field(9, le(1.0F) + le(2.0F))) == "no error");
  CHECK(message_of_onnx("") == "m: model: expected one with a graph, got none: this is no ONNX model");
  CHECK(message_of_onnx(field(7, "") + field(7, "")) == "m: graphs of the model: expected one, got another");
  CHECK(message_of_onnx(field(7, std::uint64_t{1})) == "m: wire type of field 7: expected 2, got 0");
  CHECK(message_of_onnx(std::string{"\x3a\x05"} + "ab") == "m: field 7 at byte 2: expected 5 bytes, got 2 left");
  CHECK(message_of_onnx(std::string(11, '\xff')) == "m: varint: expected at most 64 bits, got more");
  CHECK(message_of_onnx(std::string{"\x02\x00", 2}) == "m: number of a field: expected 1 to 536870911, got 0");
  CHECK(message_of_onnx("\x0b") == "m: wire type of field 1: expected 0, 1, 2 or 5, got 3");
  CHECK(message_of_onnx(field(7, field(5, f32))) == "m: name of an initializer: expected one, got none");
  CHECK(message_of_onnx(field(7, initializer(f32 + field(9, le(1.0F))) + initializer(f32 + field(9, le(1.0F))))) ==
        "m: names of initializers: expected each once, got 'w' twice");
  const std::string w = "m, tensor w: ";
  CHECK(message_of_tensor(f32 + two + field(9, le(1.0F))) == w + "bytes of F32 (2): expected 8, got 4");
  CHECK(message_of_tensor(f32 + two) == w + "bytes of F32 (2): expected 8, got 0");
  CHECK(message_of_tensor(f32 + field(1, ~std::uint64_t{0})) == "m, initializer: extent: expected at least 0, got -1");
  CHECK(message_of_tensor(f32 + field(1, std::uint64_t{1} << 62) + two) ==
        w + "shape: expected one that fits into memory, got (4611686018427387904, 2)");
  CHECK(message_of_tensor(f32 + field(9, le(1.0F)) + field(4, le(1.0F))) ==
        w + "numbers: expected given once, got given raw and as a list");
  CHECK(message_of_tensor(f32 + field(10, le(1.0))) == w + "field of the numbers of F32: expected 4, got 10");
  CHECK(message_of_tensor(f32 + field(4, std::uint64_t{1})) ==
        w + "wire type of the numbers: expected that of their kind, got 0");
  CHECK(message_of_tensor(field(2, std::uint64_t{14})) ==
        w + "kind of number: expected one of FLOAT, DOUBLE, FLOAT16, BFLOAT16, BOOL and whole numbers, got COMPLEX64");
  CHECK(message_of_tensor(f32 + field(3, "")) == "m, initializer: tensor: expected one in a piece, got a segment");
  CHECK(message_of_onnx(content_of(test_file("io/data/onnx/string.onnx"))).ends_with("and whole numbers, got STRING"));
  CHECK(message_of_onnx(content_of(test_file("io/data/onnx/external.onnx"))) ==
        "m, tensor far: numbers: expected in the file itself, got external data: save the model as one file");
}
