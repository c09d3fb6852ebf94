"""What variants of one gene are judged on: recorded calls, the user's tests, and the gates.

Worked out once per pass, before anything is written: a gene that cannot be judged is not evolved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from codegenesis.config import Config
from codegenesis.errors import UsageError
from codegenesis.evidence import (
    Baseline,
    Gate,
    SymbolicGate,
    TestBaseline,
    baseline,
    baseline_tests,
    gates_for,
)
from codegenesis.lifecycle.inputs import observe
from codegenesis.model import Gene, Observation, Record
from codegenesis.sandbox import Executor

#: Share of a gene's seconds that each of the three runs of the user's tests may take.
TESTS_SHARE = 0.5
#: Share of a gene's seconds that symbolic search may take.
SYMBOLIC_SHARE = 0.25


class Grounds(Record, frozen=True, kw_only=True):
    """What one gene is judged on.

    Attributes:
        observations: calls that traits are measured on: the recorded ones, or where there are
            none, those that the user's tests make.
        baseline: what the original can testify to.
        tests: what the user's tests can; None when none are named.
    """

    observations: tuple[Observation, ...]
    baseline: Baseline
    tests: TestBaseline | None

    def gates(self) -> tuple[Gate, ...]:
        """What every variant goes through."""
        return gates_for(tests=self.tests)

    @staticmethod
    def last_gates(config: Config) -> tuple[Gate, ...]:
        """What only the one that is about to win goes through, besides."""
        seconds = min(config.symbolic_s, SYMBOLIC_SHARE * config.budget_s)
        return (SymbolicGate(seconds=seconds),) if seconds else ()


def lay_grounds(
    gene: Gene, executor: Executor, observations: Sequence[Observation], config: Config
) -> Grounds:
    """Put the original to the user's tests and to the recorded calls.

    Raises:
        UsageError: a path of tests does not exist.
        SandboxError: the sandbox itself has failed.
    """
    tests = _tests(gene, executor, config) if config.tests else None
    seen = tuple(observations)
    if tests is not None and not any(each.call for each in seen):
        seen = tuple(observe(gene, tests.calls, config))
    return Grounds(observations=seen, baseline=baseline(gene, executor, seen), tests=tests)


def _tests(gene: Gene, executor: Executor, config: Config) -> TestBaseline:
    home = Path(config.directory).parent
    paths = [home / path for path in config.tests]
    _require(paths)
    budget_s = TESTS_SHARE * config.budget_s
    return baseline_tests(gene, executor, project=home, paths=paths, budget_s=budget_s)


def _require(paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise UsageError(
                f"there are no tests at {path}",
                remedy="Name files or directories relative to the project: --tests tests/",
            )
