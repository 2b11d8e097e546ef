// Work that is recorded and replayed: the same bits as when it is run, and never another size's.
#include <hashweave/core/replay.hpp>
#include <hashweave/hashweave.hpp>

#include "cuda/run.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Numbers = std::vector<double>;
constexpr Size wide = 8;
using Block = TransformerBlock<wide, 2, 16, Relu>;

/// A transformer block on sequences of three tokens, whose segments are made within what is replayed.
struct Encoder {
  Cuda<float> be{3};
  Block block;
  Parameters<Cuda<float>, Block> params;
  Buffer<float, CudaMemory> inputs{3 * 80 * wide};

  Encoder() { params.initialise(5); }

  /// The block on so many sequences of random numbers, after `before` bytes were taken from the tape.
  Numbers run(bool by_replay, Size sequences, std::uint64_t seed, Size before = 1) {
    be.tape().rewind();
    be.tape().take<std::byte>(before);
    float* const x = inputs.data();
    std::vector<float> values(static_cast<std::size_t>(3 * sequences * wide));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(RandomStream{seed, 0, 0}.normal(i));
    CudaMemory::copy_from_host(x, values.data(), values.size() * sizeof(float));
    const auto infer_block = [&] {
      const View<Cuda<float>, Tokens<wide>> tokens{x, equal_segments(be, sequences, 3)};
      return infer(be, block, *params, tokens).mat();
    };
    const Mat<float> y = by_replay ? replayed(be, ReplayKey{x, sequences}, infer_block) : infer_block();
    be.tape().take<float>(64);  // what comes next does not lie on the result
    CudaMemory::zero(be.tape().take<float>(64), 64 * sizeof(float));
    Numbers got(static_cast<std::size_t>(y.size()));
    std::vector<float> host(got.size());
    CudaMemory::copy_to_host(host.data(), y.data, host.size() * sizeof(float));
    std::copy(host.begin(), host.end(), got.begin());
    return got;
  }
};

}  // namespace

TEST_CASE("Replayed work gives the bits that it gives when it is run", "[cuda][replay]") {
  const Precision precision = GENERATE(Precision::full, Precision::bf16);
  Encoder plain, replayed;
  plain.be.use(precision);
  replayed.be.use(precision);
  for (std::uint64_t seed = 0; seed < 7; ++seed) CHECK(replayed.run(true, 4, seed) == plain.run(false, 4, seed));
  CHECK(replayed.be.replays().recorded == 1);
  CHECK(replayed.be.replays().replayed >= 3);
}

TEST_CASE("Work of another size, or on another part of the tape, is not replayed", "[cuda][replay]") {
  Encoder plain, replayed;
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    const Size sequences = seed % 2 == 0 ? 4 : 3 - static_cast<Size>(seed % 3), before = seed % 8 == 7 ? 100 : 1;
    CHECK(replayed.run(true, sequences, seed, before) == plain.run(false, sequences, seed));
  }
  CHECK(replayed.be.replays().recorded >= 3);
  CHECK(replayed.be.replays().replayed >= 3);
}

TEST_CASE("Work is not replayed with weights kept in bf16 that have changed", "[cuda][replay]") {
  Encoder plain, replayed;
  plain.be.use(Precision::bf16);
  replayed.be.use(Precision::bf16);
  const ConstantScope scope{replayed.be, replayed.params.values()};
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    CAPTURE(seed);
    if (seed % 5 == 4) {
      plain.params.initialise(seed);
      replayed.params.initialise(seed);
      if (seed < 6) replayed.be.constants().renew(replayed.params.values());
      if (seed > 6) replayed.be.constants().forget(replayed.params.values());
    }
    CHECK(replayed.run(true, 2, seed) == plain.run(false, 2, seed));
  }
  CHECK(replayed.be.replays().recorded >= 2);
  CHECK(replayed.be.replays().replayed >= 2);
  replayed.be.use(Precision::full);
  plain.be.use(Precision::full);
  CHECK(replayed.run(true, 2, 1) == plain.run(false, 2, 1));
}

TEST_CASE("Work is not replayed with kept weights where none are to be kept", "[cuda][replay]") {
  Encoder plain, replayed;
  plain.be.use(Precision::bf16);
  replayed.be.use(Precision::bf16);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    const bool kept = seed < 5;
    const ConstantScope scope{replayed.be, kept ? replayed.params.values() : std::span<const float>{}};
    if (seed == 5) {  // nobody is told
      plain.params.initialise(seed);
      replayed.params.initialise(seed);
    }
    CHECK(replayed.run(true, 2, seed) == plain.run(false, 2, seed));
  }
  CHECK(replayed.be.replays().recorded == 2);
}

