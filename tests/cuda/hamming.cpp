#include <atomic>
#include <catch2/catch.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/core/threads.hpp>
#include <hashweave/cuda/hamming.hpp>
#include <hashweave/index/hamming_index.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

using namespace hashweave;

namespace {

/// Codes of which the first few bits alone are random, so that many distances are equal.
template <Size Bits>
std::vector<Code<Bits>> some_codes(Size n, Size random_bits, std::uint64_t seed) {
  std::vector<Code<Bits>> codes(static_cast<std::size_t>(n));
  const RandomStream stream{seed, 0, 0};
  for (Size i = 0; i < n; ++i) {
    for (Size b = 0; b < random_bits; ++b)
      codes[static_cast<std::size_t>(i)].set(b, stream.bits(static_cast<std::uint64_t>(i * random_bits + b)) % 2 != 0);
  }
  return codes;
}

/// The same codes under the same ids on the host and on the device, in chunks of 256.
template <Size Bits>
struct Both {
  HammingIndex<Bits, LinearScan> host{};
  CudaHammingIndex<Code<Bits>> device{{}, 256};
  std::vector<Code<Bits>> queries;

  /// The same change of both.
  template <class F>
  void change(const F& f) {
    f(host);
    f(device);
  }
  void check_answers(const SearchOptions& options = {}) {
    for (const Size k : {Size{1}, Size{10}, host.size() / 2 + 1, host.size() + 5}) {
      CAPTURE(k);
      CHECK(device.search(queries, k, options) == host.search(queries, k, options));
    }
    for (const Size radius : {Size{0}, Size{1}, Size{3}, Bits / 2, Bits, Bits + 9}) {
      CAPTURE(radius);
      CHECK(device.search_radius(queries, radius, options) == host.search_radius(queries, radius, options));
    }
    if (queries.empty()) return;
    CHECK(device.search(queries[0], 3, options) == host.search(queries[0], 3, options));
    CHECK(device.search_radius(queries[0], 3, options) == host.search_radius(queries[0], 3, options));
  }
  void check_contents() {
    REQUIRE(device.size() == host.size());
    const auto ids = device.ids();
    CHECK(ids == host.ids());
    std::vector<std::int64_t> seen;
    device.for_each([&](std::int64_t id, const Code<Bits>& code) {
      seen.push_back(id);
      CHECK(host.reconstruct(id) == code);
    });
    CHECK(seen == ids);
    if (!ids.empty()) CHECK(device.reconstruct(ids.back()) == host.reconstruct(ids.back()));
  }
  void check() {
    check_contents();
    check_answers();
  }
};

/// What f says when it throws `Error`, without the index's name.
template <class F>
std::string refusal(const F& f) {
  try {
    f();
  } catch (const Error& error) {
    const std::string text = error.what();
    return text.substr(text.find("HammingIndex") + 12);
  }
  return "nothing was thrown";
}

/// Adding, removing, adding again and updating, with ids in no order.
template <Size Bits>
void check_changes(Size random_bits) {
  const auto codes = some_codes<Bits>(400, random_bits, 1);
  Both<Bits> both{.queries = some_codes<Bits>(3, random_bits, 2)};
  both.check();  // nothing is there
  const std::span all{codes};
  std::vector<std::int64_t> ids;  // 99, 96, … 0 and, between, numbers that need 64 bits
  for (std::int64_t i = 99; i >= 0; --i)
    ids.push_back(i % 3 == 0 ? i : (i % 2 == 0 ? i : -i) * (std::int64_t{1} << 40));
  both.change([&](auto& index) { index.add(all.first(100), ids); });
  both.check();
  both.change([&](auto& index) { index.add(all.subspan(100, 200)); });  // behind the largest
  both.check();
  const std::vector<std::int64_t> gone{ids[0], ids[3], ids[7], ids[0], 12345678, ids[99]};
  both.change([&](auto& index) { CHECK(index.remove(gone) == 4); });
  both.check();
  CHECK_FALSE(both.device.reconstruct(ids[0]));
  both.change([&](auto& index) { index.add(all.subspan(300, 30)); });  // behind rows of which some are gone
  both.check();
  both.change([&](auto& index) { index.add(all.subspan(330, 2), std::vector{ids[3], ids[0]}); });  // once more
  both.check();
  both.change([&](auto& index) { CHECK(index.remove(std::vector{ids[0]}) == 1); });
  both.change([&](auto& index) { index.update(all.subspan(340, 2), std::vector{ids[3], ids[50]}); });
  both.check();
  both.change([&](auto& index) {
    CHECK(index.remove(std::vector{index.ids().back()}) == 1);
    index.compact();
    index.add(all.subspan(350, 1), std::vector{std::int64_t{-7}});
    index.add(all.subspan(360, 5));  // not under the largest id that ever was there
  });
  both.check();
}

}  // namespace

