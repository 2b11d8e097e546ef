# What ctest runs. A check whose tool is missing says so and counts as skipped, never as passed.

cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)

# add_check(name [SLOW] [PROCESSORS n] [TIMEOUT s] [COST seconds] COMMAND ...): exit status 77 means skipped. What costs most
# begins first, so that no core waits at the end; PROCESSORS is for what keeps several cores busy from beginning to end.
function(add_check name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SLOW" "PROCESSORS;TIMEOUT;COST" "COMMAND")
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
  foreach(property IN ITEMS PROCESSORS TIMEOUT COST)
    if(arg_${property})
      set_tests_properties(${name} PROPERTIES ${property} ${arg_${property}})
    endif()
  endforeach()
  if(arg_SLOW)
    set_tests_properties(${name} PROPERTIES LABELS slow)
  endif()
endfunction()

# Test programs and examples
if(TARGET unit_tests)
  add_check(unit TIMEOUT 600 COST 45 COMMAND unit_tests)
endif()
if(TARGET golden_tests)
  add_check(golden TIMEOUT 600 COMMAND golden_tests)
endif()
if(TARGET cuda_tests)
  add_check(cuda_emulated COST 26 COMMAND cuda_tests)
endif()
# the towers with real weights, which are fetched; skipped without a network
if(TARGET golden_tests AND TARGET convert_weights AND NOT HASHWEAVE_SANITIZE_SUBSET)
  add_check(golden_real SLOW TIMEOUT 900 COST 20
    COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/golden/real.sh" "${PROJECT_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/bin")
endif()
# The same with each way to compute products: what computes in float, for double knows one way only
foreach(engine IN ITEMS eigen onednn avx2 avx512)
  if(TARGET unit_tests)
    add_check(unit_${engine} TIMEOUT 600 COST 10
      COMMAND "${CMAKE_COMMAND}" -E env HASHWEAVE_ENGINE=${engine} "$<TARGET_FILE:unit_tests>" "[cpu],[threads]")
  endif()
  if(TARGET golden_tests)
    add_check(golden_${engine} TIMEOUT 600
      COMMAND "${CMAKE_COMMAND}" -E env HASHWEAVE_ENGINE=${engine} "$<TARGET_FILE:golden_tests>")
  endif()
endforeach()
get_property(examples GLOBAL PROPERTY HASHWEAVE_EXAMPLES)
if(HASHWEAVE_SANITIZE_SUBSET)
  set(examples "")
endif()
foreach(example IN LISTS examples)
  add_check(example_${example} COMMAND ${example})
endforeach()

if(TARGET transhash AND NOT HASHWEAVE_SANITIZE_SUBSET)
  add_check(app_transhash TIMEOUT 600 COST 40
    COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/app/transhash.sh" "$<TARGET_FILE:transhash>" "$<TARGET_FILE:transhash_logistic>"
    "${PROJECT_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/app_transhash_work")
endif()
if(TARGET app_tests)
  add_check(app_parts COMMAND app_tests)
endif()
if(TARGET app_tests AND NOT HASHWEAVE_SANITIZE_SUBSET)
  add_check(app_index COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/app/index.sh" "$<TARGET_FILE:vit2cmh>"
    "${CMAKE_BINARY_DIR}/app_index_work")
  add_check(app_bsth COST 15 COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/app/bsth.sh" "$<TARGET_FILE:bsth>"
    "${PROJECT_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/app_bsth_work")
  add_check(app_satah COST 20 COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/app/satah.sh" "$<TARGET_FILE:satah>"
    "${PROJECT_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/app_satah_work")
  add_check(app_serve COST 30 COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/app/serve.sh" "$<TARGET_FILE:vit2cmh>" "${PROJECT_SOURCE_DIR}"
    "${CMAKE_BINARY_DIR}/app_serve_work")
  add_check(app SLOW TIMEOUT 900 COST 150
    COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/app/run.sh" "$<TARGET_FILE:vit2cmh>" "${PROJECT_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/app_work")
endif()

# Every benchmark program starts and has something to measure.
get_property(benchmarks GLOBAL PROPERTY HASHWEAVE_BENCHMARKS)
if(benchmarks)
  list(TRANSFORM benchmarks PREPEND "${CMAKE_BINARY_DIR}/bin/")
  add_check(benchmarks_listed COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/builds/benchmarks.sh" ${benchmarks})
endif()

# A sanitized build runs no further checks.
if(HASHWEAVE_SANITIZE)
  return()
endif()

set(here "${CMAKE_CURRENT_SOURCE_DIR}")
set(work "${CMAKE_BINARY_DIR}/checks")

# The sources themselves
add_check(format COMMAND "${here}/format/run.sh" "${PROJECT_SOURCE_DIR}")
add_check(version_agrees COMMAND "${here}/version/run.sh" "${PROJECT_SOURCE_DIR}")
add_check(include_directions COMMAND "${here}/headers/directions.sh" "${PROJECT_SOURCE_DIR}")
add_check(include_directions_finds_faults COMMAND "${here}/headers/directions_finds_faults.sh")

# Headers alone (clang compiles them all in its build), and the messages of wrong programs, with both compilers
find_program(HASHWEAVE_GXX NAMES g++)
find_program(HASHWEAVE_CLANGXX NAMES clang++-14 clang++)
set(gcc "${HASHWEAVE_GXX}")
set(clang "${HASHWEAVE_CLANGXX}")
set(eigen "$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>")
add_check(headers_alone SLOW PROCESSORS 2 TIMEOUT 900 COST 400
  COMMAND "${here}/headers/alone.sh" "${gcc}" "${PROJECT_SOURCE_DIR}" "${eigen}")
add_check(headers_alone_finds_faults COMMAND "${here}/headers/alone_finds_faults.sh" "${gcc}")
add_check(vector_loops COMMAND "${here}/vector/run.sh" "${gcc}" "${PROJECT_SOURCE_DIR}")
foreach(compiler IN ITEMS gcc clang)
  add_check(compile_fail_${compiler} PROCESSORS 2 COST 300
    COMMAND "${here}/compile_fail/run.sh" "${${compiler}}" "${PROJECT_SOURCE_DIR}" "${eigen}")
endforeach()

# Other software: files exchanged with it, and its answers compared with ours
if(TARGET codes_tool)
  foreach(peer IN ITEMS faiss_binary postgres)
    add_check(peer_${peer} SLOW COST 15 COMMAND "${here}/peers/${peer}.sh" "${PROJECT_SOURCE_DIR}" "$<TARGET_FILE:codes_tool>" "${work}/peer_${peer}")
  endforeach()
endif()

add_check(peer_gpu_scripts COMMAND "${here}/peers/gpu_scripts.sh" "${PROJECT_SOURCE_DIR}" "${work}/peer_gpu_scripts")

# Every way to use the library from another project
foreach(way IN ITEMS find_package subdirectory fetchcontent pkgconfig meson)
  add_check(consumer_${way} SLOW TIMEOUT 600 COST 35
    COMMAND "${here}/consumers/run.sh" ${way} "${PROJECT_SOURCE_DIR}" "${CMAKE_BINARY_DIR}" "${work}/consumer_${way}")
endforeach()
# these compile the same commands: the second finds what ccache kept of the first
set_tests_properties(consumer_subdirectory consumer_fetchcontent PROPERTIES RESOURCE_LOCK consumer_sources)
add_check(meson_project SLOW PROCESSORS ${cores} TIMEOUT 900 COST 350
  COMMAND "${here}/meson/run.sh" "${PROJECT_SOURCE_DIR}" "${work}/meson_project")

add_check(cuda_nvcc SLOW TIMEOUT 600 COST 60
  COMMAND "${here}/cuda/nvcc.sh" "${PROJECT_SOURCE_DIR}" "${CMAKE_BINARY_DIR}" "${work}/cuda_nvcc")

# Other builds of the same sources. They lie beside this one where it lies in build/.
cmake_path(GET CMAKE_BINARY_DIR PARENT_PATH builds)
if(NOT builds STREQUAL "${PROJECT_SOURCE_DIR}/build")
  set(builds "${work}")
endif()
# add_sanitized(name preset cost [part program tests]...): one check builds it, one runs each part.
function(add_sanitized name preset cost)
  set(run "${here}/builds/run.sh" ${preset} "${PROJECT_SOURCE_DIR}" "${builds}/${preset}")
  add_check(${name} SLOW PROCESSORS ${cores} TIMEOUT 2700 COST ${cost} COMMAND ${run})
  set_tests_properties(${name} PROPERTIES FIXTURES_SETUP ${preset})
  while(ARGN)
    list(POP_FRONT ARGN part program tests)
    if(TARGET ${program})
      add_check(${name}_${part} SLOW TIMEOUT 1200 COST 100 COMMAND ${run} ${program} "${tests}")
      set_tests_properties(${name}_${part} PROPERTIES FIXTURES_REQUIRED ${preset})
    endif()
  endwhile()
endfunction()
add_sanitized(clang_sanitize_address asan 1000 unit unit_tests "~[text]~[io]~[data]" text unit_tests "[text]"
  data unit_tests "[data]" io unit_tests "[io]" golden golden_tests "~[none]" app app_tests "~[none]")
add_sanitized(clang_sanitize_thread tsan 900 threads thread_tests "[threads]")
