// The backend compiled for the emulated device, in float and in double: its memory, its products (by Eigen), and every
// kernel.
#include "cuda/emulator/device.hpp"
// the emulated device comes before any kernel
#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cstring>
#include <hashweave/cuda/kernels.cuh>
#include <memory>
#include <utility>
#include <vector>

namespace hashweave {

std::byte* CudaMemory::allocate(std::size_t bytes, std::size_t) {
  emulator::require_not_recording("allocates");
  return emulator::take(bytes, false);
}
void CudaMemory::deallocate(std::byte* p, std::size_t) noexcept { emulator::give_back(p); }
void CudaMemory::zero(void* p, std::size_t bytes) {
  emulator::require_not_recording("zeroes memory");
  const emulator::Open open;
  std::memset(p, 0, bytes);
  emulator::mark(p, bytes, emulator::State::written);
}
void CudaMemory::copy(void* to, const void* from, std::size_t bytes) {
  emulator::require_not_recording("copies");
  const emulator::Open open;
  std::memcpy(to, from, bytes);
  emulator::copy_marks(to, from, bytes);
}
void CudaMemory::copy_from_host(void* to, const void* host, std::size_t bytes) {
  emulator::require_not_recording("copies from the host");
  emulator::copy_in(to, host, bytes);
}
std::size_t host_waits = 0;  // how often the host has waited for all that was launched
void CudaMemory::copy_to_host(void* host, const void* from, std::size_t bytes) {
  emulator::require_not_recording("copies to the host");
  ++host_waits;
  const emulator::Open open;
  emulator::require_written(from, bytes, "copy_to_host");
  std::memcpy(host, from, bytes);
}
// What work takes from the tape and gives back is a part of it: where it is run again, the same memory is in use.
void CudaMemory::forbid(void* p, std::size_t bytes) {
  emulator::perform([=] { emulator::mark(p, bytes, emulator::State::nobodys); });
}
void CudaMemory::permit(void* p, std::size_t bytes) {
  emulator::perform([=] { emulator::mark(p, bytes, emulator::State::taken); });
}

std::byte* CudaSharedMemory::allocate(std::size_t bytes, std::size_t) {
  emulator::require_not_recording("allocates");
  return emulator::take(bytes, true);
}
void CudaSharedMemory::deallocate(std::byte* p, std::size_t) noexcept { emulator::give_back(p); }
void CudaSharedMemory::zero(void* p, std::size_t bytes) { std::memset(p, 0, bytes); }

namespace cuda {

DevicePointer open_device() { return DevicePointer{new Device{}}; }
void CloseDevice::operator()(Device* device) const noexcept { delete device; }
void synchronise(Device&) {
  emulator::require_not_recording("waits for the stream");
  ++host_waits;
}

struct Graph {
  std::vector<emulator::Work> works;
};
void CloseGraph::operator()(Graph* graph) const noexcept { delete graph; }
void begin_recording(Device&) {
  emulator::require_not_recording("begins to record");
  emulator::recording = new std::vector<emulator::Work>;
}
GraphPointer end_recording(Device&) {
  const std::unique_ptr<std::vector<emulator::Work>> works{std::exchange(emulator::recording, nullptr)};
  return GraphPointer{new Graph{std::move(*works)}};
}
void drop_recording(Device&) noexcept { delete std::exchange(emulator::recording, nullptr); }
void run_graph(Device&, Graph& graph) {
  for (const emulator::Work& work : graph.works) work();
}

// A copy is done as late as it can be: when something waits for it. Until then what is to be copied to is not written,
// and what is copied from can still be changed. Where kernels wait for it and the host does not, what is copied from
// must stay as it is: the device may not have come to it.
struct CopyStream {
  struct Source {
    const std::byte* from;
    std::vector<std::byte> copied;
    std::size_t waits;  ///< `host_waits` when kernels waited for it
  };
  struct Place {
    std::vector<emulator::Work> under_way;
    std::vector<Source> sources;
    bool in_use = false;  ///< kernels may read it that are launched later
  };
  Place places[copy_places];

