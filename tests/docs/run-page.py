# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a page of the manual: run-page.py PAGE WORK_FOLDER

Fenced blocks are taken in order. What a block is for stands behind its language:
  sh test [needs=PROGRAM,...]  is run by bash in the work folder, which holds digits.keras, in.npz and keras.npz (one
                   digit and what Keras says of it), unless a program is not here; it must succeed
  LANGUAGE output  is an excerpt of what the `sh test` block before it printed
  LANGUAGE emit=FORM      is an excerpt of `layerc compile digits.keras --emit FORM`
  LANGUAGE source=PATH    is an excerpt of a file of this tree
  LANGUAGE file=NAME      is written to the work folder as NAME
Blocks without such a word are for reading only. An excerpt holds whole lines that follow each other; a line `...` stands
for any number of lines, ` ...` at the end of a line for the rest of it. Blanks count as one.
Links to files of this tree must lead somewhere.
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import textwrap
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def blocks_of(page):
    """(line number, words behind the language, text) of each fenced block."""
    lines, start, words = page.read_text(encoding="utf-8").splitlines(), None, None
    for number, line in enumerate(lines, 1):
        if start is None and line.lstrip().startswith("```"):
            start, words = number, line.lstrip()[3:].split()[1:]
        elif line.strip() == "```":
            yield start, words, textwrap.dedent("\n".join(lines[start:number - 1])) + "\n"
            start = None
    assert start is None, f"{page}:{start}: the block is not closed"


def same(wanted, line):
    wanted, line = " ".join(wanted.split()), " ".join(line.split())
    return line.startswith(wanted[:-4]) if wanted.endswith(" ...") else line == wanted


def find_excerpt(excerpt, text):
    """The first line of the excerpt that `text` does not have in its place, or None."""
    parts = [part.strip("\n").splitlines() for part in re.split(r"^\s*(?://|#|;)?\s*\.\.\.\s*$", excerpt, flags=re.M)]
    lines, at = text.splitlines(), 0
    for part in filter(None, parts):
        starts = [i for i in range(at, len(lines)) if same(part[0], lines[i])]
        reached = -1
        for start in starts:
            here = lines[start:start + len(part)]
            agreeing = next((i for i, wanted in enumerate(part) if i >= len(here) or not same(wanted, here[i])), len(part))
            reached = max(reached, agreeing)
            if agreeing == len(part):
                at = start + len(part)
                break
        else:
            return part[max(reached, 0)]
    return None


def run(command, folder, output=None):
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if result.returncode != 0:
        return f"exit code {result.returncode}\n{result.stdout}{result.stderr}", ""
    return None, result.stdout


def check_block(words, text, folder, printed):
    """(what is wrong or None, what the block printed or None)."""
    for word in words:
        kind, _, value = word.partition("=")
        if kind == "test":
            if any(not shutil.which(program) for word in words[1:] for program in word.partition("=")[2].split(",")):
                return None, ""
            return run(["bash", "-euo", "pipefail", "-c", text], folder)
        if kind == "file":
            (folder / value).write_text(text, encoding="utf-8")
            return None, None
        if kind == "emit":
            error, printed = run(["layerc", "compile", "digits.keras", "--emit", value], folder)
            if error:
                return error, None
        elif kind == "source":
            printed = (ROOT / value).read_text(encoding="utf-8")
        elif kind != "output":
            return f"'{word}' says nothing to this test", None
        wrong = find_excerpt(text, printed)
        return (f"not found in its place:\n{wrong}" if wrong else None), None
    return None, None


def npy(shape, values):
    """The bytes of a float32 array in NumPy's format."""
    header = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}f", *values)


def write_model(folder):
    """digits.keras, and the first record of digits.bin (see examples/digits/train.py) as arrays."""
    example = ROOT / "examples" / "digits"
    shutil.copy(example / "digits.keras", folder)
    record = (example / "digits.bin").read_bytes()[12:120]
    image = npy((1, 8, 8, 1), [pixel / 16 for pixel in record[:64]])
    scores = npy((1, 10), struct.unpack("<10f", record[68:]))
    for name, arrays in (("in.npz", {"image": image}), ("keras.npz", {"output:scores": scores})):
        with zipfile.ZipFile(folder / name, "w") as file:
            for array, contents in arrays.items():
                file.writestr(array + ".npy", contents)


def dead_links(page):
    """(line number, target) of each link to a file that is not there."""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        for target in re.findall(r"\]\(([^)#\s]+)", line):
            if "://" not in target and not (page.parent / target).exists():
                yield number, target


def main():
    page, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_model(folder)
    os.environ["LAYERC_SOURCE"] = str(ROOT)
    os.environ["layerc_DIR"] = str(pathlib.Path(shutil.which("layerc")).parent.parent)
    printed, checked, failed = "", 0, 0
    for number, words, text in blocks_of(page):
        wrong, output = check_block(words, text, folder, printed)
        printed = output if output is not None else printed
        checked += bool(words)
        if wrong:
            print(f"{page}:{number}: {wrong}")
            failed += 1
    for number, target in dead_links(page):
        print(f"{page}:{number}: no file {target}")
        failed += 1
    print(f"{checked} blocks of {page.name} checked, {failed} failed")
    return 1 if failed or not checked else 0


sys.exit(main())
