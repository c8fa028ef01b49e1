# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# How the compiler's own sources are built: C++20, warnings, sanitizers, ccache, and where MLIR is.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(LAYERC_CCACHE ccache)
if(LAYERC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${LAYERC_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${LAYERC_CCACHE}")
endif()

find_program(LAYERC_LLVM_CONFIG NAMES llvm-config-19 llvm-config)
if(LAYERC_LLVM_CONFIG)
  execute_process(COMMAND "${LAYERC_LLVM_CONFIG}" --prefix OUTPUT_VARIABLE llvm_prefix OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
find_package(MLIR 19.1 REQUIRED CONFIG HINTS "${llvm_prefix}/lib/cmake/mlir")
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include_directories(SYSTEM ${MLIR_INCLUDE_DIRS}) # mlir_tablegen takes its include path from the folder

add_library(layerc_options INTERFACE)
target_compile_options(layerc_options INTERFACE -Wall -Wextra -Wno-unused-parameter)
if(LAYERC_WARNINGS_AS_ERRORS)
  target_compile_options(layerc_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 reports these inside LLVM's and nlohmann's headers after inlining.
  target_compile_options(layerc_options INTERFACE -Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-stringop-overflow
                         -Wno-array-bounds -Wno-restrict -Wno-free-nonheap-object -Wno-overloaded-virtual)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang 19 reports std::stable_sort, whose buffer in libstdc++ 12 comes from a function that C++17 deprecated.
  target_compile_options(layerc_options INTERFACE -Wno-deprecated-declarations)
endif()
if(LAYERC_SANITIZE)
  target_compile_options(layerc_options INTERFACE -fsanitize=${LAYERC_SANITIZE} -fno-omit-frame-pointer -O1
                         -fno-sanitize-recover=undefined -fno-sanitize=vptr)
  target_link_options(layerc_options INTERFACE -fsanitize=${LAYERC_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # It reads a signature before each function that is called by address, which kernels compiled in memory do not have.
    target_compile_options(layerc_options INTERFACE -fno-sanitize=function)
  endif()
endif()
target_include_directories(layerc_options INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}")
target_include_directories(layerc_options SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(layerc_options INTERFACE ${llvm_definitions} LAYERC_VERSION="${PROJECT_VERSION}")

# layerc_add_library(name SOURCES... [LINK targets...]): one static library per folder.
function(layerc_add_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC layerc_options ${arg_LINK})
endfunction()
