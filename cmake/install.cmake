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
  "${CMAKE_CURRENT_BINARY_DIR}/hashweaveConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/hashweaveConfigVersion.cmake"
  DESTINATION "${package_dir}")

set(VERSION "${PROJECT_VERSION}")
configure_file(cmake/hashweave.pc.in hashweave.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/hashweave.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
