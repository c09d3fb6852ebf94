"""What the loop of discovery asks for scores: some pairs of jails side by side."""

from __future__ import annotations

import queue
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from codegenesis.config import Config
from codegenesis.sandbox import Tier
from codegenesis.scenarios.discover.evaluating import support
from codegenesis.scenarios.discover.evaluating.patience import Patience
from codegenesis.scenarios.discover.evaluating.seat import Seat
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.problem import Problem


class Evaluators:
    """Scores programs; a context manager. Up to `jobs` threads may ask at a time.

    The evaluator and what it keeps between programs live as long as this, unless it hangs or dies:
    then it is loaded again. A program lives for one evaluation.

    Args:
        jobs: pairs of jails, each with a process for the evaluator and one for the program.
        config: says how isolated programs have to be (`tier`).

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
        UsageError: the evaluator cannot be loaded, or is of no kind that is known.
    """

    def __init__(self, problem: Problem, *, jobs: int = 2, config: Config | None = None) -> None:
        tier: Tier = config.tier if config else "L3"
        self._directory = tempfile.TemporaryDirectory(prefix="codegenesis-discover-")
        self._seats: list[Seat] = []
        self._free: queue.Queue[Seat] = queue.Queue()
        try:
            root = Path(self._directory.name)
            support.lay_out(problem, root)
            patience = Patience(problem.timeout_s)
            self._open(jobs, lambda: Seat(problem, root, patience=patience, tier=tier))
        except BaseException:
            self.close()
            raise
        for seat in self._seats:
            self._free.put(seat)

    def _open(self, jobs: int, seat: Callable[[], Seat]) -> None:
        """All at the same time: most of it is waiting for interpreters to start."""
        with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="codegenesis-open") as pool:
            opening = [pool.submit(seat) for _ in range(jobs)]
        self._seats = [each.result() for each in opening if each.exception() is None]
        for each in opening:
            each.result()

    def evaluate(self, program: str) -> Evaluation:
        """Score a program; never raises for what it, or the evaluator, does.

        Raises:
            SandboxError: the sandbox itself has failed.
        """
        with self._seat() as seat:
            return seat.evaluate(program)

    def confirm(self, program: str) -> Evaluation:
        """Score a program whose score `evaluate` made in its own jail, now outside of it."""
        with self._seat() as seat:
            return seat.confirm(program)

    @contextmanager
    def _seat(self) -> Iterator[Seat]:
        seat = self._free.get()
        try:
            yield seat
        finally:
            self._free.put(seat)

    def close(self) -> None:
        """End all jails; idempotent."""
        seats, self._seats = self._seats, []
        for seat in seats:
            seat.close()
        self._directory.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
