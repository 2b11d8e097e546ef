#include <hashweave/cuda/product.hpp>

#include "cuda/run.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("CUDA products agree with the CPU's, within larger matrices too", "[cuda]") {
  const Size rows = GENERATE(1, 33), gap = GENERATE(0, 5);
  check_agrees([=](auto& r) {
    const auto x = r.in(rows, 31, 1, gap), w = r.in(70, 31, 2, gap), bias = r.in(1, 70, 3), dy = r.in(rows, 70, 4, gap);
    const auto y = r.out(rows, 70, gap), dx = r.out(rows, 31), dw = r.in(70, 31, 5), db = r.in(1, 70, 6);
    affine(r.be, y, x, w, bias);
    r.keep(y);
    affine(r.be, y, x, w, cols_of(r.in(1, 73, 8), 3, 70));  // not at a multiple of 16 bytes
    r.keep(y);
    affine(r.be, y, x, w, {});
    affine_backward_input(r.be, dx, dy, w);
    affine_backward_weight(r.be, dw, db, dy, x);
    r.keep(y, dx, dw, db);
    multiply(r.be, Form::nn, y, x, r.in(31, 70, 7), 0.5);
    multiply(r.be, Form::nt, y, x, w, -1.5, true);
    multiply(r.be, Form::tn, dw, dy, x);
    r.keep(y, dw);
  });
}

TEST_CASE("A CUDA product with nothing to sum over is 0, or its bias", "[cuda]") {
  Run<Cuda<float>> r;
  const auto y = r.out(2, 3), bias = r.in(1, 3, std::vector<double>{1, 2, 3});
  multiply(r.be, Form::nn, y, r.in(2, 0, 1), r.in(0, 3, 1));
  r.keep(y);
  affine(r.be, y, r.in(2, 0, 1), r.in(3, 0, 1), bias);
  r.keep(y);
  multiply(r.be, Form::nn, y, r.in(2, 0, 1), r.in(0, 3, 1), 1, true);
  r.keep(y);
  const std::vector<double> rows{1, 2, 3, 1, 2, 3};
  CHECK(r.outputs == std::vector<std::vector<double>>{std::vector<double>(6, 0.0), rows, rows});
}

TEST_CASE("CUDA products of groups agree with the CPU's", "[cuda]") {
  const Size groups = GENERATE(1, 3, 16), to = GENERATE(1, 8);
  check_agrees([=](auto& r) {
    const auto x = r.in(33, groups * 5, 1), w = r.in(groups * to, 5, 2), bias = r.in(1, groups * to, 3);
    const auto dy = r.in(33, groups * to, 4), y = r.out(33, groups * to), dx = r.out(33, groups * 5);
    const auto dw = r.in(groups * to, 5, 5), db = r.in(1, groups * to, 6);
    grouped_affine(r.be, y, x, w, bias, groups);
    r.keep(y);
    grouped_affine(r.be, y, x, w, {}, groups);
    grouped_affine_backward_input(r.be, dx, dy, w, groups);
    grouped_affine_backward_weight(r.be, dw, db, dy, x, groups);
    r.keep(y, dx, dw, db);
  });
}

TEST_CASE("A CUDA product's operands are aligned as all of a batch are", "[cuda]") {
  alignas(16) const float x[4]{};
  CHECK(cuda::alignment_of(x) == 16);
  CHECK(cuda::alignment_of(x + 1) == 4);
  CHECK(cuda::alignment_of(x + 2) == 8);
  CHECK(cuda::alignment_of(x, 12) == 16);
  CHECK(cuda::alignment_of(x, 6) == 8);
  CHECK(cuda::alignment_of(x + 2, 3) == 4);
}

