"""A test double for the sandbox: same protocols, no jail, no limits."""

from __future__ import annotations

import time
import types
from collections.abc import Sequence
from typing import Self

from codegenesis.model import Outcome
from codegenesis.sandbox import loading, serving
from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.executor import Timing

_MAX_BYTES = 16 << 20


class InProcessExecutor:
    """Runs candidates in this very process.

    For trusted code in tests only, never for a variant that anything generated: there is no
    isolation, no limit and no deadline, and CPU is read by the process that is measured. Each
    candidate works on a copy of the function; the module itself is shared and keeps its state.
    """

    def __init__(self, environment: Environment) -> None:
        self._module = loading.load(environment)

    def candidate(self, qualname: str, source: str | None) -> InProcessCandidate:
        """See `Executor.candidate`."""
        function, owner = serving.find(self._module, qualname)
        copy = types.FunctionType(
            function.__code__,
            function.__globals__,
            function.__name__,
            function.__defaults__,
            function.__closure__,
        )
        copy.__kwdefaults__ = function.__kwdefaults__
        copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
        if source is not None:
            serving.install(serving.Target(copy, owner), source)
        return InProcessCandidate(copy, self._module)

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _outcome(said: serving.Answer) -> Outcome:
    return Outcome(
        kind=said.kind,
        value=said.value,
        after=said.after,
        detail=said.detail,
        waited=said.waited,
    )


class InProcessCandidate:
    """See `InProcessExecutor`."""

    def __init__(self, function: types.FunctionType, module: types.ModuleType) -> None:
        self._batch = serving.Batch(function, serving.resolver(module), max_bytes=_MAX_BYTES)

    def call(self, call: bytes) -> Outcome:
        """See `Candidate.call`."""
        self._batch.load([call])
        self._batch.run(watch=True)
        return _outcome(*self._batch.collect())

    def time(self, calls: Sequence[bytes]) -> Timing:
        """See `Candidate.time`."""
        started = time.thread_time_ns()
        self._batch.load(calls)
        loaded = time.thread_time_ns()
        self._batch.run()
        ran = time.thread_time_ns()
        answers = self._batch.collect()
        overhead_ns = time.thread_time_ns() - ran + loaded - started
        outcomes = tuple(map(_outcome, answers))
        return Timing(run_ns=ran - loaded, overhead_ns=overhead_ns, outcomes=outcomes)

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
