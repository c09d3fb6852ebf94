"""What a file that calls `optimize_anything` starts from: it is run for that, in a jail."""

from __future__ import annotations

from codegenesis.scenarios.discover.evaluating.hosting import open_host
from codegenesis.scenarios.discover.problem import Problem


def captured(problem: Problem) -> tuple[str, str]:
    """The program and the goal that are named in the call.

    Raises:
        UsageError: the file makes no such call, or fails before it does.
        SandboxError: the jail itself has failed.
    """
    talk, ready = open_host(problem)
    talk.close()
    return ready.seed, ready.goal
