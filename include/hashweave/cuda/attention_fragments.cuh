#pragma once
#include <hashweave/cuda/attention_head.cuh>
#include <hashweave/cuda/bf16.cuh>

// The attention kernels' tiling by fragments: operands rounded to bf16, products by `multiply_fragments`, sums in
// float. A warp has 16 own rows, a thread parts of two of them. What passes lies rounded in shared memory, as the right
// operand of a product wants it; weights go from the sums of one product into the left operand of the next within a
// thread. Heads are padded with zeros to `Columns`. Source: Dao, arXiv:2307.08691, section 3.3 (work between warps);
// the layout of fragments is that of PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type".
namespace hashweave::cuda {

/// The right operand of a product in shared memory: for each of its columns `Depth` values, two to a word. Columns
/// begin 4 times an odd number of words apart, so that the 32 words that a warp reads at once lie in 32 banks.
template <int Columns, int Depth>
struct RightOperand {
  static constexpr int ld = Depth / 2 + 4;
  Shared<std::uint32_t, Columns * ld> words;

  /// Columns [8n, 8n + 8), depths [16k, 16k + 16).
  __device__ void fragment(std::uint32_t (&b)[2], int n, int k) {
    const Size first = (8 * n + lane() / 4) * ld + 8 * k + lane() % 4;
    b[0] = words[first];
    b[1] = words[first + 4];
  }
};
/// Rows of a matrix, of which a product sums over the columns; and the other way round. `put` takes values (2r, 2c) to
/// (2r + 1, 2c + 1).
template <int Rows, int Columns>
struct AsRows : RightOperand<Rows, Columns> {
  __device__ void put(Size r, Size c, const float (&x)[2][2]) {
    HASHWEAVE_UNROLL
    for (int i = 0; i < 2; ++i) this->words[(2 * r + i) * this->ld + c] = bf16_pair(x[i][0], x[i][1]);
  }
};
template <int Rows, int Columns>
struct AsColumns : RightOperand<Columns, Rows> {
  __device__ void put(Size r, Size c, const float (&x)[2][2]) {
    HASHWEAVE_UNROLL
    for (int i = 0; i < 2; ++i) this->words[(2 * c + i) * this->ld + r] = bf16_pair(x[0][i], x[1][i]);
  }
};

inline __device__ float value_or_zero(const Mat<const float>& m, Size r, Size c) {
  return r < m.rows && c < m.cols ? float{at(m, r, c)} : 0.0F;
}
/// Rows [first, first + Rows) of m to all of the operands, 0 beyond m. A warp takes 8 x 16 values at a time: what it
/// stores as rows lies in 32 banks, as columns in 16.
template <int Rows, int Columns, class... Operands>
__device__ void load_rounded(const Mat<const float>& m, Size first, Operands&... operands) {
  for (Size i = warp(); i < Rows / 8 * (Columns / 16); i += threads_x() / warp_threads) {
    const Size r = i % (Rows / 8) * 4 + lane() / 8, c = i / (Rows / 8) * 8 + lane() % 8;
    float x[2][2];
    HASHWEAVE_UNROLL
    for (int j = 0; j < 4; ++j) x[j / 2][j % 2] = value_or_zero(m, first + 2 * r + j / 2, 2 * c + j % 2);
    (operands.put(r, c, x), ...);
  }
}

/// The left operand of a product: 16 rows of a warp in its threads' registers, read from m once.
template <int Columns>
struct HeldRows {
  std::uint32_t words[Columns / 16][4];

  __device__ HeldRows(const Mat<const float>& m, Size first) {
    HASHWEAVE_UNROLL
    for (int k = 0; k < Columns / 16; ++k) {
      HASHWEAVE_UNROLL
      for (int i = 0; i < 4; ++i) {
        const Size r = first + lane() / 4 + i % 2 * 8, c = 16 * k + lane() % 4 * 2 + i / 2 * 8;
        words[k][i] = bf16_pair(value_or_zero(m, r, c), value_or_zero(m, r, c + 1));
      }
    }
  }
  /// Columns [16k, 16k + 16).
  __device__ void fragment(std::uint32_t (&a)[4], int k) const {
    HASHWEAVE_UNROLL
    for (int i = 0; i < 4; ++i) a[i] = words[k][i];
  }
};
/// The same in shared memory, for all warps of a block.
template <int Rows, int Columns>
struct SharedRows {
  AsRows<Rows, Columns>& rows;

