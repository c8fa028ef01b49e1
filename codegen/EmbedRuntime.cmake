# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -DOUTPUT=file.cpp "-DHEADERS=a.h;b.h" -P EmbedRuntime.cmake: the runtime's headers as a C++ source, so that the
# compiler is one file that carries what it writes beside a compiled model.
file(WRITE "${OUTPUT}.new" "#include \"codegen/ModelText.h\"\n
std::vector<layerc::GeneratedFile> layerc::runtimeHeaders() {\n  return {\n")
foreach(header IN LISTS HEADERS)
  get_filename_component(name "${header}" NAME)
  file(READ "${header}" contents)
  file(APPEND "${OUTPUT}.new" "{\"layerc/${name}\", R\"layerc(${contents})layerc\"},\n")
endforeach()
file(APPEND "${OUTPUT}.new" "  };\n}\n")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