TEST_CASE("CUDA products in bf16 round their operands to nearest, ties to even", "[cuda]") {
  const double step = 0x1p-7;  // between neighbours of 1
  const std::vector<double> x{1,        1 + step / 4, 1 + step / 2, 1 + 3 * step / 2, -1 - 0.51 * step, 0,
                              0x1p-120, 3e38,         NAN};
  const std::vector<double> wanted{1, 1, 1, 1 + 2 * step, -1 - step, 0, 0x1p-120, 226 * 0x1p120, NAN};
  Run<Cuda<float>> r;
  r.be.use(Precision::bf16);
  const auto y = r.out(1, 9);
  for (Size i = 0; i < 9; ++i) {  // one at a time: a NaN would spread
    const auto one = r.in(1, 1, std::vector<double>{x[static_cast<std::size_t>(i)]});
    multiply(r.be, Form::nn, cols_of(y, i, 1), one, r.in(1, 1, std::vector<double>{1}));
  }
  r.keep(y);
  for (std::size_t i = 0; i < 8; ++i) CHECK(r.outputs[0][i] == wanted[i]);
  CHECK(std::isnan(r.outputs[0][8]));
}

TEST_CASE("CUDA products in bf16 of numbers that bf16 holds are exact", "[cuda]") {
  const auto run = [](Precision precision) {
    Run<Cuda<float>> r;
    r.be.use(precision);
    const auto whole = [&](Size rows, Size cols, int seed) {
      std::vector<double> values;
      for (Size i = 0; i < rows * cols; ++i) values.push_back(static_cast<double>((i * i + seed * i) % 23 - 11));
      return r.in(rows, cols, values, 3);
    };
    const auto x = whole(33, 31, 1), w = whole(70, 31, 2), dy = whole(33, 70, 3), bias = whole(1, 70, 4);
    const auto y = r.out(33, 70), dx = r.out(33, 31), dw = whole(70, 31, 5), db = r.in(1, 70, 6);
    affine(r.be, y, x, w, bias);
    affine_backward_input(r.be, dx, dy, w);
    affine_backward_weight(r.be, dw, db, dy, x);
    r.keep(y, dx, dw, db);
    const auto from = whole(5, 12, 6), weights = whole(9, 4, 7), grouped = r.out(5, 9);
    grouped_affine(r.be, grouped, from, weights, {}, 3);
    r.keep(grouped);
    return r.outputs;
  };
  CHECK(run(Precision::full) == run(Precision::bf16));
}

TEST_CASE("CUDA attention of one token agrees with the CPU's", "[cuda]") {
  const auto lengths = GENERATE(from_range(batches));
  const bool last = GENERATE(false, true), causal = GENERATE(false, true);
  const double dropout = GENERATE(0.0, 0.3);
  check_agrees([=](auto& r) {
    const Segments segments = r.segments(lengths);
    const Size rows = segments.rows(), n = segments.count, heads = 3, d = 12;
    const AttentionShape shape{segments, heads, causal, dropout, RandomStream{5, 6, 7}};
    const auto x = r.in(rows, d, 1), u = r.in(n, heads * d, 2, 0, 4), m = r.out(n, heads * d), p = r.out(rows, heads);
    const auto mass = r.out(n, heads), kept = dropout > 0 ? r.out(rows, heads) : p;
    const auto dx = r.out(rows, d), du = r.out(n, heads * d), dm = r.in(n, heads * d, 3), d_mass = r.in(n, heads, 4);
    token_attention(r.be, m, p, kept, mass, u, x, shape, last);
    token_attention_backward(r.be, dx, du, dm, dropout > 0 ? d_mass : decltype(dx){}, p, kept, u, x, shape, last);
    r.keep(m, mass, dx, du);
  });
}

TEST_CASE("CUDA kernels take ids and segments in any memory of the host", "[cuda]") {
  const std::vector<std::int32_t> ids{0, 2, 1, 2};
  const std::vector<Size> offsets{0, 3, 4};
  check_agrees([&](auto& r) {
    const Segments segments{offsets.data(), 2};
    const auto word = r.in(3, 5, 1), dy = r.in(4, 5, 2), d_word = r.in(3, 5, 3), y = r.out(4, 5), picked = r.out(2, 5);
    embed(r.be, y, ids.data(), nullptr, segments, word, {}, {});
    embed_backward(r.be, d_word, {}, {}, dy, ids.data(), nullptr, segments);
    pick_rows(r.be, picked, dy, segments, true);
    r.keep(y, d_word, picked);
  });
}