  __device__ void fragment(std::uint32_t (&a)[4], int k) const {
    HASHWEAVE_UNROLL
    for (int i = 0; i < 4; ++i) {
      const Size r = 16 * warp() + lane() / 4 + i % 2 * 8;
      a[i] = rows.words[r * rows.ld + 8 * k + lane() % 4 + i / 2 * 4];
    }
  }
};
/// The same from the sums of another product, which lie where its values have to.
template <int N>
struct RoundedSums {
  const float (&sums)[2][N];

  __device__ void fragment(std::uint32_t (&a)[4], int k) const {
    HASHWEAVE_UNROLL
    for (int i = 0; i < 4; ++i) {
      const int j = 4 * k + i / 2 * 2;
      a[i] = bf16_pair(sums[i % 2][j], sums[i % 2][j + 1]);
    }
  }
};

/// sums += left · right. sums[i][j] is that of row lane / 4 + 8i, column 8 (j / 2) + 2 (lane mod 4) + j mod 2.
template <int N, int Columns, int Depth, class Left>
__device__ void add_products(float (&sums)[2][N], const Left& left, RightOperand<Columns, Depth>& right) {
  static_assert(4 * N == Columns);
  HASHWEAVE_UNROLL
  for (int k = 0; k < Depth / 16; ++k) {
    std::uint32_t a[4], b[2];
    left.fragment(a, k);
    HASHWEAVE_UNROLL
    for (int j = 0; j < N; j += 2) {
      right.fragment(b, j / 2, k);
      float d[4]{sums[0][j], sums[0][j + 1], sums[1][j], sums[1][j + 1]};
      multiply_fragments(d, a, b);
      HASHWEAVE_UNROLL
      for (int i = 0; i < 4; ++i) sums[i / 2][j + i % 2] = d[i];
    }
  }
}
template <int N, class Left, class Right>
__device__ void set_products(float (&sums)[2][N], const Left& left, Right& right) {
  HASHWEAVE_UNROLL
  for (int j = 0; j < 2 * N; ++j) sums[j / N][j % N] = 0;
  add_products(sums, left, right);
}

template <int Columns, int Warps, int Step>
struct FragmentTiles {
  using Scalar = float;
  static constexpr int threads = 32 * Warps, held_rows = 2, held_logits = Step / 4, held_sums = Columns / 4,
                       row_lanes = 4;
  static constexpr Size rows = 16 * Warps, step = Step;

  __device__ static Size row(int i) { return 16 * warp() + lane() / 4 + 8 * i; }
  __device__ static Size place(int j) { return 8 * (j / 2) + lane() % 4 * 2 + j % 2; }
};

template <int Columns, int Warps, int Step>
class ForwardFragments : public FragmentTiles<Columns, Warps, Step> {
 public:
  struct Memory {
    AsRows<Step, Columns> keys;
    AsColumns<Step, Columns> values;
  };
  __device__ ForwardFragments(Memory& memory, const Mat<const float>& qkv, const HeadOf<float>& h, Size first)
      : m_{memory}, k_{h.part(qkv, 1)}, v_{h.part(qkv, 2)}, queries_{h.part(qkv, 0), first + 16 * warp()} {}
  /// No query of the warp sees a key of the tile.
  __device__ static bool may_skip(const HeadOf<float>& h, Size first, Size from, Size length) {
    const Size query = first + 16 * warp();
    return query >= length || (h.causal && from > query + 15);
  }
  __device__ void load(Size from) {
    barrier();
    load_rounded<Step, Columns>(k_, from, m_.keys);
    load_rounded<Step, Columns>(v_, from, m_.values);
    barrier();
  }
  /// s = q kᵀ
  __device__ void logits(float (&s)[2][Step / 4]) { set_products(s, queries_, m_.keys); }
  /// sums += w v
  __device__ void add(float (&sums)[2][Columns / 4], const float (&w)[2][Step / 4], Size) {
    add_products(sums, RoundedSums<Step / 4>{w}, m_.values);
  }

