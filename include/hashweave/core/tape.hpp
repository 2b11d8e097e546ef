#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/memory.hpp>
#include <hashweave/core/types.hpp>
#include <vector>

namespace hashweave {

/// A stack of buffers, taken in order.
///
/// At first it runs on blocks taken as they are needed; `rewind` replaces them with one block of exactly the bytes that
/// have been used at the peak so far. From then on work of that size allocates nothing, and `capacity() ==
/// high_water()`. Larger work grows it once more.
///
/// `mark` and `release` give back what was taken in between, for work whose intermediate results nobody will need. What
/// takes the same sizes from the same mark again, with no `rewind` in between, gets the same addresses again. What lies
/// between two marks, below what is still needed, cannot be taken again, but its memory can serve elsewhere:
/// `hand_back`.
template <class Memory>
class BufferStack {
 public:
  /// A position on the tape.
  struct Mark {
    std::size_t block = 0, offset = 0, top = 0;
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  /// Every buffer starts at a multiple of this many bytes: a cache line, and the widest vector register.
  static constexpr std::size_t alignment = 64;

  BufferStack() = default;
  BufferStack(const BufferStack&) = delete;
  BufferStack& operator=(const BufferStack&) = delete;
  ~BufferStack() { free_blocks(); }

  /// A buffer of n elements, uninitialised, valid until `rewind` or the `release` of an earlier mark.
  template <class T>
  T* take(Size n) {
    return static_cast<T*>(take_bytes(static_cast<std::size_t>(n) * sizeof(T)));
  }

  Mark mark() const { return {block_, offset_, top_}; }

  /// Gives back everything taken since `m`.
  void release(const Mark& m) {
    for (std::size_t b = m.block; b < blocks_.size() && b <= block_; ++b) {
      const std::size_t from = b == m.block ? m.offset : 0;
      Memory::forbid(blocks_[b].data + from, blocks_[b].bytes - from);
      blocks_[b].handed_begin = std::min(blocks_[b].handed_begin, from);
      blocks_[b].handed_end = std::min(blocks_[b].handed_end, from);
    }
    block_ = m.block;
    offset_ = m.offset;
    top_ = m.top;
    if (top_ == 0) ++emptied_;
  }

  /// Lets `hand_back` give up to so many bytes a step to the system. At first none: it costs the time in which the
  /// system makes new pages zero.
  void may_hand_back(std::size_t bytes) { may_hand_back_ = bytes; }
  /// Nobody reads any more what was taken between the two marks: its memory goes to the system, as far as
  /// `may_hand_back` says, until it is taken anew after a `release`. Nothing where the memory has no pages to hand
  /// back.
  void hand_back(const Mark& from, const Mark& to) {
    if constexpr (requires { Memory::hand_back(blocks_[0].data, 0); }) {
      for (std::size_t b = from.block; b < blocks_.size() && b <= to.block; ++b) {
        Block& block = blocks_[b];
        const std::size_t begin = b == from.block ? from.offset : 0, end = b == to.block ? to.offset : block.bytes;
        const bool first = block.handed_begin == block.handed_end;
        hand_back_part(block, first ? begin : std::max(begin, block.handed_end), end);
        if (!first) hand_back_part(block, begin, std::min(end, block.handed_begin));
        block.handed_begin = first ? begin : std::min(begin, block.handed_begin);
        block.handed_end = first ? end : std::max(end, block.handed_end);
      }
    }
  }
  /// What is not taken goes to the system as well, if anything may and whatever it is: work that needed more lies
  /// behind.
  void hand_back_unused() {
    if constexpr (requires { Memory::hand_back(blocks_[0].data, 0); }) {
      for (std::size_t b = block_; b < blocks_.size() && may_hand_back_ > 0; ++b) {
        const std::size_t begin = b == block_ ? offset_ : 0;
        Memory::hand_back(blocks_[b].data + begin, blocks_[b].bytes - begin);
      }
    }
  }
  /// Bytes handed back by `hand_back` since the last `rewind`.
  std::size_t handed_back() const { return handed_back_; }