  void finish(std::size_t place) {
    emulator::require_not_recording("waits for a copy");
    for (const emulator::Work& copy : std::exchange(places[place].under_way, {})) copy();
  }
};
void CloseCopyStream::operator()(CopyStream* copies) const noexcept { delete copies; }
CopyStreamPointer open_copy_stream(Device&) { return CopyStreamPointer{new CopyStream}; }
void copy_behind(CopyStream& copies, std::size_t place, void* to, const void* from, std::size_t bytes) {
  CopyStream::Place& at = copies.places[place];
  if (at.in_use) emulator::fault("copies over memory that kernels may still read");
  if (!emulator::is_devices(from)) emulator::fault("copies from memory that is not pinned");
  for (const CopyStream::Source& s : std::exchange(at.sources, {})) {
    if (s.waits == host_waits && !std::equal(s.copied.begin(), s.copied.end(), s.from))
      emulator::fault("the host wrote what may still be copied");
  }
  emulator::mark(to, bytes, emulator::State::taken);
  at.under_way.push_back([=, &at] {
    emulator::copy_in(to, from, bytes);
    const auto* const first = static_cast<const std::byte*>(from);
    at.sources.push_back({first, {first, first + bytes}, host_waits});
  });
}
void wait_on_host(CopyStream& copies, std::size_t place) {
  copies.finish(place);
  copies.places[place].sources.clear();
}
void wait_on_device(CopyStream& copies, std::size_t place) {
  copies.finish(place);
  copies.places[place].in_use = true;
}
void note_read(CopyStream& copies, std::size_t place) { copies.places[place].in_use = false; }

namespace {

template <class T>
using Values = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
float number_of(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
float number_of(float x) { return x; }
double number_of(double x) { return x; }

template <class T, class U>
Values<T> read(const Mat<U>& m) {
  Values<T> values(m.rows, m.cols);
  for (Size r = 0; r < m.rows; ++r) {
    emulator::require_written(m.row(r), static_cast<std::size_t>(m.cols) * sizeof(U), "a product");
    for (Size c = 0; c < m.cols; ++c) values(r, c) = number_of(m(r, c));
  }
  return values;
}

template <class T>
T finished(T x, Finish finish) {
  if (finish == Finish::relu) return x > 0 ? x : T{0};
  if (finish == Finish::gelu_tanh)
    return T(0.5) * x * (1 + std::tanh(T(0.79788456080286535588) * (x + T(0.044715) * x * x * x)));
  return x;
}

template <class T, class U>
void by_eigen(const Product<T, U>& p) {
  const emulator::Open open;
  if (p.bias != nullptr && (p.batch > 1 || alignment_of(p.bias) < 16))
    emulator::fault("product: this bias is no epilogue");
  for (Size i = 0; i < p.batch; ++i) {
    const Values<T> a = read<T>(Mat<const U>{p.a.data + i * p.step_a, p.a.rows, p.a.cols, p.a.ld});
    const Values<T> b = read<T>(Mat<const U>{p.b.data + i * p.step_b, p.b.rows, p.b.cols, p.b.ld});
    Values<T> sum = p.alpha * (p.form == Form::nn   ? Values<T>{a * b}
                               : p.form == Form::nt ? Values<T>{a * b.transpose()}
                                                    : Values<T>{a.transpose() * b});
    Mat<T> c{p.c.data + i * p.step_c, p.c.rows, p.c.cols, p.c.ld};
    if (sum.rows() != c.rows || sum.cols() != c.cols) emulator::fault("product: shapes that do not fit");
    if (p.keep) sum += read<T>(c);
    if (p.bias != nullptr) sum.rowwise() += read<T>(matrix<const T>(p.bias, 1, c.cols)).row(0);
    for (Size r = 0; r < c.rows; ++r) {
      for (Size k = 0; k < c.cols; ++k) at(c, r, k) = finished(sum(r, k), p.finish);
    }
  }
}
template <class T, class U>
bool perform_product(const Product<T, U>& p) {
  if (p.finish != Finish::none && !emulator::finishes_products) return false;
  emulator::perform([p] { by_eigen(p); });
  return true;
}

}  // namespace

bool multiply_matrices(Device&, const Product<float>& p) { return perform_product(p); }
bool multiply_matrices(Device&, const Product<double>& p) { return perform_product(p); }
bool multiply_matrices(Device&, const Product<float, std::uint16_t>& p) { return perform_product(p); }

}  // namespace cuda

void cuda::count_codes(Device& device, const HammingSearch& search) { count_codes_of(device, search); }
void cuda::gather_codes(Device& device, const HammingSearch& search) { gather_codes_of(device, search); }
void cuda::arrange_codes(Device& device, Mat<std::uint64_t> to, Mat<const std::uint64_t> old,
                         Mat<const std::uint64_t> added, const std::uint32_t* from) {
  arrange_codes_of(device, to, old, added, from);
}
void cuda::put_codes(Device& device, Mat<std::uint64_t> to, Mat<const std::uint64_t> codes, const std::uint32_t* rows) {
  put_codes_of(device, to, codes, rows);
}

#define HASHWEAVE_KERNEL template
#define T float
template void multiply(Cuda<T>&, Form, Out<T>, In<T>, In<T>, double, bool);
#include <hashweave/cuda/kernel_list.inc>
#undef T
#define T double
template void multiply(Cuda<T>&, Form, Out<T>, In<T>, In<T>, double, bool);
#include <hashweave/cuda/kernel_list.inc>
#undef T
#undef HASHWEAVE_KERNEL

}  // namespace hashweave
