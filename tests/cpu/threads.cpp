#include <atomic>

#include "support/check_error.hpp"
#include "support/kernel_run.hpp"

// [threads]: work cut into several pieces gives the same bits whoever does them.
using namespace hashweave;
using namespace hashweave::test;

namespace {

/// f(run) gives the same bits on 1, 2 and 4 threads.
template <class F>
void same_for_any_threads(F f) {
  const auto check = [&]<class T>(T) {
    Run<T> one{1}, two{2}, four{4};
    for (Run<T>* run : {&one, &two, &four}) f(*run);
    REQUIRE(!one.outputs.empty());
    for (const std::vector<T>& output : one.outputs) {
      const bool some = std::any_of(output.begin(), output.end(), [](T v) { return v != 0; });
      CHECK(some);
    }
    CHECK((one.outputs == two.outputs));
    CHECK((one.outputs == four.outputs));
  };
  check(float{});
  check(double{});
}

}  // namespace

TEST_CASE("Products are the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    run_affine(r);
    const auto wide = r.out(30, 900);  // cut by its columns
    multiply(r.be, Form::nn, wide, r.in(30, 400, 7), r.in(400, 900, 8), 0.5);
    r.keep(wide);
  });
}
TEST_CASE("Products of groups are the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    run_grouped_affine(r, 700, 5, 30, 20);
    run_grouped_affine(r, 700, 5, 30, 2);
  });
}
TEST_CASE("Attention is the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    using T = typename std::remove_reference_t<decltype(r.be)>::Scalar;
    const std::vector<Size> offsets{0, 230, 231, 290, 320};  // one in several tiles
    AttentionShape shape{checked_segments(offsets, 320), 4, true, 0.2, {5, 6, 7}};
    const auto qkv = r.in(320, 96, 1), bias = r.in(4 * 230, 230, 2), d_o = r.in(320, 32, 3);
    const auto o = r.out(320, 32), lse = r.out(320, 4), dqkv = r.out(320, 96), dbias = r.in(4 * 230, 230, 4);
    attention(r.be, o, lse, qkv, bias, shape);
    attention_backward(r.be, dqkv, dbias, d_o, qkv, o, lse, bias, shape);
    for (const auto& m : {o, lse, dqkv, dbias}) r.keep(m);
    attention(r.be, o, lse, qkv, Mat<T>{}, shape);
    attention_backward(r.be, dqkv, Mat<T>{}, d_o, qkv, o, lse, Mat<T>{}, shape);
    for (const auto& m : {o, lse, dqkv}) r.keep(m);
  });
}
TEST_CASE("Spectral norms are the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    const auto w = r.in(300, 400, 1), u = r.in(1, 300, 2), dy = r.in(300, 400, 3), dw = r.in(300, 400, 4);
    const auto sigma = r.out(1, 1), next = r.out(1, 300), v = r.out(1, 400), y = r.out(300, 400);
    power_iteration(r.be, sigma, next, v, w, u, 2);
    divide(r.be, y, w, sigma);
    spectral_backward(r.be, dw, dy, y, next, v, sigma);
    for (const auto& m : {sigma, next, v, y, dw}) r.keep(m);
  });
}
TEST_CASE("Triplets on labels are the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    const auto cos = r.in(90, 90, 1), dcos = r.out(90, 90), shared = r.out(90, 90), value = r.out(1, 1);
    for (Size i = 0; i < 90; ++i) {
      for (Size j = 0; j < 90; ++j) {
        shared(i, j) =
            static_cast<typename std::remove_reference_t<decltype(r.be)>::Scalar>((i * j) % 7 < 3 ? i % 3 : 0);
      }
    }
    label_triplet(r.be, value, dcos, cos, shared, {});
    for (const auto& m : {value, dcos}) r.keep(m);
  });
}
TEST_CASE("Attention of one token is the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    const std::vector<Size> offsets{0, 140, 141, 200, 230};
    for (const double rate : {0.0, 0.2}) {
      const AttentionShape shape{checked_segments(offsets, 230), 4, false, rate, {5, 6, 7}};
      const auto x = r.in(230, 32, 1), u = r.in(4, 128, 2), dm = r.in(4, 128, 3), d_mass = r.in(4, 4, 4);
      const auto m = r.out(4, 128), p = r.out(230, 4), kept = rate > 0 ? r.out(230, 4) : p, mass = r.out(4, 4);
      const auto dx = r.out(230, 32), du = r.out(4, 128);
      token_attention(r.be, m, p, kept, mass, u, x, shape, false);
      token_attention_backward(r.be, dx, du, dm, d_mass, p, kept, u, x, shape, false);
      for (const auto& y : {m, p, kept, mass, dx, du}) r.keep(y);
    }
  });
}
TEST_CASE("Normalisations are the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    const auto x = r.in(900, 200, 1), dy = r.in(900, 200, 2), g = r.in(1, 200, 3), b = r.in(1, 200, 4);
    const auto y = r.out(900, 200), dx = r.out(900, 200), dg = r.in(1, 200, 5), db = r.in(1, 200, 6);
    const auto rows = r.out(900, 2), cols = r.out(2, 200), norm = r.out(900, 1);
    layer_norm(r.be, y, rows, x, g, b, 1e-5);
    layer_norm_backward(r.be, dx, dg, db, dy, x, rows, g);
    for (const auto& m : {y, rows, dx, dg, db}) r.keep(m);
    column_moments(r.be, cols, x, 1e-5);
    normalise_columns(r.be, y, x, cols, g, b);
    batch_norm_backward(r.be, dx, dg, db, dy, x, cols, g);
    for (const auto& m : {y, cols, dx, dg, db}) r.keep(m);
    softmax(r.be, y, x);
    softmax_backward(r.be, dx, dy, y);
    for (const auto& m : {y, dx}) r.keep(m);
    normalise_rows(r.be, y, norm, x, 1e-12);
    normalise_rows_backward(r.be, dx, dy, y, norm);
    median_tanh(r.be, y, dx, norm, x);
    for (const auto& m : {y, dx, norm}) r.keep(m);
  });
}
TEST_CASE("Value by value kernels are the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    const auto x = r.in(700, 200, 1), dy = r.in(700, 200, 2), factor = r.in(1, 200, 3);
    const auto y = r.out(700, 200), dx = r.out(700, 200), df = r.in(1, 200, 4);
    activate(r.be, Activation::gelu, y, x);
    activate_backward(r.be, Activation::quick_gelu, dx, dy, x);
    for (const auto& m : {y, dx}) r.keep(m);
    dropout(r.be, y, x, 0.3, RandomStream{1, 2, 3});
    scale_columns(r.be, dx, x, factor);
    for (const auto& m : {y, dx}) r.keep(m);
    scale_columns_backward(r.be, dx, df, dy, x, factor);
    add_scaled(r.be, y, x, 0.7);
    for (const auto& m : {y, dx, df}) r.keep(m);
    signs(r.be, y, x);
    r.keep(y);
  });
}
TEST_CASE("Token kernels are the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    const std::vector<Size> offsets{0, 40, 41, 100, 130};
    const Segments segments = checked_segments(offsets, 130);
    std::vector<std::int32_t> ids(130);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i * i % 11);
    const auto word = r.in(11, 200, 1), position = r.in(60, 200, 2), type = r.in(1, 200, 3), dy = r.in(130, 200, 4);
    const auto y = r.out(130, 200), pooled = r.out(4, 200), dx = r.out(130, 200);
    embed(r.be, y, ids.data(), nullptr, segments, word, position, type);
    embed_backward(r.be, word, position, type, dy, ids.data(), nullptr, segments);
    mean_pool(r.be, pooled, y, segments);
    mean_pool_backward(r.be, dx, pooled, segments);
    for (const auto& m : {y, word, position, type, pooled, dx}) r.keep(m);
    pick_rows_backward(r.be, dx, pooled, segments, true);
    r.keep(dx);
    const auto pixels = r.in(5, 3 * 8 * 8, 5), patches = r.out(5 * 16, 12), back = r.out(5, 3 * 8 * 8);
    const auto joined = r.out(5 * 17, 12), cls = r.in(1, 12, 6), pos = r.in(17, 12, 7);
    to_patches(r.be, patches, pixels, 3, 8, 8, 2);
    join_cls(r.be, joined, patches, cls, pos, 16);
    split_cls_backward(r.be, patches, cls, pos, joined, 16);
    from_patches(r.be, back, patches, 3, 8, 8, 2);
    for (const auto& m : {joined, patches, cls, pos, back}) r.keep(m);
    add_sinusoids(r.be, dx, y, segments);
    r.keep(dx);
  });
}
TEST_CASE("Optimiser kernels are the same bits on any number of threads", "[cpu][threads]") {
  same_for_any_threads([](auto& r) {
    using T = typename std::remove_reference_t<decltype(r.be)>::Scalar;
    const auto w = r.in(1, 200'000, 1), g = r.in(1, 200'000, 2), m = r.in(1, 200'000, 3), v = r.out(1, 200'000);
    for (Size i = 0; i < v.size(); ++i) v.data[i] = g.data[i] * g.data[i];
    const auto norm = r.out(1, 1);
    norm.data[0] = static_cast<T>(squared_norm(r.be, g));
    adam_update(r.be, w, g, m, v, AdamRule{});
    for (const auto& x : {norm, w, m, v}) r.keep(x);
    sgd_update(r.be, w, g, m, SgdRule{.momentum = 0.9, .nesterov = true});
    for (const auto& x : {w, m}) r.keep(x);
  });
}

