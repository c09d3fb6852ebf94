"""A run without an end, in a process of its own, for a test to kill.

Arguments: the conftest of this folder, and where the store is. Prints how many programs were
evaluated, again and again.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from codegenesis.core.budget import Budget, Meter
from codegenesis.core.coders import Region
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.run import discover
from codegenesis.store import Store

if __name__ == "__main__":
    parts = runpy.run_path(sys.argv[1])
    discover(
        Problem(program=parts["PROGRAM"], path="line.py", regions=(Region(first=6, last=6),)),
        parts["Numbers"](),
        [parts["Nudges"]()],
        meter=Meter(Budget()),
        store=Store.open(Path(sys.argv[2])),
        watch=lambda standing: print(standing.evaluated, flush=True),
    )
