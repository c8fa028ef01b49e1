# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# lit's configuration for every textual test: RUN lines in .mlir and .test files, checked by FileCheck.
import os

import lit.formats

config.name = "layerc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
if config.onednn and not config.onednn.endswith("NOTFOUND"):
    config.available_features.add("onednn")
config.excludes = ["Inputs", "recorded"]
config.environment["PATH"] = os.pathsep.join([config.layerc_bin, config.llvm_tools, os.environ.get("PATH", "")])
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%source", config.layerc_source))
config.substitutions.append(("%bin", config.layerc_bin))
