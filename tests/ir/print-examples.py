# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints one function for each ```mlir example in the .td files given, ready for layerc-opt.

Names that an example uses without defining become arguments, of the types in the example's last signature.
"""
import re
import sys


def example_function(number, example):
    lines = [line for line in example.splitlines() if line.strip()]
    text = "\n".join(lines)
    if re.match(r"\s*(func|plan)\.", text):
        return text
    defined = set(re.findall(r"(%\w+)\s*(?==)(?!\s*=\s*%)", text)) | set(re.findall(r"(%\w+) = %", text))
    first = lines[0]
    used = [name for name in re.findall(r"%\w+", first.split("=", 1)[1] if "=" in first else first)
            if name not in defined]
    signature = re.search(r":\s*\(([^)]*)\)\s*->", first)
    types = [t.strip() for t in re.split(r",\s*(?=tensor)", signature.group(1))] if signature else []
    if "nn.yield" in first:  # a terminator: shown inside the kernel it ends
        value, value_type = re.search(r"nn\.yield (%\w+) : (\S+)", first).groups()
        return (f"func.func @example{number}(%x: {value_type}) {{\n  %k = nn.kernel({value} = %x) : ({value_type}) -> "
                f"{value_type} {{\n  {text}\n  }}\n  return\n}}")
    arguments = ", ".join(f"{name}: {type_}" for name, type_ in zip(dict.fromkeys(used), types, strict=True))
    return f"func.func @example{number}({arguments}) {{\n{text}\n  return\n}}"


def main():
    number = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            for example in re.findall(r"```mlir\n(.*?)```", file.read(), re.DOTALL):
                print(example_function(number, example))
                number += 1


main()
