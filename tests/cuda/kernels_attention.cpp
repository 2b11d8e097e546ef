#include "cuda/run.hpp"
#ifndef HASHWEAVE_ON_DEVICE
#include "cuda/emulator/machine.hpp"
#endif

using namespace hashweave;
using namespace hashweave::test;

namespace {

struct AttentionCase {
  Size heads, width;
  bool causal;
  double dropout;
  Size bias;  ///< rows of a head's bias: 0 for none, else positions, or ids if they are asked for
  bool ids;
};

AttentionShape shape_of(auto& r, const AttentionCase& how, const std::vector<Size>& lengths) {
  AttentionShape shape{r.segments(lengths), how.heads, how.causal, how.dropout, RandomStream{5, 6, 7}};
  if (how.ids) {
    std::vector<std::int32_t> ids;
    for (Size t = 0; t < shape.segments.rows(); ++t) ids.push_back(static_cast<std::int32_t>((t * t + 2) % how.bias));
    shape.ids = r.shared(ids);
  }
  return shape;
}

/// Keeps o, lse, dqkv and, where there is a bias, its gradient.
template <class B>
void run_attention(Run<B>& r, const AttentionCase& how, const std::vector<Size>& lengths) {
  const AttentionShape shape = shape_of(r, how, lengths);
  const Size rows = shape.segments.rows(), d = how.heads * how.width;
  const auto qkv = r.in(rows, 3 * d, 1, 1, 4), d_o = r.in(rows, d, 2), o = r.out(rows, d);
  const auto lse = r.out(rows, how.heads), dqkv = r.out(rows, 3 * d);
  std::remove_const_t<decltype(o)> bias{}, dbias{};
  if (how.bias > 0) {
    bias = r.in(how.heads * how.bias, how.bias, 3);
    dbias = r.in(how.heads * how.bias, how.bias, 4);
  }
  attention(r.be, o, lse, qkv, bias, shape);
  attention_backward(r.be, dqkv, dbias, d_o, qkv, o, lse, bias, shape);
  r.keep(o, lse, dqkv);
  if (how.bias > 0) r.keep(dbias);
}

/// Numbers that bf16 holds: multiples of 1 / 64 up to 127 / 64.
std::vector<double> short_numbers(Size n, std::uint64_t seed) {
  std::vector<double> values;
  const RandomStream stream{seed, 0, 0};
  for (Size i = 0; i < n; ++i)
    values.push_back((static_cast<double>(stream.bits(static_cast<std::uint64_t>(i)) % 255) - 127) / 64);
  return values;
}

/// What `Cpu<double>` gives for such numbers, and for each value how far bf16 may be from it: P and ds are rounded
/// once, by at most 2^-8 of themselves, on the way into a product; all else is exact, or float, whose errors are within
/// 1e-5 of the magnitudes that are added.
class ShortAttention {
 public:
  static constexpr std::size_t o = 0, lse = 1, dqkv = 2;

  ShortAttention(const AttentionCase& how, const std::vector<Size>& lengths) : how_{how}, lengths_{lengths} {
    for (const Size n : lengths) rows_ += n;
    qkv_ = short_numbers(rows_ * 3 * d_, 1);
    d_o_ = short_numbers(rows_ * d_, 2);
    bias_ = short_numbers(how.heads * how.bias * how.bias, 3);
    run(wanted_);
    for (const auto& output : wanted_.outputs) limits_.emplace_back(output.size(), 1e-6);
    limits_[lse].assign(limits_[lse].size(), 2e-5);
    Size begin = 0;
    for (const Size n : lengths) {
      for (Size h = 0; h < how.heads; ++h) add_limits(begin, n, h);
      begin += n;
    }
  }

  std::vector<std::vector<double>> in_bf16() const {
    Run<Cuda<float>> r;
    r.be.use(Precision::bf16);
    run(r);
    return r.outputs;
  }
  /// The largest difference over all values, in parts of what is allowed.
  double worst(const std::vector<double>& got, std::size_t which) const {
    const std::vector<double>& wanted = wanted_.outputs.at(which);
    double most = got.size() == wanted.size() ? 0 : HUGE_VAL;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double part = std::abs(got[i] - wanted[i]) / limits_[which][i];
      most = std::max(most, std::isnan(part) ? HUGE_VAL : part);
    }
    return most;
  }

