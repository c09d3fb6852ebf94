"""Calls that a project's own examples and tests make of its functions: inputs to evolve on.

Both are code of the user's and run in the workshop (`hosted.census`), never in the engine's
process; what comes back is encoded calls, taken for data. What they promise is another matter (the
gate `tests`): here they only show what a function is called with.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from codegenesis.config import Config
from codegenesis.errors import UsageError
from codegenesis.hosted import census, messages
from codegenesis.model import Gene, Record
from codegenesis.sandbox import Work, WorkLimits, Workshop

#: Distinct calls of one function that are kept.
MOST_CALLS = 300
#: Seconds for the examples of one module, and for the tests of a project.
DOCTESTS_S = 20.0
TESTS_S = 120.0

#: pytest's word for tests that fail: it is the calls that count here.
_TESTS_FAILED = 1
_PLAN = "plan.json"
_OURS = str(Path(census.__file__).parents[2])
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from codegenesis.hosted.census import main; main(sys.argv[2])"
)


class Heard(Record, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        calls: distinct ones in the order in which they were made, encoded, by `Gene.id`.
        trouble: what went wrong, in words; calls made before it are there all the same.
    """

    calls: dict[str, tuple[bytes, ...]]
    trouble: str = ""


def calls_of_examples(genes: Sequence[Gene], config: Config) -> Heard:
    """Calls that the examples in the docstrings of the genes' modules make.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
    """
    return _taken("doctests", genes, config, (), DOCTESTS_S)


def calls_of_tests(genes: Sequence[Gene], config: Config) -> Heard:
    """Calls that the tests of `config.tests` make.

    Raises:
        UsageError: a path of tests does not exist.
        SandboxUnavailableError: this machine cannot isolate code.
    """
    home = Path(config.directory).parent
    paths = tuple(str(home / path) for path in config.tests)
    for path in paths:
        if not Path(path).exists():
            raise UsageError(
                f"there are no tests at {path}",
                remedy="Name files or directories relative to the project: --tests tests/",
            )
    return _taken("tests", genes, config, paths, TESTS_S)


def has_examples(text: str) -> bool:
    """Whether a module's text may hold examples at all."""
    return ">>>" in text


def _taken(
    what: str, genes: Sequence[Gene], config: Config, paths: tuple[str, ...], seconds: float
) -> Heard:
    able = [gene for gene in genes if gene.module != "__main__"]
    if not able:
        return Heard(calls={}, trouble="a script's functions cannot be imported")
    home = str(Path(config.directory).parent)
    roots = tuple(dict.fromkeys(gene.root for gene in able))
    plan = census.Census(
        what="tests" if what == "tests" else "doctests",
        functions=tuple(
            census.Watched(module=g.module, path=g.path, qualname=g.qualname) for g in able
        ),
        project=home if what == "tests" else roots[0],
        roots=roots,
        paths=paths,
        setup=config.sandbox_setup,
    )
    clerk = _Clerk(able)
    work = Workshop(visible=[*roots, *([home] if what == "tests" else []), _OURS, *paths]).run(
        [sys.executable, "-P", "-c", _BOOT, _OURS, _PLAN],
        files={_PLAN: census.planned(plan)},
        limits=WorkLimits(cpu_s=seconds, wall_s=seconds),
        answer=clerk.answer,
    )
    return Heard(calls=clerk.calls(), trouble=_trouble(work, what))


class _Clerk:
    """Writes down which calls are told."""

    def __init__(self, genes: Sequence[Gene]) -> None:
        self._genes = genes
        self._calls: list[dict[bytes, None]] = [{} for _ in genes]

    def answer(self, frame: bytes) -> bytes:
        try:
            told = census.made(frame)
            own = self._calls[told.function] if told.function >= 0 else {}
        except (msgspec.DecodeError, IndexError):
            own = {}
        else:
            if len(own) < MOST_CALLS:
                own[told.call] = None
        return messages.encode(messages.Noted())

    def calls(self) -> dict[str, tuple[bytes, ...]]:
        pairs = zip(self._genes, self._calls, strict=True)
        return {gene.id: tuple(calls) for gene, calls in pairs if calls}


def _trouble(work: Work, what: str) -> str:
    if work.died:
        return f"the {what} did not come to their end: {work.died}"
    if work.status in (0, _TESTS_FAILED if what == "tests" else 0):
        return ""
    said = (work.stderr or work.stdout).decode(errors="replace").strip().splitlines()
    return f"the {what} cannot be run there: {said[-1] if said else work.status}"