TEST_CASE("Work at other addresses is not replayed", "[cuda][replay]") {
  Run<Cuda<float>> r;
  const Mat<float> from[]{r.in(1, 3, 1), r.in(1, 3, 2)}, y = r.out(1, 3);
  r.keep(from[0], from[1]);
  for (std::size_t time = 0; time < 10; ++time) {
    const Mat<float>& x = from[time % 5 < 3 ? 0 : 1];
    r.be.replay(ReplayKey{x.data}, [&] { copy(r.be, y, x); });
    r.keep(y);
    CHECK(r.outputs.back() == r.outputs[time % 5 < 3 ? 0 : 1]);
  }
  CHECK(r.be.replays().recorded == 2);
}

TEST_CASE("Work is not replayed in another precision", "[cuda][replay]") {
  Encoder plain, replayed;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const Precision precision = seed % 6 < 4 ? Precision::full : Precision::bf16;
    plain.be.use(precision);
    replayed.be.use(precision);
    CHECK(replayed.run(true, 4, seed) == plain.run(false, 4, seed));
  }
  CHECK(replayed.be.replays().replayed >= 1);
}

TEST_CASE("Replayed work keeps to its place on the tape's second stack", "[cuda][replay]") {
  Cuda<float> be;
  for (int time = 0; time < 12; ++time) {
    CAPTURE(time);
    be.tape().rewind();
    be.tape().take<float>(16);
    if (time == 0 || time == 7) be.tape().brief().take<float>(time == 0 ? 128 : 1 << 19);  // it is larger from then on
    be.tape().brief().release({});
    const float* const before = be.tape().brief().take<float>(time == 4 ? 32 : 16);
    const Mat<float> zeros = be.replay(ReplayKey{}, [&] {
      const Mat<float> y = matrix(be.tape().brief().take<float>(16), 1, 16);
      set_zero(be, y);
      return y;
    });
    CHECK(zeros.data == before + (time == 4 ? 32 : 16));
    CHECK(be.tape().brief().take<float>(16) == zeros.data + 16);
    CHECK(to_host(be, zeros) == 0);
  }
  CHECK(be.replays().replayed >= 1);
}

TEST_CASE("Work within work that is replayed is a part of it", "[cuda][replay]") {
  Run<Cuda<float>> r;
  const auto x = r.in(1, 3, 1), y = r.out(1, 3), z = r.out(1, 3);
  for (int time = 0; time < 5; ++time) {
    r.be.replay(ReplayKey{}, [&] {
      r.be.replay(ReplayKey{y.data}, [&] { copy(r.be, y, x); });
      copy(r.be, z, y);
    });
    r.keep(x, z);
    CHECK(r.outputs.back() == r.outputs[r.outputs.size() - 2]);
    set_zero(r.be, y);
    set_zero(r.be, z);
  }
  CHECK(r.be.replays().replayed >= 1);
}

TEST_CASE("More kinds of work than are kept are still right", "[cuda][replay]") {
  Run<Cuda<float>> r;
  const Size most = static_cast<Size>(cuda::Replays::most);
  const auto x = r.in(most + 5, 3, 1), y = r.out(1, 3);
  r.keep(x);
  const Numbers rows = r.outputs[0];
  const auto check = [&](Size i) {
    r.be.replay(ReplayKey{i}, [&] { copy(r.be, y, rows_of(x, i, 1)); });
    r.keep(y);
    CHECK(r.outputs.back() == Numbers(rows.begin() + 3 * i, rows.begin() + 3 * i + 3));
  };
  for (int time = 0; time < 3; ++time) {
    for (Size i = most + 5; i-- > 0;) check(i);
    for (Size i = 0; i < most; i += 9) {
      for (int again = 0; again < 3; ++again) check(i);
    }
  }
  CHECK(r.be.replays().replayed > 0);
}

TEST_CASE("What cannot be replayed is an error, after which all goes on", "[cuda][replay]") {
  Cuda<float> be{3};
  const auto read = [&] {
    const Mat<float> y = matrix(be.tape().take<float>(4), 1, 4);
    set_zero(be, y);
    return to_host(be, y);
  };
  const Size count = 3;
  const std::vector<Size> offsets{0, 1, 2, 3};  // not pinned
  const auto from_host = [&] {
    const Mat<float> y = matrix(be.tape().take<float>(6), 3, 2), x = matrix(be.tape().take<float>(6), 3, 2);
    set_zero(be, x);
    pick_rows(be, y, x, {offsets.data(), count}, false);
  };
  for (int time = 0; time < 3; ++time) {
    be.tape().rewind();
    be.tape().take<float>(64);
    const bool recorded = time == 2;  // the first time the tape grew
    if (!recorded) CHECK(be.replay(ReplayKey{}, read) == 0);
    if (recorded) CHECK_THROWS_AS(be.replay(ReplayKey{}, read), Error);
    if (recorded) CHECK_THROWS_WITH(be.replay(ReplayKey{count}, from_host), Catch::Contains("not pinned"));
    if (!recorded) be.replay(ReplayKey{count}, from_host);
  }
  be.tape().rewind();
  const Mat<float> y = matrix(be.tape().take<float>(4), 1, 4);
  set_zero(be, y);
  CHECK(to_host(be, y) == 0);
  CHECK(be.replays().recorded == 0);
}