TEST_CASE("CUDA kernels on tokens agree with the CPU's", "[cuda]") {
  const auto lengths = GENERATE(from_range(batches));
  check_agrees([=](auto& r) {
    const Segments segments = r.segments(lengths);
    const Size rows = segments.rows(), n = segments.count, d = 33;
    std::vector<std::int32_t> ids, types;
    for (Size t = 0; t < rows; ++t) {
      ids.push_back(static_cast<std::int32_t>((t * t + 1) % 11));
      types.push_back(static_cast<std::int32_t>(t / 2 % 2));
    }
    const auto *id = r.shared(ids), *type = r.shared(types);
    const auto word = r.in(11, d, 1), position = r.in(70, d, 2), kind = r.in(2, d, 3), dy = r.in(rows, d, 4);
    const auto y = r.out(rows, d), picked = r.out(n, d), d_picked = r.in(n, d, 5), dx = r.out(rows, d);
    for (const std::int32_t* own : {type, static_cast<decltype(type)>(nullptr)}) {
      const auto d_word = r.in(11, d, 6), d_position = r.in(70, d, 7), d_kind = r.in(2, d, 8);
      embed(r.be, y, id, own, segments, word, position, kind);
      embed_backward(r.be, d_word, d_position, d_kind, dy, id, own, segments);
      r.keep(y, d_word, d_position, d_kind);
    }
    const auto d_word = r.in(11, d, 9);
    embed(r.be, y, id, type, segments, word, {}, {});
    embed_backward(r.be, d_word, {}, {}, dy, id, type, segments);
    r.keep(y, d_word);
    for (const bool last : {false, true}) {
      pick_rows(r.be, picked, dy, segments, last);
      pick_rows_backward(r.be, dx, d_picked, segments, last);
      r.keep(picked, dx);
      add_picked_rows(r.be, dx, d_picked, segments, last);
      r.keep(dx);
    }
    mean_pool(r.be, picked, dy, segments);
    mean_pool_backward(r.be, dx, d_picked, segments);
    add_sinusoids(r.be, y, dy, segments);
    r.keep(picked, dx, y);
    const Size groups = 2, split = rows + n * (groups - 1);
    const auto parts = r.out(split, d), d_parts = r.in(split, d, 10);
    split_tokens(r.be, parts, dy, segments, groups);
    split_tokens_backward(r.be, dx, d_parts, segments, groups);
    r.keep(parts, dx);
  });
}

TEST_CASE("CUDA kernels on images agree with the CPU's", "[cuda]") {
  const Size images = GENERATE(1, 3);
  check_agrees([=](auto& r) {
    const Size channels = 3, height = 8, width = 12, patch = 4, patches = 6, d = 31;
    const auto pixels = r.in(images, channels * height * width, 1), rows = r.out(images * patches, channels * 16);
    const auto back = r.out(images, channels * height * width);
    to_patches(r.be, rows, pixels, channels, height, width, patch);
    from_patches(r.be, back, rows, channels, height, width, patch);
    r.keep(rows, back);
    const auto x = r.in(images * patches, d, 2), cls = r.in(1, d, 3), positions = r.in(patches + 1, d, 4);
    const auto y = r.out(images * (patches + 1), d), d_rows = r.out(images * patches, d);
    const auto d_cls = r.in(1, d, 5), d_positions = r.in(patches + 1, d, 6);
    join_cls(r.be, y, x, cls, positions, patches);
    split_cls_backward(r.be, d_rows, d_cls, d_positions, y, patches);
    r.keep(y, d_rows, d_cls, d_positions);
  });
}
