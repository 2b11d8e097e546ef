#include <hashweave/nn/batch_norm.hpp>
#include <hashweave/nn/embedding.hpp>

#include "support/check_error.hpp"
#include "support/resident.hpp"
#include "support/tiny_model.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

template <class P>
std::vector<std::string> names(const P& params) {
  std::vector<std::string> all;
  for (const ParameterEntry& e : params.entries()) all.push_back(e.name);
  return all;
}
void add_affine(std::vector<std::string>& all, const std::string& name) {
  all.push_back(name + ".weight");
  all.push_back(name + ".bias");
}
using F = Cpu<float>;

}  // namespace

TEST_CASE("The parameters of ViT2CMH have these names", "[core][parameters]") {
  std::vector<std::string> expected{"image.patch_embed.cls_token", "image.patch_embed.pos_embed"};
  add_affine(expected, "image.patch_embed.proj");
  const auto add_block = [&](const std::string& at, std::initializer_list<const char*> parts) {
    for (const char* part : parts) add_affine(expected, at + "." + part);
  };
  for (const char* i : {"0", "1"}) {
    add_block(std::string{"image.blocks."} + i, {"norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"});
  }
  add_affine(expected, "image.norm");
  add_affine(expected, "image.proj");
  for (const char* table : {"word", "position", "type"}) expected.push_back(std::string{"text.embed."} + table);
  add_affine(expected, "text.norm");
  for (const char* i : {"0", "1"}) {
    add_block(std::string{"text.blocks."} + i, {"attn.qkv", "attn.proj", "norm1", "mlp.fc1", "mlp.fc2", "norm2"});
  }
  add_affine(expected, "text.proj");
  for (const char* i : {"0", "1"}) {
    add_block(std::string{"trunk.shared."} + i, {"norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"});
  }
  add_affine(expected, "trunk.hash.linear");

  const Parameters<F, TinyVit2Cmh> params;
  CHECK(names(params) == expected);
  const ParameterEntry& qkv = params.entry("image.blocks.1.attn.qkv.weight");
  CHECK(qkv.rows == 24);
  CHECK(qkv.cols == 8);
}
TEST_CASE("Parts of a chain without a name are named by their place", "[core][parameters]") {
  using L = Chain<Linear<2, 3>, Tanh, Named<"middle", Linear<3, 3>>, Repeat<2, Linear<3, 3, NoBias>>>;
  CHECK(names(Parameters<F, L>{}) ==
        std::vector<std::string>{"0.weight", "0.bias", "middle.weight", "middle.bias", "3.0.weight", "3.1.weight"});
}
TEST_CASE("Two parameters of one name are refused", "[core][parameters]") {
  using L = Chain<Named<"a", Linear<2, 2>>, Named<"a", Linear<2, 2>>>;
  check_error([] { Parameters<F, L>{}; }, {"parameters", "names", "expected each once", "got 'a.weight' twice"});
}
TEST_CASE("Parameters start on cache lines in one block, and the gaps between them are zero", "[core][parameters]") {
  Parameters<F, Linear<3, 5>> params;
  params.initialise(3);
  CHECK(params.count() == 20);
  CHECK(params.flat().size() == 32);
  CHECK(params.trainable().size() == 32);
  CHECK(params->weight.data == params.flat().data);
  CHECK(params->bias.data == params.flat().data + 16);
  CHECK(reinterpret_cast<std::uintptr_t>(params->weight.data) % 64 == 0);
  CHECK(params.flat().data[15] == 0);
  for (Size i = 21; i < 32; ++i) CHECK(params.flat().data[i] == 0);
  CHECK(params.flat().data[20] != 0);
}
TEST_CASE("Running statistics lie behind the trainable part and are not counted", "[core][parameters]") {
  using L = Chain<Named<"norm", BatchNorm<4>>, Named<"last", Linear<4, 2>>>;
  Parameters<F, L> params;
  CHECK(names(params) == std::vector<std::string>{"norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
                                                  "last.weight", "last.bias"});
  CHECK(params.count() == 4 + 4 + 8 + 2);
  CHECK(params.trainable().size() == 4 * 16);
  CHECK(params.flat().size() == 6 * 16);
  CHECK(params.entry("norm.running_mean").offset == 64);
  CHECK(params.entry("norm.running_var").offset == 80);
  CHECK(params.entry("last.bias").offset == 48);
  params.initialise(1);
  CHECK(params.values("norm.running_mean") == std::vector<float>(4, 0));
  CHECK(params.values("norm.running_var") == std::vector<float>(4, 1));
}
TEST_CASE("Initial values depend on the seed and the name alone", "[core][parameters]") {
  using Small = Chain<Named<"a", Linear<4, 3>>>;
  using Large = Chain<Named<"before", Linear<2, 4>>, Named<"a", Linear<4, 3>>, Named<"b", Linear<3, 3>>>;
  Parameters<F, Small> small, other;
  Parameters<F, Large> large;
  small.initialise(1);
  large.initialise(1);
  other.initialise(2);
  CHECK(small.values("a.weight") == large.values("a.weight"));
  CHECK(small.values("a.bias") == large.values("a.bias"));
  CHECK(small.values("a.weight") != other.values("a.weight"));
  CHECK(large.values("a.bias") != large.values("b.bias"));
  other.initialise(1);
  CHECK(small.values("a.weight") == other.values("a.weight"));
}
TEST_CASE("Initial values follow each parameter's rule", "[core][parameters]") {
  Parameters<F, Linear<100, 50>> linear;
  linear.initialise(5);
  double most = 0, squares = 0;
  const std::vector<float> weight = linear.values("weight");
  for (const float w : weight) {
    most = std::max<double>(most, std::abs(w));
    squares += static_cast<double>(w) * w;
  }
  CHECK(most <= 0.1);  // 1/sqrt(100)
  CHECK(most > 0.099);
  CHECK(squares / 5000 == Approx(0.1 * 0.1 / 3).epsilon(0.05));

  Parameters<F, Embedding<100, 50>> table;
  table.initialise(5);
  squares = 0;
  for (const float w : table.values("word")) squares += static_cast<double>(w) * w;
  CHECK(std::sqrt(squares / 5000) == Approx(0.02).epsilon(0.05));

  Parameters<F, LayerNorm<3>> norm;
  norm.initialise(5);
  CHECK(norm.values("weight") == std::vector<float>{1, 1, 1});
  CHECK(norm.values("bias") == std::vector<float>{0, 0, 0});
}
TEST_CASE("A clone has the same values in memory of its own", "[core][parameters]") {
  Parameters<F, Linear<2, 2>> a;
  a.initialise(1);
  Parameters<F, Linear<2, 2>> b = a.clone();
  CHECK(a.values("weight") == b.values("weight"));
  b->weight.data[0] += 1;
  CHECK(a.values("weight") != b.values("weight"));
  CHECK(b.values("weight")[0] == b.flat().data[0]);
}
TEST_CASE("Moved parameters keep their memory", "[core][parameters]") {
  Parameters<F, Linear<2, 2>> a;
  a.initialise(1);
  const std::vector<float> weight = a.values("weight");
  const float* place = a->weight.data;
  Parameters<F, Linear<2, 2>> b{std::move(a)};
  CHECK(b->weight.data == place);
  CHECK(b.values("weight") == weight);
}
TEST_CASE("Values can be assigned and read by name, and zeroed", "[core][parameters]") {
  Parameters<F, Linear<3, 2>> params;
  const std::vector<float> weight{1, 2, 3, 4, 5, 6};
  params.assign("weight", weight);
  CHECK(params.values("weight") == weight);
  CHECK(params->weight.mat()(1, 0) == 4);
  CHECK(params.at(params.entry("weight"))(1, 2) == 6);
  params.zero();
  CHECK(params.values("weight") == std::vector<float>(6, 0));
}
TEST_CASE("Of a zeroed table that is used by rows only the rows that are written take memory", "[core][parameters]") {
  using Table = Embedding<40'000, 64>;
  Parameters<F, Table> grads;
  const Mat<float> word = grads->word.mat();
  const std::size_t bytes = static_cast<std::size_t>(word.size()) * sizeof(float);
  for (int round = 0; round < 2; ++round) {
    grads.zero();
    CHECK(resident_pages(word.data, bytes) == 0);
    for (const Size row : {7, 20'000, 39'000}) word(row, 5) = 1;
    const std::size_t pages = resident_pages(word.data, bytes);
    CHECK(pages >= 2);  // the first row may lie on the table's first page, which is not whole
    CHECK(pages <= 3);
  }
  float sum = 0;
  for (Size i = 0; i < word.size(); ++i) sum += word.data[i];
  CHECK(sum == 3);
}
TEST_CASE("Wrong names and numbers of values are refused", "[core][parameters]") {
  Parameters<F, Linear<3, 2>> params;
  const std::vector<float> five(5);
  check_error([&] { params.assign("weight", five); }, {"weight", "number of values", "expected 6, got 5"});
  check_error([&] { params.assign("weigth", five); }, {"parameters", "expected one of the model's 2", "got weigth"});
  check_error([&] { (void)params.values("0.weight"); }, {"got 0.weight"});
  check_error([&] { (void)params.entry(""); }, {"parameters: name"});
}
