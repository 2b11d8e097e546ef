// Numbers that travel while kernels run.
#include "cuda/run.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("Batches that are sent while others are read arrive as they were written", "[cuda][uploads]") {
  Cuda<float> be;
  const auto write = [&](Size n, float value) {
    const std::span<float> room = be.uploads().room(n);
    REQUIRE(std::ssize(room) == n);
    for (Size i = 0; i < n; ++i) room[static_cast<std::size_t>(i)] = value + static_cast<float>(i);
    be.uploads().send(n / 2, n - n / 2);  // part by part, in any order
    be.uploads().send(0, n / 2);
    return room.data();
  };
  const std::vector<Size> sizes{40, 40, 7, 100, 100, 1, 100};
  const auto number = [](std::size_t batch, std::size_t i) { return static_cast<float>(1000 * batch + i); };
  const float* here = write(sizes[0], number(0, 0));
  for (std::size_t batch = 0; batch < sizes.size(); ++batch) {
    be.tape().rewind();
    const Size n = sizes[batch];
    const float* x = batch % 2 == 0 ? be.uploads().receive() : be.uploads().find(here);
    CHECK(be.uploads().find(here) == x);
    const Mat<float> y = matrix(be.tape().take<float>(n), 1, n), z = matrix(be.tape().take<float>(n), 1, n);
    copy(be, y, matrix(x, 1, n));
    if (batch + 1 < sizes.size()) {
      if (batch % 3 == 0) write(n + 3, -1);  // given up
      here = write(sizes[batch + 1], number(batch + 1, 0));
    }
    copy(be, z, matrix(x, 1, n));  // the next is under way
    for (const Mat<float>& read : {y, z}) {
      std::vector<float> got(static_cast<std::size_t>(n));
      CudaMemory::copy_to_host(got.data(), read.data, got.size() * sizeof(float));
      for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == number(batch, i));
    }
  }
  CHECK(be.uploads().find(nullptr) == nullptr);
  const float elsewhere = 0;
  CHECK(be.uploads().find(&elsewhere) == nullptr);
  CHECK_THROWS_AS(be.uploads().receive(), Error);  // there is nothing after them
}

TEST_CASE("A host that waits for nothing sends numbers after numbers", "[cuda][uploads]") {
  Cuda<float> be;
  constexpr Size n = 100, batches = 6;
  const Mat<float> y = matrix(be.tape().take<float>(batches * n), batches, n);
  for (Size batch = 0; batch < batches; ++batch) {
    const std::span<float> room = be.uploads().room(n);
    std::ranges::fill(room, static_cast<float>(batch));
    be.uploads().send(0, n);
    copy(be, rows_of(y, batch, 1), matrix(be.uploads().receive(), 1, n));
  }
  std::vector<float> got(static_cast<std::size_t>(batches * n));
  CudaMemory::copy_to_host(got.data(), y.data, got.size() * sizeof(float));
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == static_cast<float>(i / n));
}

TEST_CASE("Numbers that were not sent are not received", "[cuda][uploads]") {
  Cuda<float> be;
  CHECK_THROWS_AS(be.uploads().receive(), Error);
  be.uploads().room(4);
  be.uploads().send(0, 3);
  CHECK_THROWS_WITH(be.uploads().receive(), Catch::Contains("numbers sent: expected 4, got 3"));
  CHECK_THROWS_WITH(be.uploads().send(3, 2), Catch::Contains("expected at most 4, got 5"));
  be.uploads().send(3, 1);
  CHECK(be.uploads().receive() != nullptr);
}
