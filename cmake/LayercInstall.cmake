# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What `cmake --install` leaves: bin/layerc, include/layerc/, and the package. The build tree is a package, too.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/layerc")

install(TARGETS layerc_runtime EXPORT layercTargets)
install(DIRECTORY runtime/include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT layercTargets NAMESPACE layerc:: DESTINATION "${package_dir}")
install(FILES cmake/LayercAddModel.cmake DESTINATION "${package_dir}")
if(TARGET layerc)
  set_target_properties(layerc PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON) # MLIR is seldom in the linker's default folders
  install(TARGETS layerc RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
write_basic_package_version_file("${PROJECT_BINARY_DIR}/layercConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

set(LAYERC_PROGRAM_PATH "${CMAKE_INSTALL_BINDIR}/layerc")
configure_package_config_file(cmake/layercConfig.cmake.in "${PROJECT_BINARY_DIR}/install/layercConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS LAYERC_PROGRAM_PATH)
install(FILES "${PROJECT_BINARY_DIR}/install/layercConfig.cmake" "${PROJECT_BINARY_DIR}/layercConfigVersion.cmake"
  DESTINATION "${package_dir}")

# find_package(layerc) with layerc_DIR set to the build folder.
export(EXPORT layercTargets NAMESPACE layerc:: FILE "${PROJECT_BINARY_DIR}/layercTargets.cmake")
set(LAYERC_PROGRAM_PATH "${PROJECT_BINARY_DIR}/bin/layerc")
configure_package_config_file(cmake/layercConfig.cmake.in "${PROJECT_BINARY_DIR}/layercConfig.cmake"
  INSTALL_DESTINATION "${PROJECT_BINARY_DIR}" PATH_VARS LAYERC_PROGRAM_PATH INSTALL_PREFIX "${PROJECT_BINARY_DIR}")
configure_file(cmake/LayercAddModel.cmake "${PROJECT_BINARY_DIR}/LayercAddModel.cmake" COPYONLY)