TEST_CASE("CUDA's Hamming search finds all within a radius, and what was added later", "[cuda][index]") {
  const auto codes = some_codes<48>(700, 6, 1);
  Both<48> both{.queries = some_codes<48>(70, 7, 2)};  // more than one batch; some of them have no hit at 0
  both.change([&](auto& index) {
    index.add(std::span{codes}.first(1));
    index.add(std::span{codes}.subspan(1, 299));
    index.add({});
    index.add(std::span{codes}.subspan(300));
  });
  both.check();
}

TEST_CASE("CUDA's Hamming search finds what the CPU's finds, ties included", "[cuda][index]") {
  const auto check = []<Size Bits>(std::integral_constant<Size, Bits>, Size n, Size random_bits, Size count) {
    const auto codes = some_codes<Bits>(n, random_bits, 1);
    Both<Bits> both{.queries = some_codes<Bits>(count, random_bits, 2)};
    both.change([&](auto& index) { index.add(codes); });
    both.check();
  };
  SECTION("128 bits, all random") { check(std::integral_constant<Size, 128>{}, 700, 128, 6); }
  SECTION("many equal distances over several chunks") { check(std::integral_constant<Size, 48>{}, 1000, 4, 5); }
  SECTION("one code") { check(std::integral_constant<Size, 128>{}, 1, 64, 3); }
  SECTION("no multiple of 64 bits, a chunk's last code") { check(std::integral_constant<Size, 48>{}, 257, 20, 1); }
  SECTION("the longest codes") { check(std::integral_constant<Size, 4096>{}, 300, 100, 2); }
}

TEST_CASE("CUDA's Hamming index keeps ids of one's own, removes, adds again and updates as the CPU's",
          "[cuda][index]") {
  SECTION("48 bits, many equal distances") { check_changes<48>(4); }
  SECTION("128 bits") { check_changes<128>(128); }
  SECTION("1000 bits") { check_changes<1000>(9); }
  SECTION("4096 bits") { check_changes<4096>(7); }
}

TEST_CASE("CUDA's Hamming index orders equal distances by id, wherever the codes were put", "[cuda][index]") {
  const std::vector<Code<64>> codes(600);  // all the same
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < 600; ++i) ids.push_back(i * 7 % 600 - 300);
  CudaHammingIndex<Code<64>> index{codes, ids, 256};
  const auto hits = index.search(codes[0], 5);
  CHECK(hits == std::vector<Hit>{{-300, 0}, {-299, 0}, {-298, 0}, {-297, 0}, {-296, 0}});
}

TEST_CASE("CUDA's Hamming search answers with what a filter lets through, as the CPU's", "[cuda][index]") {
  const auto codes = some_codes<128>(600, 5, 1);
  Both<128> both{.queries = some_codes<128>(3, 5, 2)};
  both.change([&](auto& index) { index.add(codes); });
  const auto check_all = [&] {
    both.check_answers({.where = [](std::int64_t) { return false; }});
    both.check_answers({.where = [](std::int64_t id) { return id == 599; }});
    both.check_answers({.where = [](std::int64_t id) { return id % 100 == 64; }});  // fewer than 10
    both.check_answers({.where = [](std::int64_t id) { return id >= 256 && id % 3 != 0; }});
    const std::vector<std::uint64_t> words{0x8000000000000001u, 0, 0xffu};
    both.check_answers({.where = IdBits{words, 250}});
    both.check_answers();  // and all again without
  };
  check_all();
  std::vector<std::int64_t> gone{599};
  for (std::int64_t id = 0; id < 200; id += 2) gone.push_back(id);
  both.change([&](auto& index) { CHECK(index.remove(gone) == 101); });
  check_all();
  SECTION("with threads, each item that is there is asked about once") {
    Threads threads{3};
    std::vector<std::atomic<int>> asked(600);
    const auto odd = [&](std::int64_t id) { return ++asked[static_cast<std::size_t>(id)] > 0 && id % 2 != 0; };
    const auto hits = both.device.search(both.queries, 20, {.where = odd, .threads = &threads});
    for (std::int64_t id = 0; id < 600; ++id)
      CHECK(asked[static_cast<std::size_t>(id)] == (both.host.reconstruct(id) ? 1 : 0));
    CHECK(hits == both.host.search(both.queries, 20, {.where = odd}));
  }
}

