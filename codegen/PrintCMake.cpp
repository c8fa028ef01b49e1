// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The build file of the output folder: a static library that a C or C++ program links, nothing else needed.
#include "codegen/ModelText.h"

using namespace layerc;
using llvm::StringRef;

namespace {

constexpr StringRef kCMakeLists = R"(# @generated@
# Use: add_subdirectory(this folder), then target_link_libraries(app PRIVATE @name@). A C++ user of @name@.h needs C++17.
cmake_minimum_required(VERSION 3.16)
project(@name@ LANGUAGES C CXX)
find_package(Threads REQUIRED)

set(objects @objects@)
list(TRANSFORM objects PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT TRUE)
add_library(@name@ STATIC @name@.cpp ${objects})
target_include_directories(@name@ PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
target_compile_features(@name@ PRIVATE cxx_std_17)
target_compile_options(@name@ PRIVATE -fno-exceptions -fno-rtti -fvisibility=hidden)
set_target_properties(@name@ PROPERTIES POSITION_INDEPENDENT_CODE ON LINKER_LANGUAGE C)
target_link_libraries(@name@ PUBLIC Threads::Threads m@libraries@)
)";

} // namespace

std::string layerc::printCMakeLists(const ModelText &model) {
  const std::string &name = model.options.name;
  bool linked = model.options.storeWeights == StoreWeights::Object;
  std::string libraries;
  for (const std::string &library : externalLibraries(model.program))
    libraries += " " + library;
  return fill(kCMakeLists, model.with({{"objects", name + ".kernels.o" + (linked ? " " + name + ".weights.o" : "")},
                                       {"libraries", libraries}}));
}
