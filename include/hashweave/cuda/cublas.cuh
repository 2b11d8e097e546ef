#pragma once
#include <cublasLt.h>

#include <cstdint>
#include <hashweave/cuda/check.cuh>
#include <hashweave/cuda/product.hpp>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

// The device and its products by cuBLASLt. It counts columns first, so that a row-major c = a b is asked for as
// cᵀ = bᵀ aᵀ: b is its first operand, the bias lies along the rows of its result.
namespace hashweave::cuda {

inline void check(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status != CUBLAS_STATUS_SUCCESS) [[unlikely]] {
    throw CudaError{std::string{call} + " at " + file + ":" + std::to_string(line) + ": " +
                    cublasLtGetStatusString(status)};
  }
}

/// Owns one of cuBLASLt's descriptions.
template <class H, cublasStatus_t (*Destroy)(H)>
struct Description {
  H handle = nullptr;

  Description() = default;
  Description(const Description&) = delete;
  Description(Description&& other) noexcept : handle{std::exchange(other.handle, nullptr)} {}
  ~Description() {
    if (handle != nullptr) Destroy(handle);
  }
};
using Operation = Description<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using Layout = Description<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Preference = Description<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

struct Device {
  static constexpr std::size_t workspace_bytes = std::size_t{32} << 20;
  cudaStream_t stream = nullptr;
  cublasLtHandle_t blas = nullptr;
  void* workspace = nullptr;
  bool recording = false;
  /// What the heuristic chose for a product of this kind, asked once; nothing where there is no algorithm.
  using Kind = std::tuple<cudaDataType_t, Form, Size, Size, Size, Size, Size, Size, bool, bool, Size, unsigned, Finish>;
  std::map<Kind, std::optional<cublasLtMatmulAlgo_t>> chosen;
};

cudaStream_t stream_of(Device& device) { return device.stream; }

void CloseDevice::operator()(Device* device) const noexcept {
  if (device->workspace != nullptr) cudaFree(device->workspace);
  if (device->blas != nullptr) cublasLtDestroy(device->blas);
  if (device->stream != nullptr) cudaStreamDestroy(device->stream);
  delete device;
}
DevicePointer open_device() {
  DevicePointer device{new Device};
  check(cudaStreamCreate(&device->stream), "cudaStreamCreate", __FILE__, __LINE__);
  check(cublasLtCreate(&device->blas), "cublasLtCreate", __FILE__, __LINE__);
  check(cudaMalloc(&device->workspace, Device::workspace_bytes), "cudaMalloc", __FILE__, __LINE__);
  return device;
}
void synchronise(Device& device) {
  check(cudaStreamSynchronize(device.stream), "cudaStreamSynchronize", __FILE__, __LINE__);
}

template <class T>
inline constexpr cudaDataType_t data_type = std::is_same_v<T, std::uint16_t> ? CUDA_R_16BF
                                            : std::is_same_v<T, float>       ? CUDA_R_32F
                                                                             : CUDA_R_64F;

/// A row-major matrix as cuBLASLt sees it: its transpose.
template <class T>
Layout layout_of(Size rows, Size cols, Size ld, Size batch, Size step) {
  Layout layout;
  check(cublasLtMatrixLayoutCreate(&layout.handle, data_type<T>, static_cast<std::uint64_t>(cols),
                                   static_cast<std::uint64_t>(rows), std::max(ld, cols)),
        "cublasLtMatrixLayoutCreate", __FILE__, __LINE__);
  if (batch > 1) {
    const auto count = static_cast<std::int32_t>(batch);
    const std::int64_t far = step;
    check(cublasLtMatrixLayoutSetAttribute(layout.handle, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count),
          "cublasLtMatrixLayoutSetAttribute", __FILE__, __LINE__);
    check(
        cublasLtMatrixLayoutSetAttribute(layout.handle, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &far, sizeof far),
        "cublasLtMatrixLayoutSetAttribute", __FILE__, __LINE__);
  }
  return layout;
}