  /// Gives back everything, and brings the stack to its exact size when it was outgrown.
  void rewind() {
    if (high_water_ != capacity() || blocks_.size() > 1) {
      free_blocks();
      blocks_.push_back({Memory::allocate(high_water_, alignment), high_water_});
      ++changes_;
    }
    release({});
    step_peak_ = handed_back_ = 0;
  }

  /// Bytes held, in all blocks.
  std::size_t capacity() const {
    std::size_t sum = 0;
    for (const Block& b : blocks_) sum += b.bytes;
    return sum;
  }
  /// Bytes in use now; at most since the last `rewind`; at most ever.
  std::size_t used() const { return top_; }
  std::size_t step_peak() const { return step_peak_; }
  std::size_t high_water() const { return high_water_; }
  /// How often everything was given back: what lay here when this number was another is gone.
  std::size_t emptied() const { return emptied_; }
  /// How often it took or gave back memory: while this number is the same, the same mark is the same address.
  std::size_t changes() const { return changes_; }

 private:
  struct Block {
    std::byte* data;
    std::size_t bytes;
    std::size_t handed_begin = 0, handed_end = 0;  ///< what between these was handed back, or is still needed
  };

  void hand_back_part(const Block& block, std::size_t begin, std::size_t end) {
    if (begin >= end || handed_back_ >= may_hand_back_) return;
    Memory::forbid(block.data + begin, end - begin);
    handed_back_ += Memory::hand_back(block.data + begin, std::min(end - begin, may_hand_back_ - handed_back_));
  }
  void* take_bytes(std::size_t bytes) {
    bytes = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
    while (block_ < blocks_.size() && blocks_[block_].bytes - offset_ < bytes) ++block_, offset_ = 0;
    if (block_ == blocks_.size()) {
      const std::size_t wanted = std::max({bytes, std::size_t{1} << 20, capacity() / 2});
      blocks_.push_back({Memory::allocate(wanted, alignment), wanted});
      ++changes_;
      Memory::forbid(blocks_.back().data, wanted);
    }
    std::byte* at = blocks_[block_].data + offset_;
    offset_ += bytes;
    top_ += bytes;
    step_peak_ = std::max(step_peak_, top_);
    high_water_ = std::max(high_water_, top_);
    Memory::permit(at, bytes);
    return at;
  }
  void free_blocks() {
    for (const Block& b : blocks_) {
      Memory::permit(b.data, b.bytes);
      Memory::deallocate(b.data, alignment);
    }
    blocks_.clear();
    block_ = offset_ = top_ = 0;
  }

  std::vector<Block> blocks_;
  std::size_t block_ = 0, offset_ = 0, top_ = 0, step_peak_ = 0, high_water_ = 0, emptied_ = 0, changes_ = 0;
  std::size_t may_hand_back_ = 0, handed_back_ = 0;
};

/// The memory of a training step: what the layers make and save, given back all at once. A second stack, `brief`, is
/// for what a layer makes and the next ones need, but nobody keeps: `Chain` takes the outputs there that `backward`
/// computes again, from the same place. The sizes are of both.
template <class Memory>
class Tape : public BufferStack<Memory> {
  using Stack = BufferStack<Memory>;

 public:
  Stack& brief() { return brief_; }
  void may_hand_back(std::size_t bytes) {
    Stack::may_hand_back(bytes);
    brief_.may_hand_back(bytes);
  }
  void hand_back_unused() {
    Stack::hand_back_unused();
    brief_.hand_back_unused();
  }
  void rewind() {
    Stack::rewind();
    brief_.rewind();
  }
  std::size_t capacity() const { return Stack::capacity() + brief_.capacity(); }
  std::size_t used() const { return Stack::used() + brief_.used(); }
  std::size_t step_peak() const { return Stack::step_peak() + brief_.step_peak(); }
  std::size_t high_water() const { return Stack::high_water() + brief_.high_water(); }

 private:
  Stack brief_;
};

}  // namespace hashweave
