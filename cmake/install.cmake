# Installs the headers, a CMake package and a pkg-config file. All of it is independent of the machine.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/hashweave")

install(DIRECTORY include/hashweave DESTINATION include FILES_MATCHING PATTERN "*.hpp" PATTERN "*.inc" PATTERN "*.cuh")
install(TARGETS hashweave EXPORT hashweaveTargets)
install(EXPORT hashweaveTargets NAMESPACE hashweave:: DESTINATION "${package_dir}")

if(TARGET hashweave_io)  # in a file of its own: only who asks for the component io needs its dependencies
  install(TARGETS hashweave_io EXPORT hashweaveIoTargets)
  install(EXPORT hashweaveIoTargets NAMESPACE hashweave:: DESTINATION "${package_dir}")
endif()

if(TARGET hashweave_data)  # likewise
  install(TARGETS hashweave_data EXPORT hashweaveDataTargets)
  install(EXPORT hashweaveDataTargets NAMESPACE hashweave:: DESTINATION "${package_dir}")
endif()

configure_package_config_file(cmake/hashweaveConfig.cmake.in hashweaveConfig.cmake INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(hashweaveConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  cmake/hashweaveOnednn.cmake
  cmake/hashweaveCuda.cmake
  "${CMAKE_CURRENT_BINARY_DIR}/hashweaveConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/hashweaveConfigVersion.cmake"
  DESTINATION "${package_dir}")

set(VERSION "${PROJECT_VERSION}")
configure_file(cmake/hashweave.pc.in hashweave.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/hashweave.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")

# pkg-config's hashweave-io and hashweave-data, where the targets of these names exist
function(hashweave_install_part name description requires cflags)
  set(PART "${name}")
  set(PART_DESCRIPTION "${description}")
  set(PART_REQUIRES "${requires}")
  set(PART_CFLAGS "${cflags}")
  configure_file(cmake/hashweave-part.pc.in ${name}.pc @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
endfunction()
set(data_requires "hashweave")
if(TARGET hashweave_io)
  hashweave_install_part(hashweave-io "hashweave's files" "hashweave nlohmann_json >= 3.10 zlib" "")
  set(data_requires "hashweave-io")
endif()
if(TARGET hashweave_data)
  set(data_cflags "")
  if(JPEG_FOUND)
    string(APPEND data_requires " libjpeg")
    string(APPEND data_cflags " -DHASHWEAVE_HAS_LIBJPEG")
  endif()
  if(PNG_FOUND)
    string(APPEND data_requires " libpng")
    string(APPEND data_cflags " -DHASHWEAVE_HAS_LIBPNG")
  endif()
  hashweave_install_part(hashweave-data "hashweave's images and data sets" "${data_requires}" "${data_cflags}")
endif()
