#include "cuda/run.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("CUDA losses with hardest negatives agree with the CPU's", "[cuda]") {
  const Size n = GENERATE(1, 2, 33, 70);
  const bool owned = GENERATE(false, true);
  check_agrees([=](auto& r) {
    std::vector<std::int64_t> ids;
    for (Size i = 0; i < n; ++i) ids.push_back(i / 2);
    const Owners owners = owned ? Owners{{r.shared(ids), static_cast<std::size_t>(n)}} : Owners{};
    const auto s = r.in(n, n, 1), p = r.in(n, 1, 2), ds = r.out(n, n), dp = r.in(n, 1, 3), value = r.in(1, 1, 4);
    hardest_angular(r.be, value, ds, dp, s, p, owners, 1.0, 0.5);
    r.keep(value, ds, dp);
    hardest_triplet(r.be, value, ds, s, owners, 0.2, 0.5);
    r.keep(value, ds);
    info_nce(r.be, value, ds, s, owners, 0.07);
    r.keep(value, ds);
  });
}

TEST_CASE("CUDA losses take owners in any memory of the host", "[cuda]") {
  const std::vector<std::int64_t> ids{7, 8, 7, 9, 8};
  check_agrees([&](auto& r) {
    const auto s = r.in(5, 5, 1), ds = r.out(5, 5), value = r.in(1, 1, 2);
    hardest_triplet(r.be, value, ds, s, ids, 0.2, 0.5);
    r.keep(value, ds);
  });
}

TEST_CASE("CUDA losses take the first of equally hard negatives, as the CPU's do", "[cuda]") {
  check_agrees([](auto& r) {
    std::vector<double> values;
    for (Size i = 0; i < 40 * 40; ++i) values.push_back(static_cast<double>(i * 7 % 5) / 4);
    const auto s = r.in(40, 40, values), p = r.in(40, 1, 2), ds = r.out(40, 40), dp = r.in(40, 1, 3);
    const auto value = r.in(1, 1, 4);
    hardest_triplet(r.be, value, ds, s, {}, 0.2, 1);
    r.keep(value, ds);
    hardest_angular(r.be, value, ds, dp, s, p, {}, 1.0, 1);
    r.keep(value, ds, dp);
  });
}

TEST_CASE("CUDA losses on pairs agree with the CPU's", "[cuda]") {
  const Size n = GENERATE(2, 33, 70);
  const std::uint32_t one_in = GENERATE(1U, 3U, 1000U);  // all similar, some, hardly any
  check_agrees([=](auto& r) {
    const auto cos = r.in(n, n, 1, 0, 2), similar = r.counts(n, n, 2, one_in), d = r.out(n, n), value = r.out(1, 1);
    cauchy_pairs(r.be, value, d, cos, similar, 48, 20, 0.9);
    r.keep(value, d);
    for (const bool balanced : {false, true}) {
      logistic_pairs(r.be, value, d, cos, similar, 0.5, balanced);
      r.keep(value, d);
    }
    contrastive_pairs(r.be, value, d, cos, similar, 1.5);
    r.keep(value, d);
    cross_logistic_pairs(r.be, value, d, cos, similar, 0.5);
    r.keep(value, d);
  });
}

TEST_CASE("CUDA losses on codes agree with the CPU's", "[cuda]") {
  const Size rows = GENERATE(1, 33, 70), cols = GENERATE(2, 31);
  check_agrees([=](auto& r) {
    const auto h = r.in(rows, cols, 1, 0, 4), d = r.out(rows, cols), value = r.out(1, 1);
    const auto each = [&](auto f) {
      f();
      r.keep(value, d);
    };
    each([&] { quantisation(r.be, value, d, h, 2); });
    each([&] { quantisation(r.be, value, d, h, 3); });
    each([&] { cauchy_quantisation(r.be, value, d, h, 20, 0.95); });
    const auto target = r.counts(rows, cols, 2);
    each([&] { binary_cross_entropy(r.be, value, d, h, target); });
    each([&] { mean_squared_error(r.be, value, d, h, target); });
    each([&] { softmax_cross_entropy(r.be, value, d, h, target); });
    each([&] { code_balance(r.be, value, d, h, false); });
    each([&] { code_balance(r.be, value, d, h, true); });
    const auto votes = r.counts(rows, cols, 3), labels = r.counts(rows, 5, 4), centres = r.in(5, cols, 5);
    each([&] { central_similarity(r.be, value, d, h, votes, labels, centres, 1e-6); });
    const auto logit = r.in(rows, 1, 6, 0, 4), weight = r.in(rows, 1, 7), d_logit = r.out(rows, 1);
    weighted_cross_entropy(r.be, value, d_logit, logit, weight, 0.9);
    r.keep(value, d_logit);
  });
}

TEST_CASE("CUDA losses on labels agree with the CPU's", "[cuda]") {
  const Size n = GENERATE(1, 33, 40);
  const std::uint32_t one_in = GENERATE(1U, 3U, 10U);
  check_agrees([=](auto& r) {
    const auto cos = r.in(n, n, 1, 0, 2), shared = r.counts(n, n, 2, one_in), d = r.out(n, n), value = r.out(1, 1);
    for (const bool semi_hard : {false, true}) {
      for (const bool graded : {false, true}) {
        label_triplet(r.be, value, d, cos, shared, {0.4, semi_hard, graded});
        r.keep(value, d);
      }
    }
    semantic_similarity(r.be, d, cos, shared, 0.6);
    r.keep(d);
    semantic_similarity(r.be, d, {}, shared, 0.6);
    r.keep(d);
    const auto labels = r.counts(n, 7, 3), factor = r.counts(1, 7, 4, 2), w = r.out(n, 1);
    balance_weights(r.be, w, labels, factor);
    r.keep(w);
  });
}

TEST_CASE("CUDA's triplets on labels hand a NaN on, for its anchor alone", "[cuda]") {
  check_agrees([](auto& r) {
    std::vector<double> values(12 * 12, 0.25);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 7) / 7;
    values[5 * 12 + 3] = NAN;
    const auto cos = r.in(12, 12, values), shared = r.counts(12, 12, 2), d = r.out(12, 12), value = r.out(1, 1);
    label_triplet(r.be, value, d, cos, shared, {0.4, true, true});
    r.keep(value, d);
  });
}
