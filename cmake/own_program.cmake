# How the tests, examples and benchmarks of this project are compiled. Users of the library see none of this.

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()
  find_program(CCACHE_PROGRAM ccache)
  if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # what a file includes is taken from the compiler's list of it, without preprocessing the file before
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env;CCACHE_DEPEND=1;${CCACHE_PROGRAM}")
  endif()
endif()

include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-mprefer-vector-width=512 HASHWEAVE_WIDE_VECTORS)

# hashweave_own_flags(target): our warnings, sanitizers and processor.
function(hashweave_own_flags target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion
    # g++ 12 sees uninitialised values in its own AVX-512 intrinsics (GCC bug 105593) and overlaps in its own strings
    # (GCC bug 105651)
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-uninitialized;-Wno-restrict>)
  if(HASHWEAVE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  # g++ collects its garbage from 128 MiB on: a tenth of the time of a large file, against half a GiB of memory
  target_compile_options(${target} PRIVATE
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<NOT:$<CONFIG:Release>>>:--param=ggc-min-heapsize=1048576>)
  if(HASHWEAVE_NATIVE)
    target_compile_options(${target} PRIVATE -march=native
      # compilers take half of an AVX-512 register for loops, unless they are told
      $<$<BOOL:${HASHWEAVE_WIDE_VECTORS}>:-mprefer-vector-width=512>
      # g++ 12 turns std::vector<long>{224, 224, 0, 0} into four times 224 for some processors (docs/pitfalls.md)
      $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-fno-tree-slp-vectorize>)
  endif()
  if(HASHWEAVE_SANITIZE)
    list(JOIN HASHWEAVE_SANITIZE "," sanitizers)
    target_compile_options(${target} PRIVATE
      -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${sanitizers})
  endif()
endfunction()

# hashweave_unity(target n): sources are compiled n at a time, which saves what they include and instantiate in common; of
# a whole build about half. With HASHWEAVE_UNITY=OFF each by itself, which is quicker when few of them change.
function(hashweave_unity target count)
  set_target_properties(${target} PROPERTIES UNITY_BUILD "${HASHWEAVE_UNITY}" UNITY_BUILD_BATCH_SIZE ${count})
endfunction()

# hashweave_link(target): hashweave, with oneDNN where there is one.
function(hashweave_link target)
  target_link_libraries(${target} PRIVATE hashweave::hashweave)
  if(TARGET hashweave::onednn)
    target_link_libraries(${target} PRIVATE hashweave::onednn)
  endif()
endfunction()

# The kernels of the CPU backend, compiled once for all our programs and optimised in every build; the programs
# themselves are quick to compile then.
add_library(own_kernels OBJECT EXCLUDE_FROM_ALL "${CMAKE_CURRENT_LIST_DIR}/own_kernels.cpp")
hashweave_link(own_kernels)
hashweave_own_flags(own_kernels)
if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(own_kernels PRIVATE -O2)
  if(HASHWEAVE_SANITIZE)
    target_compile_options(own_kernels PRIVATE -g0)  # line numbers take clang a tenth of the time
  endif()
endif()

# Programs that are not optimised are linked by gold where it is installed, in half of ld's time.
find_program(HASHWEAVE_GOLD ld.gold)
mark_as_advanced(HASHWEAVE_GOLD)

# hashweave_only_check(objects): the compiler reads the sources of an object library and warns about them, their templates
# instantiated, but generates nothing, in half the time. All such are built by the target only_checked. (For clang.)
function(hashweave_only_check objects)
  target_compile_options(${objects} PRIVATE -fsyntax-only)
  # an empty file in place of the object says that it was done
  set_target_properties(${objects} PROPERTIES RULE_LAUNCH_COMPILE "sh \"${PROJECT_SOURCE_DIR}/cmake/then_touch.sh\" <OBJECT>")
  if(NOT TARGET only_checked)
    add_custom_target(only_checked)
  endif()
  add_dependencies(only_checked ${objects})
endfunction()

# hashweave_quick_to_compile(target): for sources that spend their time in the kernels and other parts.
function(hashweave_quick_to_compile target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# hashweave_uses_inputs(target): what parts of the programs in examples/ are compiled with.
function(hashweave_uses_inputs target)
  hashweave_link(${target})
  target_link_libraries(${target} PUBLIC hashweave::io hashweave::data CLI11::CLI11)
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/examples")
  target_compile_definitions(${target} PRIVATE HASHWEAVE_EXTERN_KERNELS)
  hashweave_own_flags(${target})
endfunction()

# hashweave_own_part(objects): an object library of the programs in examples/. Where a sanitized subset is built, nothing is
# optimised and clang parses the headers once for all parts. (g++ gains little by that.)
function(hashweave_own_part part)
  hashweave_uses_inputs(${part})
  if(HASHWEAVE_SANITIZE_SUBSET AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    if(NOT TARGET own_precompiled)
      add_library(own_precompiled OBJECT EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp")
      hashweave_uses_inputs(own_precompiled)
      target_precompile_headers(own_precompiled PRIVATE "${PROJECT_SOURCE_DIR}/cmake/precompiled.hpp")
    endif()
    target_precompile_headers(${part} REUSE_FROM own_precompiled)
  endif()
endfunction()

# hashweave_own_program(name source...): an executable in bin/ that uses hashweave. Where only a subset is sanitized,
# programs that are no tests are only checked.
function(hashweave_own_program name)
  if(HASHWEAVE_SANITIZE_SUBSET AND NOT name MATCHES "_tests$")
    add_library(${name} OBJECT EXCLUDE_FROM_ALL ${ARGN})
    hashweave_only_check(${name})
  else()
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE own_kernels)
    if(HASHWEAVE_GOLD AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
      target_link_options(${name} PRIVATE -fuse-ld=gold)
    endif()
  endif()
  hashweave_link(${name})
  target_compile_definitions(${name} PRIVATE HASHWEAVE_EXTERN_KERNELS)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin"
    CXX_EXTENSIONS OFF)
  hashweave_own_flags(${name})
endfunction()
