#pragma once
#include <hashweave/cuda/attention_head.cuh>

// The attention kernels' tiling by single numbers. A block has 256 threads and 32 own rows, 8 threads to a row. Each
// holds every 8th column of the row's sums and every 8th of 32 logits. `Columns` is how many columns of a head a thread
// holds: heads are at most 8 Columns wide.
namespace hashweave::cuda {

inline constexpr Size tile_rows = 32, row_threads = 8;

/// A tile of 32 rows in shared memory; one column more, so that rows fall into other banks.
template <class T, int Columns>
struct Tile {
  static constexpr int cols = 8 * Columns, ld = cols + 1;
  Shared<T, 32 * ld> values;

  /// Rows [first, first + 32) of m; 0 beyond its last.
  __device__ void load(const Mat<const T>& m, Size first) {
    for (Size i = thread_x(); i < tile_rows * cols; i += block_threads) {
      const Size r = i / cols, c = i % cols;
      if (c < m.cols) values[r * ld + c] = first + r < m.rows ? T{at(m, first + r, c)} : T{0};
    }
  }
  __device__ T get(Size r, Size c) { return values[r * ld + c]; }
};

template <class T, int Columns>
struct ScalarTiles {
  using Scalar = T;
  static constexpr int threads = 256, held_rows = 1, held_logits = 4, held_sums = Columns, row_lanes = 8;
  static constexpr Size rows = tile_rows, step = tile_rows;

  /// The own row, the passing row of logit j, the column of sum j: `rows` and `step` are the numbers in a tile.
  __device__ static Size row(int) { return thread_x() / row_threads; }
  __device__ static Size place(int j) { return thread_x() % row_threads + j * row_threads; }
  /// All threads of the block come to its barriers.
  __device__ static bool may_skip(const HeadOf<T>&, Size, Size, Size) { return false; }

 protected:
  using Numbers = Tile<T, Columns>;

  /// s[0][j] = own row · row place(j) of the passing. What is read of the own row serves four products.
  __device__ static void multiply(T (&s)[1][4], Numbers& own, Numbers& passing, Size width) {
    HASHWEAVE_UNROLL
    for (int j = 0; j < 4; ++j) s[0][j] = 0;
    for (Size c = 0; c < width; ++c) {
      const T mine = own.get(row(0), c);
      HASHWEAVE_UNROLL
      for (int j = 0; j < 4; ++j) s[0][j] += mine * passing.get(place(j), c);
    }
  }

  /// The weights (32 x 32) of the passing rows, in which the threads of a row share.
  struct Weights {
    Shared<T, 32 * 33> values;

    __device__ void set(const T (&w)[1][4]) {
      HASHWEAVE_UNROLL
      for (int j = 0; j < 4; ++j) values[row(0) * 33 + place(j)] = w[0][j];
    }
    /// sums[0][n] += weights of the own row · column place(n) of the passing
    __device__ void add_products(T (&sums)[1][Columns], Numbers& passing, Size width) {
      for (Size k = 0; k < tile_rows; ++k) {
        const T mine = values[row(0) * 33 + k];
        HASHWEAVE_UNROLL
        for (int n = 0; n < Columns; ++n) {
          if (place(n) < width) sums[0][n] += mine * passing.get(k, place(n));
        }
      }
    }
  };
};

/// Keys and values pass through one tile, one after the other.
template <class T, int Columns>
class ForwardTiles : public ScalarTiles<T, Columns> {
  using Base = ScalarTiles<T, Columns>;