TEST_CASE("CUDA's Hamming index gives back the memory of what was removed", "[cuda][index]") {
  const auto codes = some_codes<64>(300, 64, 1);
  Both<64> both{.queries = some_codes<64>(2, 64, 2)};
  both.change([&](auto& index) { index.add(codes); });
  CHECK(both.device.size_in_bytes() == 8 * 300);
  std::vector<std::int64_t> gone;
  const auto remove_from = [&](std::int64_t first, std::int64_t last) {
    gone.clear();
    for (std::int64_t id = first; id < last; ++id) gone.push_back(id);
    both.change([&](auto& index) { CHECK(index.remove(gone) == last - first); });
    both.check();
  };
  remove_from(0, 100);
  CHECK(both.device.size_in_bytes() == 8 * (300 + 2 * 5));  // a bit a row, in two places
  remove_from(150, 250);
  CHECK(both.device.size_in_bytes() == 8 * (100 + 100));  // more gaps than codes: 100 codes and their ids are left
  remove_from(100, 150);
  both.device.compact();
  CHECK(both.device.size_in_bytes() == 8 * 50);  // 250, 251, … 299: no ids to keep
  remove_from(250, 300);
  both.change([&](auto& index) { index.add(std::span{codes}.first(3)); });  // from 300 on
  both.check();
}

TEST_CASE("CUDA's Hamming search refuses what it cannot do", "[cuda][index]") {
  const auto codes = some_codes<48>(3, 48, 1);
  CHECK_THROWS_WITH((CudaHammingIndex<Code<48>>{codes, 255}), Catch::Contains("codes in a chunk"));
  CudaHammingIndex<Code<48>> index{codes};
  CHECK(index.search(std::span<const Code<48>>{}, 1).empty());
  const std::span too_many{codes.data(), std::size_t{1} << 31};  // counted, not read
  CHECK_THROWS_WITH(index.add(too_many), Catch::Contains("number of codes: expected at most 2147483647"));
  CHECK(index.size() == 3);
}

TEST_CASE("CUDA's Hamming index refuses what the CPU's refuses, in the same words", "[cuda][index]") {
  const auto codes = some_codes<48>(5, 48, 1);
  Both<48> both{.queries = codes};
  both.change([&](auto& index) { index.add(codes); });
  using Ids = std::vector<std::int64_t>;
  const auto check_refused = [&](const auto& f, const std::string& words) {
    const std::string said = refusal([&] { f(both.device); });
    CHECK(said == refusal([&] { f(both.host); }));
    CHECK_THAT(said, Catch::Contains(words));
    both.check();  // and nothing was changed
  };
  const std::span two{codes.data(), 2};
  check_refused([&](auto& index) { index.add(two, Ids{7}); }, "add: ids, one a code: expected 2, got 1");
  check_refused([&](auto& index) { index.add(two, Ids{7, 7}); }, "add: ids: expected each once, got 7 twice");
  check_refused([&](auto& index) { index.add(two, Ids{7, 4}); }, "add: ids: expected each once, got 4 twice");
  check_refused([&](auto& index) { index.update(two, Ids{3}); }, "update: ids, one a code");
  check_refused([&](auto& index) { index.update(two, Ids{3, 3}); }, "update: ids: expected each once");
  check_refused(
      [&](auto& index) {
        index.update(two, Ids{3, 5});
      },
      "update: ids to update: expected ids that are there");
  check_refused([&](auto& index) { index.search(codes, 0); }, "search: k: expected at least 1, got 0");
  check_refused([&](auto& index) { index.search_radius(codes, -1); }, "radius: expected at least 0 bits, got -1");
  both.change(
      [&](auto& index) { index.add(std::span{codes}.first(1), Ids{std::numeric_limits<std::int64_t>::max() - 1}); });
  check_refused([&](auto& index) { index.add(two); },
                "add: codes to add after id 9223372036854775806: expected 1, got 2");
  both.change([&](auto& index) { index.add(std::span{codes}.first(1)); });
  both.check();
}
