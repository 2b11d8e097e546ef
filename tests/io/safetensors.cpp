#include <catch2/catch.hpp>
#include <cmath>
#include <hashweave/io/safetensors.hpp>
#include <hashweave/io/safetensors_writer.hpp>
#include <io/files.hpp>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

/// A file with this header, padded to a multiple of 8, and `data` zero bytes.
std::string file_of(std::string header, std::size_t data) {
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return le(std::uint64_t{header.size()}) + header + std::string(data, '\0');
}
std::string message_of_safetensors(const std::string& text) {
  return test::message_of([&] { parse_safetensors(blob(text), "m"); });
}
std::string tensor(std::string_view name, std::string_view rest) {
  return "\"" + std::string{name} + "\":{" + std::string{rest} + "}";
}
const std::string four = R"("dtype":"F32","shape":[1],"data_offsets":[0,4])";

}  // namespace

TEST_CASE("A safetensors file of the reference implementation is read", "[io]") {
  const auto path = test_file("io/data/safetensors/kinds.safetensors");
  const SafeTensors file = open_safetensors(path);
  CHECK(file.tensors().size() == 8);
  CHECK(file.metadata() == SafeTensors::Metadata{{"format", "np"}});
  CHECK(file.shape("b") == Shape{2, 3});
  CHECK(file.values<float>("b") == std::vector<float>{0, 1, 2, 3, 4, 5});
  CHECK(span_of<float>(file.at("b"))[5] == 5);
  CHECK(file.values<std::int64_t>("a") == std::vector<std::int64_t>{1, -2});
  CHECK(file.values<float>("half") == std::vector<float>{1.5F, -2, 65504, 0x1p-24F, INFINITY});
  CHECK(file.values<int>("bytes") == std::vector{7, 8, 255});
  CHECK(file.values<double>("scalar") == std::vector{3.25});
  CHECK(file.shape("scalar").empty());
  CHECK(file.shape("empty") == Shape{0, 4});
  CHECK(file.values<float>("empty").empty());
  CHECK(file.values<int>("flags") == std::vector{1, 0});
  CHECK(file.values<float>("größe \"x\"") == std::vector{-1.0F});
  CHECK_THROWS_WITH(file.at("c"), path.string() + ": tensor: expected c, got none of that name among 8");
  CHECK_THROWS_WITH(file.values<std::int8_t>("bytes"),
                    path.string() + ", tensor bytes: number 2: expected one that I8 can hold, got 255");
  std::vector<float> out(6);
  file.copy("b", std::span{out});
  CHECK(out[4] == 4);
  const SafeTensors empty = open_safetensors(test_file("io/data/safetensors/empty.safetensors"));
  CHECK(empty.tensors().empty());
}

TEST_CASE("A written safetensors file has the bytes of the reference implementation", "[io]") {
  const TemporaryFolder folder;
  const auto path = test_file("io/data/safetensors/kinds.safetensors");
  const SafeTensors file = open_safetensors(path);
  std::vector<NamedTensor> tensors;
  for (const auto& [name, stored] : file.tensors()) tensors.push_back({name, stored});
  write_safetensors(folder / "copy", tensors, file.metadata());
  CHECK(content_of(folder / "copy") == content_of(path));
  write_safetensors(folder / "empty", {});
  CHECK(content_of(folder / "empty") == content_of(test_file("io/data/safetensors/empty.safetensors")));
}