 public:
  struct Memory {
    Tile<T, Columns> queries, passing;
    typename Base::Weights weights;
  };
  __device__ ForwardTiles(Memory& memory, const Mat<const T>& qkv, const HeadOf<T>& h, Size first)
      : m_{memory}, k_{h.part(qkv, 1)}, v_{h.part(qkv, 2)} {
    m_.queries.load(h.part(qkv, 0), first);
  }
  __device__ void load(Size from) {
    barrier();
    m_.passing.load(k_, from);
    barrier();
  }
  /// s = q kᵀ
  __device__ void logits(T (&s)[1][4]) { Base::multiply(s, m_.queries, m_.passing, k_.cols); }
  /// sums += w v
  __device__ void add(T (&sums)[1][Columns], const T (&w)[1][4], Size from) {
    m_.weights.set(w);
    barrier();
    m_.passing.load(v_, from);
    barrier();
    m_.weights.add_products(sums, m_.passing, v_.cols);
  }

 private:
  Memory& m_;
  Mat<const T> k_, v_;
};

/// For the gradient all four operands take turns in two tiles.
template <class T, int Columns>
class BackwardTiles : public ScalarTiles<T, Columns> {
  using Base = ScalarTiles<T, Columns>;

 public:
  struct Memory {
    Tile<T, Columns> own, passing;
    typename Base::Weights weights;
  };
  __device__ void load(Size) {}

 protected:
  __device__ BackwardTiles(Memory& memory, const AttentionBackward<T>& b, Size first)
      : m_{memory},
        first_{first},
        q_{b.h.part(b.qkv, 0)},
        k_{b.h.part(b.qkv, 1)},
        v_{b.h.part(b.qkv, 2)},
        d_o_{b.h.own(b.d_o)} {}
  __device__ void multiply_rows(T (&s)[1][4], const Mat<const T>& own, const Mat<const T>& passing, Size from) {
    barrier();
    m_.own.load(own, first_);
    m_.passing.load(passing, from);
    barrier();
    Base::multiply(s, m_.own, m_.passing, own.cols);
  }
  __device__ void add_rows(T (&sums)[1][Columns], const T (&w)[1][4], const Mat<const T>& passing, Size from) {
    barrier();
    m_.weights.set(w);
    m_.passing.load(passing, from);
    barrier();
    m_.weights.add_products(sums, m_.passing, passing.cols);
  }

  Memory& m_;
  Size first_;
  Mat<const T> q_, k_, v_, d_o_;
};

template <class T, int Columns>
struct DqTiles : BackwardTiles<T, Columns> {
  using typename BackwardTiles<T, Columns>::Memory;
  __device__ DqTiles(Memory& memory, const AttentionBackward<T>& b, Size first)
      : BackwardTiles<T, Columns>{memory, b, first} {}
  /// s = q kᵀ, d = do vᵀ
  __device__ void logits(T (&s)[1][4], T (&d)[1][4], Size from) {
    this->multiply_rows(s, this->q_, this->k_, from);
    this->multiply_rows(d, this->d_o_, this->v_, from);
  }
  /// dq += ds k
  __device__ void add(T (&dq)[1][Columns], const T (&ds)[1][4], Size from) { this->add_rows(dq, ds, this->k_, from); }
};

template <class T, int Columns>
struct DkvTiles : BackwardTiles<T, Columns> {
  using typename BackwardTiles<T, Columns>::Memory;
  __device__ DkvTiles(Memory& memory, const AttentionBackward<T>& b, Size first)
      : BackwardTiles<T, Columns>{memory, b, first} {}
  /// s = k qᵀ, d = v doᵀ
  __device__ void logits(T (&s)[1][4], T (&d)[1][4], Size from) {
    this->multiply_rows(s, this->k_, this->q_, from);
    this->multiply_rows(d, this->v_, this->d_o_, from);
  }
  /// dv += p do, dk += ds q; do is there from the logits
  __device__ void add(T (&dk)[1][Columns], T (&dv)[1][Columns], const T (&ds)[1][4], const T (&p)[1][4], Size from) {
    this->m_.weights.set(p);
    barrier();
    this->m_.weights.add_products(dv, this->m_.passing, this->d_o_.cols);
    this->add_rows(dk, ds, this->q_, from);
  }
};

}  // namespace hashweave::cuda
