# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# layerc_add_model(NAME FILE [BATCH n ...] [INPUT_SHAPE input=1x8x8x1 ...] [TARGET_CPU cpu] [TARGET_TRIPLE triple]
#                  [STORE_WEIGHTS object|file|caller] [KERNELS mlir|onednn|auto] [OPTIONS flag ...])
#
# Compiles the Keras model FILE when the project is built and makes the target NAME: link it to get `#include "NAME.h"`, the
# native kernels and the weights. Several batches, or shapes as in a=1x32|1x128, are sizes of one class: see docs/embedding.md. The output folder is the target's property LAYERC_OUTPUT_DIR. In a cross build the triple is
# that of the toolchain. OPTIONS are flags of `layerc compile`; relative paths in them start at the current source folder.

# The triple that the C++ compiler makes code for, or an empty string where it cannot be told.
function(_layerc_toolchain_triple result)
  if(CMAKE_CXX_COMPILER_TARGET)
    set(triple "${CMAKE_CXX_COMPILER_TARGET}")
  else()
    execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -dumpmachine OUTPUT_VARIABLE triple
                    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  set(${result} "${triple}" PARENT_SCOPE)
endfunction()

function(layerc_add_model name file)
  cmake_parse_arguments(arg "" "TARGET_CPU;TARGET_TRIPLE;STORE_WEIGHTS;KERNELS" "BATCH;INPUT_SHAPE;OPTIONS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "layerc_add_model(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT TARGET layerc::layerc)
    message(FATAL_ERROR "layerc_add_model(${name}): there is no layerc program; build or install it, or set LAYERC_PROGRAM")
  endif()
  get_filename_component(file "${file}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  if(NOT arg_STORE_WEIGHTS)
    set(arg_STORE_WEIGHTS object)
  endif()
  if(NOT arg_TARGET_TRIPLE AND CMAKE_CROSSCOMPILING)
    _layerc_toolchain_triple(arg_TARGET_TRIPLE)
  endif()

  set(out "${CMAKE_CURRENT_BINARY_DIR}/${name}.layerc")
  set(command layerc::layerc compile "${file}" -o "${out}" --name ${name} --store-weights ${arg_STORE_WEIGHTS} --quiet)
  string(REPLACE ";" "," arg_BATCH "${arg_BATCH}")
  foreach(flag BATCH TARGET_CPU TARGET_TRIPLE KERNELS)
    if(arg_${flag})
      string(TOLOWER "${flag}" word)
      string(REPLACE "_" "-" word "${word}")
      list(APPEND command --${word} "${arg_${flag}}")
    endif()
  endforeach()
  foreach(shape IN LISTS arg_INPUT_SHAPE)
    list(APPEND command --input-shape "${shape}")
  endforeach()
  list(APPEND command ${arg_OPTIONS})
  set(depends "${file}")
  list(FIND arg_OPTIONS --weights weights)
  if(NOT weights EQUAL -1)
    math(EXPR weights "${weights} + 1")
    list(GET arg_OPTIONS ${weights} weights)
    get_filename_component(weights "${weights}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
    list(APPEND depends "${weights}")
  endif()

  set(objects "${out}/${name}.kernels.o")
  set(byproducts)
  if(arg_STORE_WEIGHTS STREQUAL "object")
    list(APPEND objects "${out}/${name}.weights.o")
  else()
    list(APPEND byproducts "${out}/${name}.weights")
  endif()
  add_custom_command(OUTPUT "${out}/${name}.cpp" "${out}/${name}.h" "${out}/${name}_c.h" ${objects}
    BYPRODUCTS ${byproducts}
    COMMAND ${command} DEPENDS ${depends} layerc::layerc
    WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
    COMMENT "Compiling Keras model ${name}" VERBATIM)
  set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)

  add_library(${name} STATIC "${out}/${name}.cpp" ${objects})
  target_include_directories(${name} PUBLIC "${out}")
  target_compile_features(${name} PUBLIC cxx_std_17)
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON LAYERC_OUTPUT_DIR "${out}")
  if(arg_KERNELS MATCHES "^(onednn|auto)$")
    target_link_libraries(${name} PUBLIC dnnl gomp)
  endif()
  if(UNIX)
    # The flag, not Threads::Threads: users in other folders would not see that target.
    target_link_options(${name} PUBLIC -pthread)
    target_link_libraries(${name} PUBLIC m)
  endif()
endfunction()
