#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <hashweave/index/index_file.hpp>
#include <io/files.hpp>
#include <io/heap_watch.hpp>
#include <io/mutate.hpp>
#include <random>
#include <string>
#include <support/damaged.hpp>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

template <Size Bits>
std::vector<Code<Bits>> sparse_codes(Size n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Code<Bits>> codes(static_cast<std::size_t>(n));
  for (auto& code : codes) {
    for (auto& word : code.words) word = random() & random();
    if constexpr (Bits % 64 != 0) code.words.back() &= (std::uint64_t{1} << Bits % 64) - 1;
  }
  return codes;
}

std::vector<std::int64_t> odd_ids(Size n, std::uint64_t seed) {
  std::vector<std::int64_t> ids;
  for (Size i = 0; i < n; ++i) ids.push_back(2 * i - 99);
  std::shuffle(ids.begin(), ids.end(), std::mt19937_64(seed));
  return ids;
}

template <Size Bits, class A, class B>
void check_equal(const HammingIndex<Bits, A>& a, const HammingIndex<Bits, B>& b) {
  REQUIRE(a.size() == b.size());
  REQUIRE(a.ids() == b.ids());
  for (const auto id : a.ids()) REQUIRE(a.reconstruct(id) == b.reconstruct(id));
  for (const auto& query : sparse_codes<Bits>(3, 99)) {
    REQUIRE(a.search(query, 10) == b.search(query, 10));
    REQUIRE(a.search_radius(query, Bits / 5) == b.search_radius(query, Bits / 5));
  }
}

/// Calls f in a child process and kills it after a while, or not -> whether it came to its end.
template <class F>
bool in_child(int microseconds, const F& f) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      f();
    } catch (...) {
      ::_exit(2);
    }
    ::_exit(0);
  }
  ::usleep(static_cast<useconds_t>(microseconds));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
  return !WIFSIGNALED(status);
}

/// Gives the directories and heads of an index file the checksums that they should have.
void repair_checksums(std::string& text) {
  constexpr std::size_t directory = 32, checksum = 72;
  const auto bytes = [&](std::size_t at, std::size_t count) { return as_bytes(text).subspan(at, count); };
  const auto put_number = [&](std::size_t at, std::uint32_t number) { std::memcpy(text.data() + at, &number, 4); };
  for (const std::size_t head : {std::size_t{0}, std::size_t{detail::head_stride}}) {
    if (text.size() < head + detail::head_bytes || text[head] == 0) continue;
    const auto offset = load_number<std::uint64_t>(bytes(head + directory, 8).data());
    const auto size = load_number<std::uint64_t>(bytes(head + directory + 8, 8).data());
    if (offset <= text.size() && size <= text.size() - offset)
      put_number(head + directory + 16, crc32c(bytes(offset, size)));
    put_number(head + checksum, crc32c(bytes(head, checksum)));
  }
}

/// The n-th system call of a kind fails.
class FailingCalls : public FileCalls {
 public:
  explicit FailingCalls(int nth) : left_{nth} {}
  ssize_t write(int file, const void* from, std::size_t count) override {
    if (left_-- == 0) {
      errno = ENOSPC;
      return -1;
    }
    return FileCalls::write(file, from, count);
  }
  int sync(int file) override {
    if (left_-- == 0) {
      errno = EIO;
      return -1;
    }
    return FileCalls::sync(file);
  }
  bool failed() const { return left_ < 0; }

 private:
  int left_;
};

}  // namespace

