"""Starting an evaluator's host: what it is told, what it may see, and whether it came up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from codegenesis.errors import UsageError
from codegenesis.hosted.evaluating import messages
from codegenesis.hosted.evaluating.messages import Plan
from codegenesis.sandbox import Workshop
from codegenesis.scenarios.discover.evaluating import standin
from codegenesis.scenarios.discover.evaluating.support import imported
from codegenesis.scenarios.discover.evaluating.talk import Talk
from codegenesis.scenarios.discover.problem import Problem

_START_S = 120.0
_MOST_BYTES = 4 << 30
_HIGHEST = 6
_REMEDY = "It is loaded in a jail without network; see that what it imports is installed."


def open_host(problem: Problem) -> tuple[Talk, messages.Ready]:
    """A host that waits for programs, and what it said of itself.

    Raises:
        UsageError: the evaluator cannot be loaded; says why.
        SandboxError: the jail itself has failed.
    """
    plan = plan_of(problem)
    workshop = Workshop(visible=[*plan.roots, standin.OURS])
    talk = Talk(workshop, plan, memory_bytes=_MOST_BYTES)
    try:
        ready = talk.hear(_START_S)
    except TimeoutError:
        talk.end(f"it took longer than {_START_S:g} s to load")
        ready = None
    except BaseException:
        talk.close()
        raise
    if isinstance(ready, messages.Ready) and not ready.trouble:
        return talk, ready
    talk.close()
    said = ready.trouble if isinstance(ready, messages.Ready) else talk.ending
    raise UsageError(
        f"the evaluator {problem.evaluator} cannot be loaded: {said}", remedy=_remedy(said)
    )


def _remedy(said: str) -> str:
    missing = re.search(r"No module named '([\w.]+)'", said)
    return f"Install what provides {missing[1]}." if missing else _REMEDY


def plan_of(problem: Problem) -> Plan:
    """What the host is told about a problem."""
    return Plan(
        kind=problem.kind,
        evaluator=problem.evaluator,
        roots=tuple(dict.fromkeys(map(str, _roots(Path(problem.evaluator))))),
        thresholds=problem.thresholds,
        run=problem.run,
        evolve=problem.evolve,
        inputs=problem.inputs,
    )


def _roots(evaluator: Path) -> Iterator[Path]:
    """Its directory, and a directory above from which what it imports is found by its full name."""
    yield evaluator.parent
    source = evaluator.read_text(encoding="utf-8", errors="replace")
    for name in imported(source):
        first, dot, _ = name.partition(".")
        for above in list(evaluator.parents)[1:_HIGHEST] if dot else ():
            if (above / first).is_dir() and (above / f"{name.replace('.', '/')}.py").is_file():
                yield above
                break
