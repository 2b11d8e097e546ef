#include <catch2/catch.hpp>
#include <data/dataset_samples.hpp>
#include <hashweave/data/dataset.hpp>
#include <hashweave/io/npz.hpp>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;
using Strings = std::vector<std::string>;
using Places = std::vector<Size>;

namespace {

/// Matrices to write: numbers 0, 1, 2... or those given.
struct Arrays {
  std::vector<std::vector<float>> memory;
  std::vector<NamedTensor> arrays;

  Arrays& add(const std::string& name, Shape shape, std::vector<float> values = {}) {
    if (values.empty()) {
      values.resize(static_cast<std::size_t>(count_of(shape).value()));
      std::iota(values.begin(), values.end(), 0.F);
    }
    memory.push_back(std::move(values));
    arrays.push_back({name, {DType::f32, std::move(shape), std::as_bytes(std::span{memory.back()})}});
    return *this;
  }
};

}  // namespace

TEST_CASE("Features in parts give rows, splits and labels", "[data][dataset]") {
  const TemporaryFolder folder;
  Arrays a;
  a.add("I_tr", {2, 3}).add("T_tr", {2, 1}).add("L_tr", {2}, {4, 0});
  a.add("I_te", {1, 3}, {7, 8, 9}).add("T_te", {1, 1}).add("L_te", {1, 1}, {10});
  const bool npz = GENERATE(true, false);
  if (npz)
    write_npz(folder / "f.npz", a.arrays);
  else
    for (const auto& [name, tensor] : a.arrays) write_npy(folder / (name + ".npy"), tensor);
  const CaptionDataset set = open_dataset(npz ? folder / "f.npz" : folder / "T_te.npy");
  REQUIRE(set.size() == 3);
  CHECK(names_of(set) == Strings{"_tr/0", "_tr/1", "_te/0"});
  CHECK(set.positions(Split::train) == Places{0, 1});
  CHECK(set.positions(Split::test) == Places{2});
  CHECK(set.image_features().rows() == 3);
  CHECK(set.image_features().row(1)[2] == 5);
  CHECK(set.image_features().row(2)[0] == 7);
  CHECK(set.text_features().columns == 1);
  CHECK(set.classes() == Strings{"0", "4", "10"});
  CHECK(labels_of(set, 0) == Strings{"4"});
  CHECK_FALSE(set.has_image(0));
  CHECK_THROWS_WITH(set.image_bytes(0), Catch::Contains("image of the item: expected a file, got none"));
}

TEST_CASE("Features in one part have labels as zeros and ones", "[data][dataset]") {
  const TemporaryFolder folder;
  Arrays a;
  a.add("IAll", {2, 2}).add("YAll", {2, 4}).add("LAll", {2, 3}, {1, 0, 1, 0, 0, 0});
  write_npz(folder / "f.npz", a.arrays);
  const CaptionDataset set = open_dataset(folder.path());
  CHECK(set.classes() == Strings{"0", "1", "2"});
  CHECK(labels_of(set, 0) == Strings{"0", "2"});
  CHECK(labels_of(set, 1).empty());
  CHECK(set.positions(Split::rest).size() == 2);
  CHECK(set.text_features().columns == 4);
}

TEST_CASE("Names and captions that lie beside features become those of the items", "[data][dataset]") {
  const auto texts = [](Strings text) {
    MatVariable variable;
    variable.kind = MatVariable::Kind::text;
    variable.shape = {std::ssize(text), 1};
    variable.text = std::move(text);
    return variable;
  };
  const std::vector<double> zeros_and_ones{1, 0, 0, 1, 0, 1};  // (2, 3), column-major as in MATLAB
  detail::FeatureArrays arrays;
  arrays["index"] = texts({"a.jpg ", "b.jpg"});
  arrays["caption"] = texts({"A cat   ", "A dog"});
  arrays["category"] = detail::number_array(
      {{DType::f64, {2, 3}, std::as_bytes(std::span{zeros_and_ones}), Order::column_major}, nullptr});
  const auto read = [&] {
    DatasetBuilder builder{unchecked()};
    detail::read_features(arrays, {{}, "f.mat"}, builder);
    return builder.finish("f.mat");
  };
  const CaptionDataset set = read();
  CHECK(names_of(set) == Strings{"a.jpg", "b.jpg"});
  CHECK(captions_of(set, 0) == Strings{"A cat"});
  CHECK(labels_of(set, 0) == Strings{"0"});
  CHECK(labels_of(set, 1) == Strings{"1", "2"});
  CHECK(set.place(1).path == "b.jpg");
  CHECK(set.image_features().rows() == 0);

  arrays["caption"] = texts({"one"});
  CHECK_THROWS_WITH(read(), Catch::Contains("samples of the captions: expected 2, got 1"));
  arrays["caption"].kind = MatVariable::Kind::unread;
  arrays["caption"].reason = "class struct";
  CHECK_THROWS_WITH(read(), Catch::Contains("array caption: expected numbers or a list of texts, got class struct"));
}

TEST_CASE("Feature files that contradict themselves are refused", "[data][dataset]") {
  const TemporaryFolder folder;
  const auto message = [&](Arrays& arrays) -> std::string {
    write_npz(folder / "f.npz", arrays.arrays);
    try {
      open_dataset(folder / "f.npz");
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  Arrays rows, shape, nothing, labels, columns, empty;
  CHECK_THAT(message(rows.add("I", {2, 2}).add("T", {3, 2})),
             Catch::Contains("samples of the features: expected 2, got 3"));
  CHECK_THAT(message(shape.add("I", {2, 2, 2})),
             Catch::Contains("shape of array I: expected (samples, width), got (2, 2, 2)"));
  CHECK_THAT(message(nothing.add("X", {2, 2})), Catch::Contains("arrays: expected I, T and L"));
  CHECK_THAT(message(labels.add("I", {1, 2}).add("L", {1, 2}, {2, 0})),
             Catch::Contains("label 0: expected 0 or 1, got 2"));
  CHECK_THAT(message(columns.add("I_tr", {1, 2}).add("I_te", {1, 3})), Catch::Contains("columns of I and T"));
  CHECK_THAT(message(empty.add("I", {1000000000000, 0})), Catch::Contains("no extent of 0"));
  Arrays nan;
  nan.add("I", {2, 1}, {1, std::numeric_limits<float>::quiet_NaN()});
  CHECK_THAT(message(nan), Catch::Contains("sample 1: features: expected finite numbers"));
  const CaptionDataset set = open_dataset(folder / "f.npz", skipping());
  CHECK(set.size() == 1);
  CHECK(set.faults().count == 1);
}
