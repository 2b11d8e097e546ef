#pragma once
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/index/hamming_index.hpp>
#include <hashweave/index/index_image.hpp>
#include <hashweave/index/index_load.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/locked_file.hpp>
#include <string>
#include <utility>

namespace hashweave {

/// Bits of the codes of an index file. Throws `Error` where it is none.
inline Size bits_of_index(const std::filesystem::path& path) {
  return static_cast<Size>(detail::newest_head(map_file(path).bytes, path.string()).bits);
}

/// Writes an index to a file, whole or not at all (`write_atomically`, whose errors it throws).
template <Size Bits, class Search, class Ids>
void save_index(const HammingIndex<Bits, Search, Ids>& index, const std::filesystem::path& path, FileCalls& calls) {
  const detail::IndexImage image{*index.store().state(), detail::IndexImage::draw_identity()};
  write_atomically(
      path, [&](FileWriter& out) { image.write_whole(out); }, calls);
}
template <Size Bits, class Search, class Ids>
void save_index(const HammingIndex<Bits, Search, Ids>& index, const std::filesystem::path& path) {
  FileCalls calls;
  save_index(index, path, calls);
}

/// The index in a file. Its memory is the file's, mapped: nothing is copied, and pages are read when they are searched.
/// What `save_index` and `IndexFile` do to the file later does not change it.
///
/// The file's structure is checked, its contents are not (`verify_index` does that): damaged contents give wrong
/// answers, never a fault. Throws `Error` where it is no index file, damaged, or of other bits.
template <Size Bits, class Search = Automatic, class Ids = UserIds>
HammingIndex<Bits, Search, Ids> load_index(const std::filesystem::path& path, const Search& search = {}) {
  HammingIndex<Bits, Search, Ids> index{search};
  index.store().replace(detail::state_of_file(map_file(path), path.string(), Bits));
  return index;
}

/// Reads an index file whole: checksums, order and uniqueness of the ids, tables against codes.
/// Throws `Error` at the first fault.
inline void verify_index(const std::filesystem::path& path) {
  const Blob file = map_file(path);
  detail::verify_file(file, path.string());
}

/// An index and its file, to which changes are appended: no more is written than what is new.
///
/// One process at a time can have a file open in this way; others may load it meanwhile. After a crash at any moment
/// the file holds what the last `commit` that returned has written, or the one that was under way, whole.
template <Size Bits, class Search = Automatic, class Ids = UserIds>
class IndexFile {
 public:
  /// Opens a file that `save_index` has written. Throws `Error` as `load_index`, or where another has it open.
  explicit IndexFile(std::filesystem::path path, const Search& search = {})
      : path_{std::move(path)}, file_{path_}, index_{search} {
    index_.store().replace(stored());
  }

  HammingIndex<Bits, Search, Ids>& index() { return index_; }
  const HammingIndex<Bits, Search, Ids>& index() const { return index_; }

  /// Puts the index as it is now on the disk; changes that others make meanwhile are left for the next time.
  /// Throws as `write_atomically`; the file then holds what it held, and commit may be called again. Throws `Error`
  /// where another file has come to stand under this name.
  ///
  /// A file of many small parts, or with more unused than used bytes, is written anew.
  void commit(FileCalls& calls) {
    require(file_.is_at(path_), path_.string(), "file to append to", "the one that was opened", "another one");
    auto state = index_.store().state();
    const detail::IndexHead head = detail::newest_head(map_file(path_).bytes, path_.string());
    const detail::IndexImage image{*state, head};
    if (std::ssize(state->parts) > most_parts || 2 * image.live_bytes() + small < head.end + image.new_bytes()) {
      index_.compact();
      state = index_.store().state();
      save_index(index_, path_, calls);
      file_ = LockedFile{path_};
    } else {
      image.append(file_.number(), path_, calls);
    }
    index_.store().replace(state, stored());
  }
  void commit() {
    FileCalls calls;
    commit(calls);
  }

 private:
  static constexpr Size most_parts = 512;
  static constexpr std::uint64_t small = 1 << 20;  // bytes of a file that are not worth writing anew

  detail::CodeStore::State stored() const { return detail::state_of_file(map_file(path_), path_.string(), Bits); }

  std::filesystem::path path_;
  LockedFile file_;
  HammingIndex<Bits, Search, Ids> index_;
};

}  // namespace hashweave
