#pragma once
#include <hashweave/cuda/norm.cuh>

// Losses with the hardest negative: a warp finds it for each anchor, then every element of the gradient looks whether
// it was chosen.
namespace hashweave {

namespace cuda {

/// Owners as kernels see them.
struct OwnersOf {
  const std::int64_t* ids;
  __device__ bool same(Size a, Size b) const { return a == b || (ids != nullptr && at(ids, a) == at(ids, b)); }
};
template <class T>
OwnersOf owners_of(Cuda<T>& be, const Owners& owners) {
  OwnersOf own{};
  own.ids = on_device(be, owners.ids, owners.count);
  return own;
}

/// The place of the largest f(j) over the j that are not of i's owner; -1 where there is none.
template <class T, class F>
__device__ Best<T> hardest(Size n, Size i, const OwnersOf& owners, const F& f) {
  Best<T> best{lowest<T>(), -1};
  for (Size j = lane(); j < n; j += warp_threads) {
    if (!owners.same(i, j)) best.see(f(j), j);
  }
  return warp_best(best);
}

template <class T>
struct Across {
  Mat<const T> s;
  Size i;
  __device__ T operator()(Size j) const { return at(s, i, j); }
};
template <class T>
struct Down {
  Mat<const T> s;
  Size i;
  __device__ T operator()(Size j) const { return at(s, j, i); }
};
/// chosen (2, n): the negatives of anchor i by row and by column where the hinge is positive, else -1.
template <class T>
struct FindTriplets {
  Mat<std::int32_t> chosen;
  T* terms;
  Mat<const T> s;
  OwnersOf owners;
  T margin;
  __device__ void operator()(Size i) const {
    const Best<T> across = hardest<T>(s.rows, i, owners, Across<T>{s, i});
    const Best<T> down = hardest<T>(s.rows, i, owners, Down<T>{s, i});
    if (lane() != 0) return;
    const T own = at(s, i, i), a = margin - own + across.value, d = margin - own + down.value;
    const bool has_a = across.place >= 0 && a > 0, has_d = down.place >= 0 && d > 0;
    at(terms, i) = (has_a ? a : T{0}) + (has_d ? d : T{0});
    at(chosen, 0, i) = static_cast<std::int32_t>(has_a ? across.place : -1);
    at(chosen, 1, i) = static_cast<std::int32_t>(has_d ? down.place : -1);
  }
};
template <class T>
struct TripletGradient {
  Mat<T> ds;
  Mat<const std::int32_t> chosen;
  T weight;
  __device__ void operator()(Size i, Size j) const {
    const Size across = at(chosen, 0, i), down = at(chosen, 1, j);
    T count = (across == j ? T{1} : T{0}) + (down == i ? T{1} : T{0});
    if (i == j) count -= (across >= 0 ? T{1} : T{0}) + (down >= 0 ? T{1} : T{0});
    at(ds, i, j) = weight * count;
  }
};

template <class T>
struct AngularValue {
  Mat<const T> m, p;
  T t;
  Size i;
  __device__ T operator()(Size j) const { return 4 * t * at(m, i, j) - 2 * (1 + t) * at(p, i, 0); }
};
template <class T>
struct AngularRow {
  Mat<T> dm, dp;
  T* terms;
  Mat<const T> m, p;
  OwnersOf owners;
  T t, weight;
  __device__ void operator()(Size i) const {
    const Best<T> best = hardest<T>(m.rows, i, owners, AngularValue<T>{m, p, t, i});
    const T g = best.place < 0 ? T{0} : weight * logistic(best.value);
    for (Size j = lane(); j < dm.cols; j += warp_threads) at(dm, i, j) = j == best.place ? 4 * t * g : T{0};
    if (lane() != 0) return;
    at(terms, i) = best.place < 0 ? T{0} : softplus(best.value);
    if (best.place >= 0) at(dp, i, 0) -= 2 * (1 + t) * g;
  }
};

/// stats (n, 4): the largest entry and the sum of exponentials of row i, then of column i.
template <class T>
struct InfoNceRow {
  Mat<T> stats;
  T* terms;
  Mat<const T> s;
  OwnersOf owners;
  T inverse;
  __device__ T entry(bool rows, Size i, Size j) const { return (rows ? at(s, i, j) : at(s, j, i)) * inverse; }
  __device__ void operator()(Size i) const {
    T term = 0;
    for (int k = 0; k < 2; ++k) {
      const bool rows = k == 0;
      T top = lowest<T>(), total = 0;
      for (Size j = lane(); j < s.rows; j += warp_threads) {
        if (j == i || !owners.same(i, j)) top = larger(top, entry(rows, i, j));
      }
      top = warp_max(top);
      for (Size j = lane(); j < s.rows; j += warp_threads) {
        if (j == i || !owners.same(i, j)) total += exp_of(entry(rows, i, j) - top);
      }
      total = warp_sum(total);
      term += top + log_of(total) - entry(rows, i, i);
      if (lane() == 0) {
        at(stats, i, 2 * k) = top;
        at(stats, i, 2 * k + 1) = total;
      }
    }
    if (lane() == 0) at(terms, i) = term;
  }
};
template <class T>
struct InfoNceGradient {
  Mat<T> ds;
  Mat<const T> s, stats;
  OwnersOf owners;
  T inverse, weight;
  __device__ void operator()(Size i, Size j) const {
    const T x = at(s, i, j) * inverse, own = i == j ? T{1} : T{0};
    const T by_row = exp_of(x - at(stats, i, 0)) / at(stats, i, 1) - own;
    const T by_column = exp_of(x - at(stats, j, 2)) / at(stats, j, 3) - own;
    at(ds, i, j) = i == j || !owners.same(i, j) ? weight * inverse * (by_row + by_column) : T{0};
  }
};

}  // namespace cuda

template <class T>
void hardest_triplet(Cuda<T>& be, Out<T> value, Out<T> ds, In<T> s, const Owners& owners, double margin,
                     double weight) {
  const Size n = s.rows;
  const auto mark = be.tape().mark();
  const cuda::OwnersOf own = cuda::owners_of(be, owners);
  const auto chosen = matrix(be.tape().template take<std::int32_t>(2 * n), 2, n);
  T* terms = be.tape().template take<T>(n);
  cuda::for_rows(be, n, cuda::FindTriplets<T>{chosen, terms, s, own, static_cast<T>(margin)});
  cuda::for_each(be, n, n, cuda::TripletGradient<T>{ds, chosen, static_cast<T>(weight)});
  cuda::sum_values<T>(be, value.data, terms, n, static_cast<T>(weight));
  be.tape().release(mark);
}
template <class T>
void hardest_angular(Cuda<T>& be, Out<T> value, Out<T> dm, Out<T> dp, In<T> m, In<T> p, const Owners& owners,
                     double tan_squared, double weight) {
  const auto mark = be.tape().mark();
  const cuda::OwnersOf own = cuda::owners_of(be, owners);
  T* terms = be.tape().template take<T>(m.rows);
  const T w = static_cast<T>(weight);
  cuda::for_rows(be, m.rows, cuda::AngularRow<T>{dm, dp, terms, m, p, own, static_cast<T>(tan_squared), w});
  cuda::sum_values<T>(be, value.data, terms, m.rows, w, true);
  be.tape().release(mark);
}
template <class T>
void info_nce(Cuda<T>& be, Out<T> value, Out<T> ds, In<T> s, const Owners& owners, double temperature) {
  const Size n = s.rows;
  const auto mark = be.tape().mark();
  const cuda::OwnersOf own = cuda::owners_of(be, owners);
  const Mat<T> stats = matrix(be.tape().template take<T>(4 * n), n, 4);
  T* terms = be.tape().template take<T>(n);
  const T inverse = static_cast<T>(1 / temperature), w = T(0.5) / static_cast<T>(n);
  cuda::for_rows(be, n, cuda::InfoNceRow<T>{stats, terms, s, own, inverse});
  cuda::for_each(be, n, n, cuda::InfoNceGradient<T>{ds, s, stats, own, inverse, w});
  cuda::sum_values<T>(be, value.data, terms, n, w);
  be.tape().release(mark);
}

}  // namespace hashweave