TEST_CASE("Tensors survive writing and reading, whatever their kind", "[io]") {
  const TemporaryFolder folder;
  const std::vector<float> f{1, -0.0F, std::nanf(""), INFINITY};
  const std::vector<double> d{0.1};
  const std::vector<std::int64_t> i{-5, 5};
  const std::vector<std::uint8_t> u{1, 2, 3};
  const std::vector<BFloat16> b{{0x3f80}};
  write_safetensors(folder / "x",
                    {{"f", view_of(f, {2, 2})},
                     {"d", view_of(d, {})},
                     {"i", view_of(i, {2, 1})},
                     {"u", view_of(u, {3})},
                     {"b", view_of(b, {1})},
                     {"none", view_of(std::vector<float>{}, {3, 0})}},
                    {{"step", "7"}, {"a\"b", "\n"}});
  const SafeTensors file = open_safetensors(folder / "x");
  CHECK(file.metadata() == SafeTensors::Metadata{{"step", "7"}, {"a\"b", "\n"}});
  CHECK(std::memcmp(file.at("f").bytes.data(), f.data(), 16) == 0);
  CHECK(file.values<double>("d") == d);
  CHECK(file.values<std::int64_t>("i") == i);
  CHECK(file.values<std::uint8_t>("u") == u);
  CHECK(file.values<float>("b") == std::vector{1.0F});
  CHECK(file.shape("none") == Shape{3, 0});
  CHECK(load_number<std::uint64_t>(map_file(folder / "x").bytes.data()) % 8 == 0);
}

TEST_CASE("What safetensors cannot hold is not written, and the old file stays", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "x";
  put(path, "old");
  const std::vector<float> f{1, 2, 3, 4};
  auto columns = view_of(f, {2, 2});
  columns.order = Order::column_major;
  const TensorView wrong{DType::f32, {3}, std::as_bytes(std::span{f})};
  CHECK_THROWS_WITH(write_safetensors(path, {{"a", view_of(f, {4})}, {"a", view_of(f, {4})}}),
                    path.string() + ": tensor names: expected each once, none of them __metadata__, got a");
  CHECK_THROWS_AS(write_safetensors(path, {{"__metadata__", view_of(f, {4})}}), Error);
  CHECK_THROWS_WITH(write_safetensors(path, {{"a", columns}}),
                    path.string() + ", tensor a: order: expected row-major, got column-major");
  CHECK_THROWS_WITH(write_safetensors(path, {{"a", wrong}}),
                    path.string() + ", tensor a: bytes of shape (3): expected 12, got 16");
  CHECK_THROWS_WITH(write_safetensors(path, {{"\xff", view_of(f, {4})}}),
                    Catch::Matchers::StartsWith(path.string() + ": string: expected UTF-8, got "));
  CHECK(content_of(path) == "old");
}

