#pragma once
#include <hashweave/cuda/cublas.cuh>
#include <hashweave/cuda/replay.hpp>

// CUDA graphs: the stream is captured. Only this thread is told what it must not do meanwhile; others may go on.
namespace hashweave::cuda {

struct Graph {
  cudaGraphExec_t runs = nullptr;
  cudaStream_t stream = nullptr;
};

void CloseGraph::operator()(Graph* graph) const noexcept {
  if (graph->runs != nullptr) {
    cudaStreamSynchronize(graph->stream);  // it may be on its way
    cudaGraphExecDestroy(graph->runs);
  }
  delete graph;
}
void begin_recording(Device& device) {
  check(cudaStreamBeginCapture(device.stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture", __FILE__,
        __LINE__);
  device.recording = true;
}
GraphPointer end_recording(Device& device) {
  device.recording = false;
  cudaGraph_t captured = nullptr;
  check(cudaStreamEndCapture(device.stream, &captured), "cudaStreamEndCapture", __FILE__, __LINE__);
  GraphPointer graph{new Graph};
  graph->stream = device.stream;
  const cudaError_t status = cudaGraphInstantiate(&graph->runs, captured, 0);
  cudaGraphDestroy(captured);
  check(status, "cudaGraphInstantiate", __FILE__, __LINE__);
  return graph;
}
void drop_recording(Device& device) noexcept {
  device.recording = false;
  cudaGraph_t captured = nullptr;
  cudaStreamEndCapture(device.stream, &captured);
  if (captured != nullptr) cudaGraphDestroy(captured);
  cudaGetLastError();  // so that the next launch is not blamed
}
void run_graph(Device& device, Graph& graph) {
  check(cudaGraphLaunch(graph.runs, device.stream), "cudaGraphLaunch", __FILE__, __LINE__);
}

void require_recordable(Device& device, const void* from) {
  if (!device.recording) return;
  cudaPointerAttributes attributes{};
  check(cudaPointerGetAttributes(&attributes, from), "cudaPointerGetAttributes", __FILE__, __LINE__);
  if (attributes.type == cudaMemoryTypeUnregistered)
    throw CudaError{
        "replay: a kernel reads memory of the host that is not pinned; take it by take_shared, or from a "
        "Buffer in CudaSharedMemory"};
}

}  // namespace hashweave::cuda
