#pragma once
#include <hashweave/core/error.hpp>
#include <hashweave/core/form.hpp>
#include <hashweave/cpu/start.hpp>

#ifdef HASHWEAVE_HAS_ONEDNN
#include <dlfcn.h>

#include <oneapi/dnnl/dnnl.h>
#endif

namespace hashweave::cpu {

/// oneDNN is there, and its threads can be held back: the backend has its own.
inline bool onednn_available() {
#ifdef HASHWEAVE_HAS_ONEDNN
  static const bool usable = [] {
    const auto runtime = dnnl_version()->cpu_runtime;
    return runtime == DNNL_RUNTIME_SEQ ||
           (runtime == DNNL_RUNTIME_OMP && dlsym(RTLD_DEFAULT, "omp_set_num_threads") != nullptr);
  }();
  return usable;
#else
  return false;
#endif
}

#ifdef HASHWEAVE_HAS_ONEDNN
/// Within its scope OpenMP gives this thread no further ones.
class OneThread {
 public:
  OneThread() {
    if (get() == nullptr || set() == nullptr) return;
    before_ = get()();
    set()(1);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() {
    if (before_ > 0) set()(before_);
  }

 private:
  using Get = int (*)();
  using Set = void (*)(int);
  // by name: a program that links oneDNN need not link OpenMP
  static Get get() {
    static const auto f = reinterpret_cast<Get>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
    return f;
  }
  static Set set() {
    static const auto f = reinterpret_cast<Set>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    return f;
  }
  int before_ = 0;
};

/// c = start + alpha * op(a) op(b), in one thread. oneDNN takes working memory for itself.
template <Form F>
void onednn_product(Mat<float> c, Mat<const float> a, Mat<const float> b, float alpha, Start<float> start) {
  const Size k = F == Form::tn ? a.rows : a.cols;
  const bool nothing = !start.keep && start.bias == nullptr && k > 0;
  if (!nothing) start.write(c);
  if (c.rows == 0 || c.cols == 0 || k == 0) return;
  const OneThread one;
  const dnnl_status_t status = dnnl_sgemm(F == Form::tn ? 'T' : 'N', F == Form::nt ? 'T' : 'N', c.rows, c.cols, k,
                                          alpha, a.data, a.ld, b.data, b.ld, nothing ? 0.0F : 1.0F, c.data, c.ld);
  require(status == dnnl_success, "oneDNN", "status of dnnl_sgemm", static_cast<int>(dnnl_success),
          static_cast<int>(status));
}
#endif

}  // namespace hashweave::cpu
