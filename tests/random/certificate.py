# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The memory certificate of a plan that `layerc --save-stages` wrote, judged."""
import pathlib
import re

ENTRY = re.compile(r'plan\.entry .*arena\((\d+)\) bound\((\d+)\) unfused\((\d+)\) search\("([^"]*)"\)')


def complaint(stages):
    """'' where the arena of each size is the bound or proved the least, and at most what the layers need one by one."""
    plan = next(pathlib.Path(stages).glob("*-plan-check.mlir")).read_text(encoding="utf-8")
    wrong = []
    for arena, bound, unfused, search in ENTRY.findall(plan):
        if int(arena) > int(unfused):
            wrong.append(f"an arena of {arena} bytes where the layers one by one need {unfused}")
        if arena != bound and search != "proved":
            wrong.append(f"an arena of {arena} bytes, {search}, for a bound of {bound}")
    return "; ".join(wrong)