 private:
  Memory& m_;
  Mat<const float> k_, v_;
  HeldRows<Columns> queries_;
};

template <int Columns, int Warps, int Step>
class DqFragments : public FragmentTiles<Columns, Warps, Step> {
 public:
  struct Memory {
    AsRows<Step, Columns> keys, values;
    AsColumns<Step, Columns> summed_keys;
  };
  __device__ DqFragments(Memory& memory, const AttentionBackward<float>& b, Size first)
      : m_{memory},
        k_{b.h.part(b.qkv, 1)},
        v_{b.h.part(b.qkv, 2)},
        queries_{b.h.part(b.qkv, 0), first + 16 * warp()},
        d_o_{b.h.own(b.d_o), first + 16 * warp()} {}
  __device__ static bool may_skip(const HeadOf<float>& h, Size first, Size from, Size length) {
    return ForwardFragments<Columns, Warps, Step>::may_skip(h, first, from, length);
  }
  __device__ void load(Size from) {
    barrier();
    load_rounded<Step, Columns>(k_, from, m_.keys, m_.summed_keys);
    load_rounded<Step, Columns>(v_, from, m_.values);
    barrier();
  }
  /// s = q kᵀ, d = do vᵀ
  __device__ void logits(float (&s)[2][Step / 4], float (&d)[2][Step / 4], Size) {
    set_products(s, queries_, m_.keys);
    set_products(d, d_o_, m_.values);
  }
  /// dq += ds k
  __device__ void add(float (&dq)[2][Columns / 4], const float (&ds)[2][Step / 4], Size) {
    add_products(dq, RoundedSums<Step / 4>{ds}, m_.summed_keys);
  }

 private:
  Memory& m_;
  Mat<const float> k_, v_;
  HeldRows<Columns> queries_, d_o_;
};

/// The own values lie in shared memory: with them, there are too few registers.
template <int Columns, int Warps, int Step>
class DkvFragments : public FragmentTiles<Columns, Warps, Step> {
  static constexpr int own = 16 * Warps;

 public:
  struct Memory {
    AsRows<Step, Columns> queries, d_o;
    AsColumns<Step, Columns> summed_queries, summed_d_o;
    AsRows<own, Columns> values;
  };
  __device__ DkvFragments(Memory& memory, const AttentionBackward<float>& b, Size first)
      : m_{memory}, q_{b.h.part(b.qkv, 0)}, d_o_{b.h.own(b.d_o)}, keys_{b.h.part(b.qkv, 1), first + 16 * warp()} {
    load_rounded<own, Columns>(b.h.part(b.qkv, 2), first, m_.values);
  }
  __device__ static bool may_skip(const HeadOf<float>& h, Size first, Size from, Size length) {
    const Size key = first + 16 * warp();
    return key >= length || (h.causal && key > from + Step - 1);
  }
  __device__ void load(Size from) {
    barrier();
    load_rounded<Step, Columns>(q_, from, m_.queries, m_.summed_queries);
    load_rounded<Step, Columns>(d_o_, from, m_.d_o, m_.summed_d_o);
    barrier();
  }
  /// s = k qᵀ, d = v doᵀ
  __device__ void logits(float (&s)[2][Step / 4], float (&d)[2][Step / 4], Size) {
    set_products(s, keys_, m_.queries);
    set_products(d, SharedRows<own, Columns>{m_.values}, m_.d_o);
  }
  /// dv += p do, dk += ds q
  __device__ void add(float (&dk)[2][Columns / 4], float (&dv)[2][Columns / 4], const float (&ds)[2][Step / 4],
                      const float (&p)[2][Step / 4], Size) {
    add_products(dv, RoundedSums<Step / 4>{p}, m_.summed_d_o);
    add_products(dk, RoundedSums<Step / 4>{ds}, m_.summed_queries);
  }

 private:
  Memory& m_;
  Mat<const float> q_, d_o_;
  HeldRows<Columns> keys_;
};

}  // namespace hashweave::cuda