 private:
  /// The gradient gets the o and lse that are wanted, so that it answers for itself alone.
  template <class B>
  void run(Run<B>& r) const {
    const AttentionShape shape = shape_of(r, how_, lengths_);
    const auto qkv = r.in(rows_, 3 * d_, qkv_, 1), d_o = r.in(rows_, d_, d_o_, 1);
    const auto out = r.out(rows_, d_, 2), sums = r.out(rows_, how_.heads), dqkv_out = r.out(rows_, 3 * d_, 3);
    std::remove_const_t<decltype(out)> bias{};
    if (how_.bias > 0) bias = r.in(how_.heads * how_.bias, how_.bias, bias_);
    attention(r.be, out, sums, qkv, bias, shape);
    r.keep(out, sums);
    const auto& outputs = wanted_.outputs;
    attention_backward(r.be, dqkv_out, {}, d_o, qkv, r.in(rows_, d_, outputs[o]), r.in(rows_, how_.heads, outputs[lse]),
                       bias, shape);
    r.keep(dqkv_out);
  }

  /// Adds up what the pairs of a sequence and a head allow, from the definition: dq = Σ ds k and so on.
  void add_limits(Size begin, Size length, Size head) {
    const Size w = how_.width;
    const auto in_qkv = [&](Size which, Size token, Size c) {
      return static_cast<std::size_t>((begin + token) * 3 * d_ + which * d_ + head * w + c);
    };
    const auto in_o = [&](Size token, Size c) { return static_cast<std::size_t>((begin + token) * d_ + head * w + c); };
    const auto bias_place = [&](Size token) {
      return how_.ids ? ((begin + token) * (begin + token) + 2) % how_.bias : token;
    };
    const auto &outs = wanted_.outputs[o], &sums = wanted_.outputs[lse];
    const double factor = 1 / std::sqrt(static_cast<double>(w)), rounding = 0x1p-8, noise = 1e-5;
    for (Size q = 0; q < length; ++q) {
      double delta = 0;
      for (Size c = 0; c < w; ++c) delta += d_o_[in_o(q, c)] * outs[in_o(q, c)];
      for (Size k = 0; k < (how_.causal ? q + 1 : length); ++k) {
        double s = 0, d_p = 0;
        for (Size c = 0; c < w; ++c) {
          s += factor * qkv_[in_qkv(0, q, c)] * qkv_[in_qkv(1, k, c)];
          d_p += d_o_[in_o(q, c)] * qkv_[in_qkv(2, k, c)];
        }
        if (how_.bias > 0)
          s += bias_[static_cast<std::size_t>((head * how_.bias + bias_place(q)) * how_.bias + bias_place(k))];
        const double p = std::exp(s - sums[static_cast<std::size_t>((begin + q) * how_.heads + head)]);
        const double of_p = (rounding + noise) * p;
        const double of_ds =
            factor * p * (rounding * std::abs(d_p - delta) + noise * (std::abs(d_p) + std::abs(delta)));
        for (Size c = 0; c < w; ++c) {
          limits_[o][in_o(q, c)] += of_p * std::abs(qkv_[in_qkv(2, k, c)]);
          limits_[dqkv][in_qkv(0, q, c)] += of_ds * std::abs(qkv_[in_qkv(1, k, c)]);
          limits_[dqkv][in_qkv(1, k, c)] += of_ds * std::abs(qkv_[in_qkv(0, q, c)]);
          limits_[dqkv][in_qkv(2, k, c)] += of_p * std::abs(d_o_[in_o(q, c)]);
        }
      }
    }
  }

  AttentionCase how_;
  std::vector<Size> lengths_;
  Size rows_ = 0, d_ = how_.heads * how_.width;
  std::vector<double> qkv_, d_o_, bias_;
  Run<Cpu<double>> wanted_;
  std::vector<std::vector<double>> limits_;
};

/// The largest difference in parts of the largest value that is wanted; values that are 0 but for rounding count as
/// 0.01.
double part_of_largest(const std::vector<double>& got, const std::vector<double>& wanted) {
  double worst = got.size() == wanted.size() ? 0 : HUGE_VAL, largest = 0.01;
  for (const double w : wanted) largest = std::max(largest, std::abs(w));
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double e = std::abs(got[i] - wanted[i]) / largest;
    worst = std::max(worst, std::isnan(e) ? HUGE_VAL : e);
  }
  return worst;
}

