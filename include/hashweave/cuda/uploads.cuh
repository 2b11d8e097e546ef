#pragma once
#include <hashweave/cuda/check.cuh>
#include <hashweave/cuda/uploads.hpp>

// The stream of copies. It does not wait for CUDA's legacy stream, as the backend's does, nor that for it.
namespace hashweave::cuda {

struct CopyStream {
  struct Place {
    cudaEvent_t copied = nullptr, read = nullptr;
  };
  cudaStream_t copies = nullptr, kernels = nullptr;
  Place places[copy_places];
};

void CloseCopyStream::operator()(CopyStream* copies) const noexcept {
  if (copies->copies != nullptr) {
    cudaStreamSynchronize(copies->copies);
    cudaStreamDestroy(copies->copies);
  }
  for (const CopyStream::Place& place : copies->places) {
    if (place.copied != nullptr) cudaEventDestroy(place.copied);
    if (place.read != nullptr) cudaEventDestroy(place.read);
  }
  delete copies;
}
CopyStreamPointer open_copy_stream(Device& device) {
  CopyStreamPointer made{new CopyStream};
  made->kernels = stream_of(device);
  check(cudaStreamCreateWithFlags(&made->copies, cudaStreamNonBlocking), "cudaStreamCreateWithFlags", __FILE__,
        __LINE__);
  for (CopyStream::Place& place : made->places) {
    check(cudaEventCreateWithFlags(&place.copied, cudaEventDisableTiming), "cudaEventCreateWithFlags", __FILE__,
          __LINE__);
    check(cudaEventCreateWithFlags(&place.read, cudaEventDisableTiming), "cudaEventCreateWithFlags", __FILE__,
          __LINE__);
  }
  return made;
}
void copy_behind(CopyStream& copies, std::size_t place, void* to, const void* from, std::size_t bytes) {
  const CopyStream::Place& at = copies.places[place];
  check(cudaStreamWaitEvent(copies.copies, at.read, 0), "cudaStreamWaitEvent", __FILE__, __LINE__);
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, copies.copies), "cudaMemcpyAsync", __FILE__, __LINE__);
  check(cudaEventRecord(at.copied, copies.copies), "cudaEventRecord", __FILE__, __LINE__);
}
void wait_on_host(CopyStream& copies, std::size_t place) {
  check(cudaEventSynchronize(copies.places[place].copied), "cudaEventSynchronize", __FILE__, __LINE__);
}
void wait_on_device(CopyStream& copies, std::size_t place) {
  check(cudaStreamWaitEvent(copies.kernels, copies.places[place].copied, 0), "cudaStreamWaitEvent", __FILE__, __LINE__);
}
void note_read(CopyStream& copies, std::size_t place) {
  check(cudaEventRecord(copies.places[place].read, copies.kernels), "cudaEventRecord", __FILE__, __LINE__);
}

}  // namespace hashweave::cuda
