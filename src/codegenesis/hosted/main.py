"""Where the host of the user's tests starts, in the workshop."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from codegenesis.hosted import messages
from codegenesis.hosted.line import Line


def main(file: str) -> None:
    """Do what the plan in this file says; ends the process with pytest's exit code.

    What a test leaves running (threads that are no daemons) must not hold us up, so the end is
    abrupt; everything that matters has been said by then.
    """
    scratch = Path.cwd()
    plan = messages.plan(Path(file).read_bytes())
    line = Line.of_environment()
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(scratch / "hypothesis")
    os.environ.setdefault("LOGNAME", "codegenesis")
    os.chdir(plan.project)
    sys.path.insert(0, plan.project)  # as `python -m pytest` has it
    sys.path.append(plan.root)
    from codegenesis.hosted.plugin import run

    code = run(plan, line, scratch=scratch)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