template <class V>
void set(Operation& operation, cublasLtMatmulDescAttributes_t what, const V& value) {
  check(cublasLtMatmulDescSetAttribute(operation.handle, what, &value, sizeof value), "cublasLtMatmulDescSetAttribute",
        __FILE__, __LINE__);
}
template <class V>
void set(Preference& preference, cublasLtMatmulPreferenceAttributes_t what, const V& value) {
  check(cublasLtMatmulPreferenceSetAttribute(preference.handle, what, &value, sizeof value),
        "cublasLtMatmulPreferenceSetAttribute", __FILE__, __LINE__);
}

inline cublasLtEpilogue_t epilogue_of(Finish finish, bool bias) {
  switch (finish) {
    case Finish::relu:
      return bias ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
    case Finish::gelu_tanh:
      return bias ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_GELU;
    default:
      return bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
  }
}

template <class T, class Operand>
bool by_cublas(Device& device, const Product<T, Operand>& p) {
  const bool transposed_a = p.form == Form::tn, transposed_b = p.form == Form::nt;
  Operation operation;
  check(cublasLtMatmulDescCreate(&operation.handle, std::is_same_v<T, float> ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_64F,
                                 data_type<T>),
        "cublasLtMatmulDescCreate", __FILE__, __LINE__);
  set(operation, CUBLASLT_MATMUL_DESC_TRANSA, transposed_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(operation, CUBLASLT_MATMUL_DESC_TRANSB, transposed_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(p.finish, p.bias != nullptr));
  if (p.bias != nullptr) set(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
  const Layout a = layout_of<Operand>(p.a.rows, p.a.cols, p.a.ld, p.batch, p.step_a);
  const Layout b = layout_of<Operand>(p.b.rows, p.b.cols, p.b.ld, p.batch, p.step_b);
  const Layout c = layout_of<T>(p.c.rows, p.c.cols, p.c.ld, p.batch, p.step_c);

  const std::uint32_t align_a = alignment_of(p.a.data, p.step_a), align_b = alignment_of(p.b.data, p.step_b),
                      align_c = alignment_of(p.c.data, p.step_c);
  const Device::Kind kind{data_type<Operand>,
                          p.form,
                          p.c.rows,
                          p.c.cols,
                          p.depth(),
                          p.a.ld,
                          p.b.ld,
                          p.c.ld,
                          p.keep,
                          p.bias != nullptr,
                          p.batch,
                          align_a + 32 * align_b + 1024 * align_c,
                          p.finish};
  auto found = device.chosen.find(kind);
  if (found == device.chosen.end()) {
    Preference preference;
    check(cublasLtMatmulPreferenceCreate(&preference.handle), "cublasLtMatmulPreferenceCreate", __FILE__, __LINE__);
    set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, Device::workspace_bytes);
    // a sum in place by several blocks would depend on who comes first
    set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
        static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, align_b);
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, align_a);
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, align_c);
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, align_c);
    cublasLtMatmulHeuristicResult_t result{};
    int results = 0;
    cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(device.blas, operation.handle, b.handle, a.handle, c.handle,
                                                           c.handle, preference.handle, 1, &result, &results);
    if (status == CUBLAS_STATUS_SUCCESS) status = results > 0 ? result.state : CUBLAS_STATUS_NOT_SUPPORTED;
    const bool none = status == CUBLAS_STATUS_NOT_SUPPORTED && p.finish != Finish::none;
    if (!none) check(status, "cublasLtMatmulAlgoGetHeuristic", __FILE__, __LINE__);
    found = device.chosen.emplace(kind, none ? std::nullopt : std::optional{result.algo}).first;
  }
  if (!found->second) return false;
  const T beta = p.keep ? T{1} : T{0};
  check(cublasLtMatmul(device.blas, operation.handle, &p.alpha, p.b.data, b.handle, p.a.data, a.handle, &beta, p.c.data,
                       c.handle, p.c.data, c.handle, &*found->second, device.workspace, Device::workspace_bytes,
                       device.stream),
        "cublasLtMatmul", __FILE__, __LINE__);
  return true;
}

bool multiply_matrices(Device& device, const Product<float>& p) { return by_cublas(device, p); }
bool multiply_matrices(Device& device, const Product<double>& p) { return by_cublas(device, p); }
bool multiply_matrices(Device& device, const Product<float, std::uint16_t>& p) { return by_cublas(device, p); }

}  // namespace hashweave::cuda