TEST_CASE("Every task is run once, whatever the number of threads", "[cpu][threads]") {
  for (const Size threads : {1, 2, 4}) {
    Threads pool{threads};
    CHECK(pool.count() == threads);
    for (const Size tasks : {0, 1, 2, 3, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(tasks));
      std::atomic<bool> known_worker{true};
      pool.run(tasks, [&](Size task, Size worker) {
        ++runs[static_cast<std::size_t>(task)];
        if (worker < 0 || worker >= threads) known_worker = false;
      });
      CHECK(std::all_of(runs.begin(), runs.end(), [](const auto& n) { return n == 1; }));
      CHECK(known_worker);
    }
  }
}
TEST_CASE("Tasks that start tasks run them in line", "[cpu][threads]") {
  Threads pool{4};
  std::atomic<int> inner{0};
  std::atomic<bool> same_worker{true};
  pool.run(8, [&](Size, Size outer) {
    pool.run(5, [&](Size, Size worker) {
      ++inner;
      if (worker != outer) same_worker = false;
    });
  });
  CHECK(inner == 40);
  CHECK(same_worker);
}
TEST_CASE("A task of one pool may start another pool's, which has workers of its own", "[cpu][threads]") {
  Threads outer{4}, inner{2};
  std::atomic<int> runs{0};
  std::atomic<bool> known_worker{true}, own_again{true};
  const auto count = [&](Size, Size worker) {
    ++runs;
    if (worker < 0 || worker >= 2) known_worker = false;
  };
  outer.run(8, [&](Size task, Size worker) {
    if (task == 7) inner.run(3, count);
    outer.run(2, [&](Size, Size again) {
      if (again != worker) own_again = false;
    });
  });
  CHECK(runs == 3);
  CHECK(known_worker);
  CHECK(own_again);
}
TEST_CASE("What a task throws arrives at the caller, and the threads go on", "[cpu][threads]") {
  for (const Size threads : {1, 2, 4}) {
    Threads pool{threads};
    for (const Size tasks : {1, 50}) {
      for (int again = 0; again < 3; ++again) {
        check_error([&] { pool.run(tasks, [&](Size t, Size) { require(t + 1 != tasks, "task", "t", "less", t); }); },
                    {"task", "expected less"});
        std::atomic<Size> runs{0};
        pool.run(tasks, [&](Size, Size) { ++runs; });
        CHECK(runs == tasks);
      }
    }
  }
}
#if defined(__linux__)
TEST_CASE("Bound threads run each on one processor, the caller where it likes", "[cpu][threads]") {
  cpu_set_t before;
  REQUIRE(::pthread_getaffinity_np(::pthread_self(), sizeof before, &before) == 0);
  const Size processors = CPU_COUNT(&before);
  Threads pool{processors};
  pool.pin();
  std::vector<int> allowed(static_cast<std::size_t>(processors)), which(allowed);
  std::atomic<Size> waiting{processors};
  pool.run(processors, [&](Size, Size worker) {
    --waiting;
    while (waiting > 0) std::this_thread::yield();  // a task for each
    cpu_set_t own;
    ::pthread_getaffinity_np(::pthread_self(), sizeof own, &own);
    allowed[static_cast<std::size_t>(worker)] = CPU_COUNT(&own);
    for (std::size_t p = 0; p < CPU_SETSIZE; ++p)
      if (CPU_ISSET(p, &own)) which[static_cast<std::size_t>(worker)] = static_cast<int>(p);
  });
  CHECK(allowed.front() == processors);
  CHECK(std::all_of(allowed.begin() + 1, allowed.end(), [](int n) { return n == 1; }));
  std::sort(which.begin() + 1, which.end());
  CHECK(std::adjacent_find(which.begin() + 1, which.end()) == which.end());
  Threads more{processors + 1};
  const std::string got = "got " + std::to_string(processors);
  check_error([&] { more.pin(); }, {"threads", "processors", got.c_str()});
}
#endif
TEST_CASE("A number of threads less than one is refused", "[cpu][threads]") {
  check_error([] { Threads{0}; }, {"threads", "expected at least 1, got 0"});
  check_error([] { Threads{-3}; }, {"threads", "expected at least 1, got -3"});
  check_error([] { Cpu<float>{0}; }, {"threads", "expected at least 1, got 0"});
}