TEMPLATE_TEST_CASE_SIG("A saved index is loaded as it was", "[index][index_file]", ((Size Bits), Bits), 16, 64, 72,
                       1024) {
  const TemporaryFolder folder;
  const auto path = folder / "a.hwi";
  HammingIndex<Bits, MultiIndexHashing<>> index{sparse_codes<Bits>(700, 1)};
  index.add(sparse_codes<Bits>(5000, 2), [] {
    auto ids = odd_ids(5000, 3);
    for (auto& id : ids) id += 100'000;
    return ids;
  }());
  index.compact();
  index.add(sparse_codes<Bits>(30, 4));
  index.remove(std::vector<std::int64_t>{3, 4, 5, 699, 100'001});
  save_index(index, path);
  REQUIRE(bits_of_index(path) == Bits);
  REQUIRE_NOTHROW(verify_index(path));
  const auto loaded = load_index<Bits, MultiIndexHashing<>>(path);
  check_equal(index, loaded);
  REQUIRE(loaded.store().state()->parts[0].tables != nullptr);

  auto copy = loaded;  // goes on in memory of its own
  copy.add(sparse_codes<Bits>(100, 5));
  REQUIRE(copy.size() == loaded.size() + 100);
  REQUIRE(copy.ids().back() == index.ids().back() + 100);
  check_equal(index, load_index<Bits>(path));
}

TEMPLATE_TEST_CASE_SIG("Any number of tables is saved and loaded", "[index][index_file]", ((Size Chunks), Chunks), 1, 2,
                       3, 8) {
  const TemporaryFolder folder;
  const auto path = folder / "a.hwi";
  HammingIndex<64, MultiIndexHashing<Chunks>> index{sparse_codes<64>(1001, 1)};
  index.compact();
  REQUIRE(index.store().state()->parts[0].tables->shape().chunks == Chunks);
  save_index(index, path);
  verify_index(path);
  check_equal(index, load_index<64, MultiIndexHashing<Chunks>>(path));
}

TEST_CASE("An empty index is a file, too", "[index][index_file]") {
  const TemporaryFolder folder;
  HammingIndex<64> index;
  index.add(sparse_codes<64>(3, 1));
  index.remove(std::vector<std::int64_t>{0, 1, 2});
  save_index(index, folder / "a.hwi");
  verify_index(folder / "a.hwi");
  auto loaded = load_index<64>(folder / "a.hwi");
  REQUIRE(loaded.size() == 0);
  loaded.add(sparse_codes<64>(1, 2));
  REQUIRE(loaded.ids() == std::vector<std::int64_t>{3});  // ids are not given out again
}

TEST_CASE("Changes are appended to a file, and it is written anew when too much of it is unused",
          "[index][index_file]") {
  const TemporaryFolder folder;
  const auto path = folder / "a.hwi";
  HammingIndex<64> expected{sparse_codes<64>(9000, 1)};
  save_index(expected, path);
  IndexFile<64> file{path};
  const auto before = load_index<64>(path);
  std::mt19937_64 random(5);
  int written_anew = 0;
  for (int round = 0; round < 30; ++round) {
    const auto codes = sparse_codes<64>(1 + static_cast<Size>(random() % 300), 10 + static_cast<std::uint64_t>(round));
    const auto known = expected.ids();
    std::vector<std::int64_t> gone, changed;
    for (const auto id : known) {
      if (random() % 40 == 0)
        gone.push_back(id);
      else if (random() % 200 == 0)
        changed.push_back(id);
    }
    const auto others = sparse_codes<64>(std::ssize(changed), random());
    for (HammingIndex<64>* index : {&expected, &file.index()}) {
      index->add(codes);
      index->remove(gone);
      index->update(others, changed);
    }
    const auto size = std::filesystem::file_size(path);
    file.commit();
    if (round % 10 == 0) {
      verify_index(path);
      check_equal(expected, load_index<64>(path));
    }
    // what is new, a note of a bit a row for what was removed, and the directory
    written_anew += std::filesystem::file_size(path) > size + 30'000 ? 1 : 0;
  }
  CHECK(written_anew <= 2);  // when half of the rows are removed ones
  check_equal(expected, file.index());
  check_equal(HammingIndex<64>{sparse_codes<64>(9000, 1)}, before);  // an index once loaded stays

  std::vector<std::int64_t> most = file.index().ids();
  most.resize(most.size() - 50);
  file.index().remove(most);
  file.index().add(sparse_codes<64>(200'000, 77));
  file.commit();
  file.index().remove(file.index().ids());
  file.commit();
  REQUIRE(std::filesystem::file_size(path) < 20'000);
  REQUIRE(load_index<64>(path).size() == 0);
}

TEST_CASE("One process at a time appends to an index file", "[index][index_file]") {
  const TemporaryFolder folder;
  const auto path = folder / "a.hwi";
  save_index(HammingIndex<64>{sparse_codes<64>(10, 1)}, path);
  IndexFile<64> file{path};
  REQUIRE_THROWS_WITH(IndexFile<64>{path},
                      Catch::Matchers::EndsWith("others who write to the file: expected none, got one"));
  save_index(HammingIndex<64>{}, path);  // replaces it
  file.index().add(sparse_codes<64>(1, 2));
  REQUIRE_THROWS_WITH(file.commit(), Catch::Matchers::Contains("another one"));
}

TEST_CASE("An index file that is none, or of other bits, is refused", "[index][index_file]") {
  const TemporaryFolder folder;
  const auto path = folder / "a.hwi";
  save_index(HammingIndex<64>{sparse_codes<64>(10, 1)}, path);
  REQUIRE_THROWS_WITH(load_index<128>(path), path.string() + ": bits of the codes: expected 128, got 64");
  put(folder / "b", std::string(10'000, 'x'));
  REQUIRE_THROWS_WITH(load_index<64>(folder / "b"),
                      Catch::Matchers::Contains("first bytes of an index file: expected HWVINDEX"));
  put(folder / "c", "short");
  REQUIRE_THROWS_WITH(load_index<64>(folder / "c"), Catch::Matchers::Contains("expected at least 8192, got 5"));
  REQUIRE_THROWS_AS(load_index<64>(folder / "none"), Error);
  std::string cut = content_of(path);
  cut.resize(cut.size() - 100);
  put(folder / "d", cut);
  REQUIRE_THROWS_AS(load_index<64>(folder / "d"), Error);
}

TEST_CASE("Verification finds what loading does not look at", "[index][index_file]") {
  const TemporaryFolder folder;
  const auto path = folder / "a.hwi";
  HammingIndex<64, MultiIndexHashing<>> index{sparse_codes<64>(5000, 1), odd_ids(5000, 2)};
  index.compact();
  index.remove(std::vector<std::int64_t>{1});
  save_index(index, path);
  const std::string sound = content_of(path);
  for (std::size_t at = detail::head_area; at + 64 < sound.size(); at += sound.size() / 97) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    put(path, damaged);
    CAPTURE(at);
    bool padding = true;  // the bytes between sections belong to none
    for (std::size_t i = at & ~std::size_t{63}; i < (at | 63); ++i) padding = padding && sound[i] == 0;
    if (!padding) REQUIRE_THROWS_AS(verify_index(path), Error);
  }
}

TEST_CASE("Damaged index files are loaded and searched, or refused with an Error", "[index][mutants]") {
  const TemporaryFolder folder;
  const auto path = folder / "a.hwi";
  HammingIndex<64, MultiIndexHashing<>> index{sparse_codes<64>(256, 1), odd_ids(256, 2)};
  index.compact();
  index.add(sparse_codes<64>(70, 4));
  index.remove(std::vector<std::int64_t>{1});
  save_index(index, path);
  {
    IndexFile<64, MultiIndexHashing<>> file{path};
    file.index().add(sparse_codes<64>(3, 5));
    file.commit();
  }
  const std::string seed = content_of(path);
  const auto query = sparse_codes<64>(1, 9).front();
  Mutator mutator{7};
  std::uint32_t read = 0;
  for (std::uint32_t i = 0; i < damaged_files; ++i) {
    std::string text = mutator.mutant(seed, i);
    // heads and directory with the right checksum, so that what is behind them is reached
    if (i % 2 == 0) repair_checksums(text);
    CAPTURE(i);
    const Size room = static_cast<Size>(text.size());
    const auto memory = detail::aligned_memory<std::byte>(room);
    std::memcpy(memory.get(), text.data(), text.size());
    const Blob blob{{memory.get(), text.size()}, memory};
    try {
      HammingIndex<64, MultiIndexHashing<>> loaded;
      const auto load = [&] {
        const HeapWatch heap;
        auto state = detail::state_of_file(blob, "file", 64);
        REQUIRE(heap.peak() <= text.size() + (16 << 20));
        return state;
      };
      loaded.store().replace(load());
      for (const auto& hit : loaded.search(query, 20)) REQUIRE(hit.distance <= 64);
      detail::RadiusSelection every{9};
      for (const auto& part : loaded.store().state()->parts)
        if (part.tables != nullptr)
          detail::ChunkSearch{part, BlockLayout{64}, query.words.data(), IdFilter{}, 1e9, every}.run();
      loaded.add(sparse_codes<64>(2, 8));
      loaded.ids();
      detail::verify_file(blob, "file");
      ++read;
    } catch (const Error& error) {
      if (std::string{error.what()}.find(": expected ") == std::string::npos) throw;
    }
  }
  CHECK(read < damaged_files);
  CHECK(read > 0);  // bytes of an old generation or between sections
}

TEST_CASE("Whatever fails on the way, the file holds the old index or the new one", "[index][index_file]") {
  const TemporaryFolder folder;
  const auto path = folder / "a.hwi";
  const HammingIndex<64> old{sparse_codes<64>(5000, 1)};
  HammingIndex<64> next = old;
  next.add(sparse_codes<64>(5000, 2));
  next.remove(std::vector<std::int64_t>{7});
  bool done = false;
  for (int nth = 0; !done; ++nth) {
    save_index(old, path);
    IndexFile<64> file{path};
    file.index().add(sparse_codes<64>(5000, 2));
    file.index().remove(std::vector<std::int64_t>{7});
    FailingCalls calls{nth};
    try {
      file.commit(calls);
    } catch (const MachineError&) {
    }
    done = !calls.failed();
    verify_index(path);
    const auto found = load_index<64>(path);
    if (found.size() == old.size()) {
      check_equal(old, found);
      file.commit();  // again, without a fault
    }
    check_equal(next, load_index<64>(path));
  }
}

TEST_CASE("Killed at any moment, saving and appending leave the old index or the new one", "[index][index_file]") {
  const TemporaryFolder folder;
  const auto path = folder / "a.hwi";
  const HammingIndex<64> old{sparse_codes<64>(60'000, 1)};
  const auto more = sparse_codes<64>(60'000, 2);
  std::mt19937_64 random(3);
  int killed = 0;
  for (int round = 0; round < 50; ++round) {
    CAPTURE(round);
    save_index(old, path);
    const bool append = round % 2 == 0;
    const bool ended = in_child(static_cast<int>(random() % 12'000), [&] {
      if (append) {
        IndexFile<64> file{path};
        file.index().add(more);
        file.commit();
      } else {
        HammingIndex<64> next = old;
        next.add(more);
        save_index(next, path);
      }
    });
    killed += ended ? 0 : 1;
    REQUIRE_NOTHROW(verify_index(path));
    const auto found = load_index<64>(path);
    REQUIRE((found.size() == 60'000 || found.size() == 120'000));
    if (ended) REQUIRE(found.size() == 120'000);
    REQUIRE(found.search(more[5], 1) ==
            (found.size() == 60'000 ? old.search(more[5], 1) : std::vector<Hit>{{60'005, 0}}));
  }
  CAPTURE(killed);
  CHECK(killed > 0);
}
