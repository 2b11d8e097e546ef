#pragma once
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <hashweave/core/error.hpp>

namespace hashweave::stb {

/// The memory of one decoding by stb_image: at most so many bytes at a time, and all of it is given back at the end,
/// whatever stb_image forgets. There is one a thread at a time.
class Memory {
 public:
  explicit Memory(std::size_t limit) : left_{limit}, outer_{current} { current = this; }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
    while (first_ != nullptr) drop(first_);
    current = outer_;
  }

  /// Zeroed: stb_image before 2.28 reads the Huffman tables of a JPEG that defines none.
  void* take(std::size_t size) {
    if (size > left_) {
      exhausted_ = true;
      return nullptr;
    }
    auto* block = static_cast<Block*>(std::calloc(1, sizeof(Block) + size));
    if (block == nullptr) return nullptr;
    left_ -= size;
    *block = {nullptr, first_, size};
    if (first_ != nullptr) first_->before = block;
    first_ = block;
    return block + 1;
  }
  void give_back(void* data) {
    if (data != nullptr) drop(static_cast<Block*>(data) - 1);
  }
  void* resize(void* data, std::size_t size) {
    void* larger = take(size);
    if (larger == nullptr || data == nullptr) return larger;
    const std::size_t old = (static_cast<Block*>(data) - 1)->size;
    std::memcpy(larger, data, old < size ? old : size);
    give_back(data);
    return larger;
  }
  bool exhausted() const { return exhausted_; }

  inline static thread_local Memory* current = nullptr;

 private:
  struct alignas(std::max_align_t) Block {
    Block *before, *after;
    std::size_t size;
  };
  void drop(Block* block) {
    (block->before != nullptr ? block->before->after : first_) = block->after;
    if (block->after != nullptr) block->after->before = block->before;
    left_ += block->size;
    std::free(block);
  }

  Block* first_ = nullptr;
  std::size_t left_;
  Memory* outer_;
  bool exhausted_ = false;
};

// What stb_image calls in place of malloc, realloc, free and assert.
inline void* take(std::size_t size) { return Memory::current->take(size); }
inline void* resize(void* data, std::size_t size) { return Memory::current->resize(data, size); }
inline void give_back(void* data) { Memory::current->give_back(data); }
inline void check(bool holds) { require(holds, "decode_image", "image data", "what stb_image expects", "other"); }

}  // namespace hashweave::stb