TEST_CASE("Each fault in a safetensors file has its own message", "[io]") {
  const std::string entry = tensor("x", four);
  CHECK(message_of_safetensors(file_of("{" + entry + "}", 4)) == "no error");
  CHECK(message_of_safetensors("1234567") == "m: length of the header at byte 0: expected 8 bytes, got 7 left");
  CHECK(message_of_safetensors(le(std::uint64_t{100'000'001}) + "{}") ==
        "m: bytes of the header: expected at most 100000000, got 100000001");
  CHECK(message_of_safetensors(le(~std::uint64_t{0}) + "{}") ==
        "m: bytes of the header: expected at most 100000000, got 18446744073709551615");
  CHECK(message_of_safetensors(le(std::uint64_t{3}) + "{}") == "m: header at byte 8: expected 3 bytes, got 2 left");
  CHECK(message_of_safetensors(le(std::uint64_t{0})) == "m: first byte of the header: expected {, got none");
  CHECK(message_of_safetensors(file_of(" {}", 0)) == "m: first byte of the header: expected {, got 32");
  CHECK(message_of_safetensors(file_of("{} x", 0)).starts_with("m: header: expected JSON, got parse error at line 1"));
  CHECK(message_of_safetensors(file_of("{", 0)).starts_with("m: header: expected JSON, got parse error"));
  CHECK(message_of_safetensors(file_of("{\"\xff\":1}", 0)).find("invalid string: ill-formed UTF-8") !=
        std::string::npos);
  CHECK(message_of_safetensors(file_of(std::string{"{}\0{}", 5}, 0)) ==
        "m: JSON text: expected no zero byte, got one at byte 2");
  CHECK(message_of_safetensors(file_of("{\"x\":1}", 0)) ==
        "m, tensor x: header: expected an object for each tensor, got a number");
  CHECK(message_of_safetensors(file_of("{\"x\":[]}", 0)) ==
        "m, tensor x: header: expected an object for each tensor, got a list");
  CHECK(message_of_safetensors(file_of("{" + entry + "," + entry + "}", 4)) ==
        "m: tensor names: expected each once, got 'x' twice");
  CHECK(message_of_safetensors(file_of(R"({"__metadata__":{"a":"1","a":"2"}})", 0)) ==
        "m, __metadata__: keys: expected each once, got 'a' twice");
  CHECK(message_of_safetensors(file_of(R"({"__metadata__":{},"__metadata__":{}})", 0)) ==
        "m: __metadata__: expected once, got twice");
  CHECK(message_of_safetensors(file_of(R"({"__metadata__":{"a":1}})", 0)) ==
        "m, __metadata__: a: expected a string, got a number");
  CHECK(message_of_safetensors(file_of("{" + tensor("x", R"("dtype":"F32","shape":[1])") + "}", 4)) ==
        "m, tensor x: entry: expected dtype, shape and data_offsets, got fewer");
  CHECK(message_of_safetensors(file_of("{" + tensor("x", four + R"(,"stride":1)") + "}", 4)) ==
        "m, tensor x: entry: expected dtype, shape and data_offsets, got 'stride'");
  CHECK(message_of_safetensors(file_of("{" + tensor("x", four + R"(,"dtype":"F32")") + "}", 4)) ==
        "m, tensor x: keys: expected each once, got 'dtype' twice");
  CHECK(message_of_safetensors(
            file_of("{" + tensor("x", R"("dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4])") + "}", 4)) ==
        "m, tensor x: dtype: expected BOOL, [IU]8/16/32/64, F16, BF16, F32 or F64, got F8_E4M3");
  const auto shaped = [](std::string_view shape, std::string_view offsets) {
    return "{" +
           tensor("x",
                  R"("dtype":"F32","shape":)" + std::string{shape} + R"(,"data_offsets":)" + std::string{offsets}) +
           "}";
  };
  const std::string numbers = "expected a list of whole numbers that are not negative, got ";
  CHECK(message_of_safetensors(file_of(shaped("[-1]", "[0,4]"), 4)) == "m, tensor x: shape: " + numbers + "-1");
  CHECK(message_of_safetensors(file_of(shaped("[1.0]", "[0,4]"), 4)) == "m, tensor x: shape: " + numbers + "1.0");
  CHECK(message_of_safetensors(file_of(shaped("[[1]]", "[0,4]"), 4)) == "m, tensor x: shape: " + numbers + "a list");
  CHECK(message_of_safetensors(file_of(shaped("[\"1\"]", "[0,4]"), 4)) ==
        "m, tensor x: shape: " + numbers + "a string");
  CHECK(message_of_safetensors(file_of(shaped("{}", "[0,4]"), 4)) == "m, tensor x: shape: " + numbers + "an object");
  CHECK(message_of_safetensors(file_of(shaped("1", "[0,4]"), 4)) == "m, tensor x: shape: " + numbers + "a number");
  CHECK(message_of_safetensors(file_of(shaped("[1]", "[null]"), 4)) ==
        "m, tensor x: data_offsets: " + numbers + "null");
  CHECK(message_of_safetensors(file_of(shaped("[1]", "[0]"), 4)) ==
        "m, tensor x: data_offsets: expected 2 numbers, got 1");
  CHECK(message_of_safetensors(file_of(shaped("[9223372036854775808]", "[0,4]"), 4)) ==
        "m, tensor x: extent: expected at most 9223372036854775807, got 9223372036854775808");
  CHECK(message_of_safetensors(file_of(shaped("[4611686018427387904,4]", "[0,4]"), 4)) ==
        "m, tensor x: shape: expected one that fits into memory, got (4611686018427387904, 4)");
  CHECK(message_of_safetensors(file_of(shaped("[2]", "[0,4]"), 4)) ==
        "m, tensor x: bytes of F32 (2): expected 8, got 4");
  CHECK(message_of_safetensors(file_of(shaped("[1]", "[0,4]"), 3)) ==
        "m, tensor x: end of the data: expected 0 to 3, got 4");
  CHECK(message_of_safetensors(file_of(shaped("[1]", "[0,4]"), 5)) == "m: bytes of data: expected 4, got 5");
  CHECK(message_of_safetensors(file_of(shaped("[1]", "[4,8]"), 8)) ==
        "m, tensor x: begin of the data: expected 0 (no gap, no overlap), got 4");
  const auto two = [](std::string_view second) {
    return "{" + tensor("x", four) + "," +
           tensor("y", R"("dtype":"F32","shape":[1],"data_offsets":)" + std::string{second}) + "}";
  };
  CHECK(message_of_safetensors(file_of(two("[4,8]"), 8)) == "no error");
  CHECK(message_of_safetensors(file_of(two("[5,9]"), 9)) ==
        "m, tensor y: begin of the data: expected 4 (no gap, no overlap), got 5");
  CHECK(message_of_safetensors(file_of(two("[3,7]"), 7)) ==
        "m, tensor y: begin of the data: expected 4 (no gap, no overlap), got 3");
  CHECK(message_of_safetensors(file_of(two("[4,3]"), 8)) == "m, tensor y: end of the data: expected 4 to 8, got 3");
  CHECK(message_of_safetensors(file_of(two("[0,4]"), 4)) ==
        "m, tensor y: begin of the data: expected 4 (no gap, no overlap), got 0");
}

