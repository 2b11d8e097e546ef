// The emulated device finds a use of numbers before their copy was waited for, and copies that come too early.
#include <catch2/catch.hpp>
#include <hashweave/cuda.hpp>

using namespace hashweave;

namespace {

struct Travelling {
  Cuda<float> be;
  Buffer<float, CudaSharedMemory> host{4};
  Buffer<float, CudaMemory> device{4}, copied{4};
  cuda::CopyStreamPointer copies = cuda::open_copy_stream(be.device());

  void send() { cuda::copy_behind(*copies, 0, device.data(), host.data(), host.bytes()); }
  float used() {
    copy(be, matrix(copied.data(), 1, 4), matrix<const float>(device.data(), 1, 4));
    float first = 0;
    CudaMemory::copy_to_host(&first, copied.data(), sizeof first);
    return first;
  }
};

}  // namespace

TEST_CASE("The emulated device finds a use of numbers whose copy was not waited for", "[cuda][emulator]") {
  Travelling t;
  t.host.data()[0] = 3;
  t.send();
  CHECK_THROWS_WITH(t.used(), Catch::Contains("never written"));
  cuda::wait_on_device(*t.copies, 0);
  CHECK(t.used() == 3);
}

TEST_CASE("The emulated device copies late, so that a host that does not wait changes what arrives",
          "[cuda][emulator]") {
  Travelling t;
  t.host.data()[0] = 3;
  t.send();
  t.host.data()[0] = 4;
  cuda::wait_on_device(*t.copies, 0);
  CHECK(t.used() == 4);
  cuda::note_read(*t.copies, 0);
  t.host.data()[0] = 5;
  t.send();
  cuda::wait_on_host(*t.copies, 0);
  t.host.data()[0] = 6;
  CHECK(t.used() == 5);
}

TEST_CASE("The emulated device finds a host that writes what may still be copied", "[cuda][emulator]") {
  Travelling t;
  const auto sent_again = [&] {
    t.host.data()[0] += 1;
    cuda::note_read(*t.copies, 0);
    t.send();
  };
  t.send();
  cuda::wait_on_device(*t.copies, 0);
  CHECK_THROWS_WITH(sent_again(), Catch::Contains("the host wrote what may still be copied"));
  t.send();
  cuda::wait_on_device(*t.copies, 0);
  cuda::wait_on_host(*t.copies, 0);
  sent_again();
  cuda::wait_on_device(*t.copies, 0);
  t.used();  // waits for all
  sent_again();
}

TEST_CASE("The emulated device finds copies over what kernels may still read", "[cuda][emulator]") {
  Travelling t;
  t.send();
  cuda::wait_on_device(*t.copies, 0);
  CHECK_THROWS_WITH(t.send(), Catch::Contains("copies over memory that kernels may still read"));
  cuda::note_read(*t.copies, 0);
  t.send();
  float pageable = 0;
  CHECK_THROWS_WITH(cuda::copy_behind(*t.copies, 0, t.device.data(), &pageable, sizeof pageable),
                    Catch::Contains("not pinned"));
}