std::vector<std::vector<double>> outputs_in(Precision precision, const AttentionCase& how,
                                            const std::vector<Size>& lengths) {
  Run<Cuda<float>> r;
  r.be.use(precision);
  run_attention(r, how, lengths);
  return r.outputs;
}

}  // namespace

TEST_CASE("CUDA attention and its gradient agree with the CPU's", "[cuda]") {
  const auto lengths = GENERATE(from_range(batches));
  const auto how = GENERATE(AttentionCase{2, 7, false, 0, 0, false}, AttentionCase{1, 65, true, 0, 0, false},
                            AttentionCase{3, 8, true, 0.3, 80, false}, AttentionCase{2, 8, false, 0, 9, true});
  check_agrees([=](auto& r) { run_attention(r, how, lengths); });
}

TEST_CASE("CUDA attention refuses heads that do not fit its tile", "[cuda]") {
  Run<Cuda<float>> r;
  r.be.use(GENERATE(Precision::full, Precision::bf16));
  const AttentionShape shape{r.segments({2}), 1, false, 0, {}};
  const auto o = r.out(2, 129), lse = r.out(2, 1), qkv = r.in(2, 3 * 129, 1);
  CHECK_THROWS_WITH(attention(r.be, o, lse, qkv, {}, shape),
                    "Cuda: attention: width of a head: expected at most 128, got 129");
}

TEST_CASE("CUDA attention in bf16 of numbers that bf16 holds rounds its weights alone", "[cuda]") {
  const auto lengths =
      GENERATE(values<std::vector<Size>>({{1}, {31}, {33}, {70}, {15, 1, 17}, {63, 64, 65}, {16, 129, 128, 2}}));
  const auto how = GENERATE(AttentionCase{3, 8, true, 0, 130, false}, AttentionCase{2, 24, false, 0, 0, false},
                            AttentionCase{2, 32, false, 0, 9, true}, AttentionCase{1, 64, false, 0, 130, false},
                            AttentionCase{1, 65, true, 0, 0, false}, AttentionCase{1, 128, false, 0, 9, true});
  INFO("sequences " << Catch::Detail::stringify(lengths) << ", width " << how.width);
  const ShortAttention wanted{how, lengths};
  const auto got = wanted.in_bf16();
  for (const std::size_t i : {ShortAttention::o, ShortAttention::lse, ShortAttention::dqkv}) {
    INFO("output " << i);
    CHECK(wanted.worst(got.at(i), i) < 1);
  }
}

TEST_CASE("CUDA attention in bf16 and its gradient stay near the CPU's", "[cuda]") {
  const auto lengths = GENERATE(from_range(batches));
  const auto how = GENERATE(AttentionCase{2, 7, false, 0, 0, false}, AttentionCase{1, 65, true, 0.2, 0, false},
                            AttentionCase{3, 8, true, 0.3, 80, false}, AttentionCase{2, 40, false, 0, 9, true});
  Run<Cpu<double>> wanted;
  run_attention(wanted, how, lengths);
  const auto got = outputs_in(Precision::bf16, how, lengths);
  REQUIRE(got.size() == wanted.outputs.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("output " << i << ", width " << how.width << ", sequences " << Catch::Detail::stringify(lengths));
    CHECK(part_of_largest(got[i], wanted.outputs[i]) < 2e-2);
  }
  CHECK(got == outputs_in(Precision::bf16, how, lengths));  // the same bits each time
  CHECK(got != outputs_in(Precision::full, how, lengths));  // it is another kernel that ran
}

#ifndef HASHWEAVE_ON_DEVICE
TEST_CASE("CUDA attention stays float on devices without fragments", "[cuda]") {
  const AttentionCase how{2, 24, true, 0.3, 80, false};
  const auto in_full = outputs_in(Precision::full, how, {33, 5});
  emulator::fragments = false;
  const auto without = outputs_in(Precision::bf16, how, {33, 5});
  emulator::fragments = true;
  CHECK(without == in_full);
}
#endif
