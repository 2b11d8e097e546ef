# hashweave::cuda: hashweave with the CUDA backend. Defined only where the CUDA toolkit is found. A project that links it
# enables the language CUDA and compiles <hashweave/cuda/definitions.cuh> in exactly one .cu file.
find_package(CUDAToolkit 12 QUIET)
if(CUDAToolkit_FOUND AND NOT TARGET hashweave::cuda)
  add_library(hashweave::cuda INTERFACE IMPORTED GLOBAL)
  if("cuda_std_20" IN_LIST CMAKE_CUDA_COMPILE_FEATURES)
    set_property(TARGET hashweave::cuda PROPERTY INTERFACE_COMPILE_FEATURES cuda_std_20)
  else()
    # CMake 3.25 does not know how to ask nvcc for C++20; a standard that the project sets besides must not be higher
    set_property(TARGET hashweave::cuda PROPERTY INTERFACE_COMPILE_OPTIONS "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>")
  endif()
  set_target_properties(hashweave::cuda PROPERTIES
    INTERFACE_LINK_LIBRARIES "hashweave::hashweave;CUDA::cudart;CUDA::cublasLt")
endif()
