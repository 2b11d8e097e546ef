# How this project's own programs use CUDA: its kernels are compiled once, by nvcc.
set(CMAKE_CUDA_STANDARD 17)  # hashweave::cuda asks for C++20 itself
if(NOT CMAKE_CUDA_COMPILER)
  set(CMAKE_CUDA_COMPILER "${CUDAToolkit_NVCC_EXECUTABLE}")
endif()
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90)  # 90 in PTX as well, for what comes after
  if(CUDAToolkit_VERSION VERSION_GREATER_EQUAL 12.8)
    list(APPEND CMAKE_CUDA_ARCHITECTURES 100-real)
  endif()
endif()
enable_language(CUDA)

add_library(cuda_definitions OBJECT "${CMAKE_CURRENT_LIST_DIR}/cuda_definitions.cu")
target_link_libraries(cuda_definitions PRIVATE hashweave::cuda)
target_compile_options(cuda_definitions PRIVATE -Werror=all-warnings -lineinfo)