TEST_CASE("Tensors of several files are found through an index, or in a folder", "[io]") {
  const auto folder = test_file("io/data/sharded");
  for (const auto& path : {folder, folder / "model.safetensors.index.json"}) {
    const SafeTensors file = open_safetensors(path);
    CHECK(file.tensors().size() == 2);
    CHECK(file.values<float>("x") == std::vector<float>{0, 1, 2, 3});
    CHECK(file.values<float>("y") == std::vector<float>{5, 6});
    CHECK(file.metadata() == SafeTensors::Metadata{{"format", "pt"}});
  }
  const TemporaryFolder other;
  CHECK_THROWS_WITH(open_safetensors(other.path()),
                    other.path().string() +
                        ": folder: expected model.safetensors or model.safetensors.index.json in it, got neither");
  const std::vector<float> one{1};
  write_safetensors(other / "model.safetensors", {{"only", view_of(one, {1})}});
  CHECK(open_safetensors(other.path()).contains("only"));
}

TEST_CASE("An index that is damaged or leads astray is refused", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "i.json";
  const auto message = [&](std::string_view text) -> std::string {
    put(path, text);
    try {
      open_safetensors(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  const std::vector<float> one{1};
  write_safetensors(folder / "a", {{"x", view_of(one, {1})}});
  const std::string p = path.string();
  CHECK(message(R"({"weight_map":{"x":"a"}})") == "no error");
  CHECK(message("[]") == p + ": index: expected an object with a weight_map, got another");
  CHECK(message(R"({"weight_map":[]})") == p + ": index: expected an object with a weight_map, got another");
  CHECK(message(R"({"weight_map":{"x":1}})") == p + ": file of tensor x: expected a string, got number");
  for (const char* name : {"", ".", "..", "../a", "/etc/passwd", "a\\\\b"})
    CHECK(message(R"({"weight_map":{"x":")" + std::string{name} + "\"}}").find("expected a name without a folder") !=
          std::string::npos);
  CHECK(message(R"({"weight_map":{"x":"a","x":"a"}})") == p + ": keys of an object: expected each once, got 'x' twice");
  CHECK(message(R"({"weight_map":{"y":"a"}})") ==
        (folder / "a").string() + ": tensor: expected y, got none of that name among 1");
  CHECK(message(R"({"weight_map":{"y":"b"}})").starts_with((folder / "b").string() + ": opening it for reading: "));
  CHECK(message(R"({"weight_map":{)").starts_with(p + ": text: expected JSON, got parse error"));
  CHECK(message(std::string(65, '[') + std::string(65, ']')) == p + ": depth of JSON: expected at most 64, got 65");
  CHECK_THROWS_WITH(parse_json("{} ", "j", {2, 64}), "j: bytes of JSON: expected at most 2, got 3");
  CHECK_THROWS_WITH(parse_json("\xEF\xBB\xBF{}", "j"), "j: JSON text: expected no byte order mark, got one");
}
