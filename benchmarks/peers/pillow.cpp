// From a JPEG file to a model's input, as Pillow and NumPy do it beside: 640 x 480, shorter side to 256 bicubic, centre
// crop of 224, ImageNet's mean and deviation.
//   peer_pillow FILE THREADS   measures each part for a while and prints one JSON line a part
//   peer_pillow --export FILE OUT   writes the model's input as raw f32, for comparing numbers
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <hashweave/data/decode.hpp>
#include <hashweave/data/preprocess.hpp>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

using namespace hashweave;

namespace {

constexpr Size side = 224;
using Input = std::vector<float>;

std::vector<char> contents(const char* path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

double cpu_seconds() {
  std::timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void print(const char* part, int threads, double per_second, double cpu_ms) {
  std::printf("{\"side\": \"hashweave\", \"part\": \"%s\", \"threads\": %d, \"per_second\": %.2f, \"cpu_ms\": %.4f}\n",
              part, threads, per_second, cpu_ms);
  std::fflush(stdout);
}

/// Runs of f a second, in batches of ten for a third of a second: the best batch by the clock, and by processor time.
template <class F>
void measure(const char* part, F&& f) {
  using Clock = std::chrono::steady_clock;
  double best = 1e9, best_cpu = 1e9;
  for (const auto begin = Clock::now(); Clock::now() - begin < std::chrono::milliseconds{333};) {
    const auto start = Clock::now();
    const double cpu = cpu_seconds();
    for (int i = 0; i < 10; ++i) f();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count() / 10);
    best_cpu = std::min(best_cpu, (cpu_seconds() - cpu) / 10);
  }
  print(part, 1, 1 / best, 1e3 * best_cpu);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string{argv[1]} == "--export") {
    const std::vector<char> file = contents(argv[2]);
    Input out(3 * side * side);
    preprocess<side>(decode_image(std::as_bytes(std::span{file})), presets::dinov2, std::span{out});
    std::ofstream{argv[3], std::ios::binary}.write(reinterpret_cast<const char*>(out.data()),
                                                   static_cast<std::streamsize>(out.size() * sizeof(float)));
    return 0;
  }
  if (argc != 3) return 2;
  const std::vector<char> file = contents(argv[1]);
  const auto bytes = std::as_bytes(std::span{file});
  const int threads = std::stoi(argv[2]);
  const auto whole = [&](Input& out) { preprocess<side>(decode_image(bytes), presets::dinov2, std::span{out}); };
  Input out(3 * side * side);
  if (threads == 1) {
    Image image;
    measure("decode", [&] { image = decode_image(bytes); });
    measure("scale, crop, normalise", [&] { preprocess<side>(image, presets::dinov2, std::span{out}); });
    measure("whole", [&] { whole(out); });
    return 0;
  }
  using Clock = std::chrono::steady_clock;
  std::atomic<int> done = 0;
  const auto start = Clock::now();
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&] {
      for (Input mine(3 * side * side); Clock::now() - start < std::chrono::milliseconds{500}; ++done) whole(mine);
    });
  for (std::thread& worker : workers) worker.join();
  print("whole", threads, done / std::chrono::duration<double>(Clock::now() - start).count(), 0);
}
