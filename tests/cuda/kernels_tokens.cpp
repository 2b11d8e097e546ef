#include "cuda/run.hpp"

using namespace hashweave;
using namespace hashweave::test;

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
