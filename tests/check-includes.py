# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the includes of the tree in argv[1] against the arrows between folders; prints each include that breaks one."""
import pathlib
import re
import sys

# Who may include whom, itself always. codegen embeds the runtime's headers and shares constants with them.
ARROWS = {
    "runtime": set(),
    "ir": set(),
    "frontend": {"ir"},
    "passes": {"ir"},
    "codegen": {"ir", "runtime"},
    "tools": {"frontend", "ir", "passes", "codegen", "runtime"},
}
# Outside headers that one place hides from everyone else.
HOMES = {
    "hdf5.h": "frontend/Hdf5Memory.h",
    "zip.h": "frontend/Archive.cpp",
    "nlohmann/": "frontend/Json.h",
    "CLI/": "tools/Options.cpp",
    "oneapi/": "runtime/src/onednn/",
}
# Libraries of the compiler; the runtime knows none of them.
COMPILER_LIBRARIES = ("llvm/", "mlir/", "absl/")


def broken_rule(path, include):
    folder = path.split("/")[0]
    top = include.split("/")[0]
    target = "runtime" if top == "layerc" else top
    if target in ARROWS and target != folder and target not in ARROWS[folder]:
        return f"{folder} may not include {include}"
    if folder == "runtime" and include.startswith(COMPILER_LIBRARIES):
        return f"{folder} may not include {include}"
    for header, home in HOMES.items():
        if include.startswith(header) and not path.startswith(home):
            return f"only {home} may include {include}"
    return None


def main():
    root = pathlib.Path(sys.argv[1])
    checked = found = 0
    for folder in ARROWS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in {".h", ".cpp", ".def", ".td"}:
                continue
            path = file.relative_to(root).as_posix()
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                match = re.match(r'\s*#?\s*include\s*[<"]([^>"]+)[>"]', line)
                checked += match is not None
                if match and (rule := broken_rule(path, match[1])):
                    print(f"{path}:{number}: {rule}")
                    found += 1
    print(f"{checked} includes checked, {found} against the rules")
    return 1 if found or not checked else 0


sys.exit(main())
