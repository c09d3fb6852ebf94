"""What other rooms ask of a sandbox: an `Executor` makes `Candidate`s, a candidate answers calls.

The caller holds the oracle: it sends inputs, gets back bytes, and compares them itself. A candidate
never sees an expected value, another candidate, or the clock that measures it.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Literal, Protocol, Self

from codegenesis.model import Outcome, Record

#: How strongly a candidate is kept in: L3 is everything, L2 is Landlock and seccomp alone.
Tier = Literal["L3", "L2"]


class Limits(Record, frozen=True, kw_only=True):
    """What one candidate may use, and the import of the target before there is any.

    Exceeding a limit ends the candidate, and only it. What is not here is not to be had at all: no
    processes, threads, files to write, sockets, locked memory, message queues or core dumps.

    Attributes:
        cpu_s: CPU seconds per request: one `call`, or one phase of `time`.
        wall_s: seconds per request on the wall clock, waiting included.
        setup_s: CPU seconds to assemble the fragment, its module-level statements included.
        memory_bytes: address space; a target that needs more than half of it by itself leaves its
            candidates that half in addition to its own.
        real_bytes: memory that is really there, above what the process began with; looked at from
            outside, so that a target which needs much address space (numpy, numba) is bounded too.
        output_bytes: size of one answer.
        import_s: seconds on the wall clock for the import of the target's module.
        import_cpu_s: CPU seconds for that import, all its threads together.
        import_bytes: real memory for that import.
    """

    cpu_s: float = 5.0
    wall_s: float = 10.0
    setup_s: float = 0.5
    memory_bytes: int = 1 << 30
    real_bytes: int = 1 << 30
    output_bytes: int = 16 << 20
    import_s: float = 30.0
    import_cpu_s: float = 60.0
    import_bytes: int = 2 << 30


class Timing(Record, frozen=True, kw_only=True):
    """CPU of a batch of calls, read from outside the process that made them.

    Attributes:
        run_ns: CPU of the calls alone.
        overhead_ns: CPU of everything else in this candidate that belongs to the batch: decoding
            before, encoding after, and (with the first batch) assembling the fragment. What a
            variant computes ahead or puts off shows here.
        outcomes: one per call; empty when the candidate died.
        died: why there are no outcomes, empty when there are.
    """

    run_ns: int
    overhead_ns: int
    outcomes: tuple[Outcome, ...] = ()
    died: str = ""


class Candidate(Protocol):
    """One variant (or the original) in a process of its own, fresh from the module's import."""

    def call(self, call: bytes) -> Outcome:
        """Run one call (`wire.encode_call`); never raises: a dead candidate answers `died`."""

    def time(self, calls: Sequence[bytes]) -> Timing:
        """Run a batch of calls and charge the CPU they take."""

    def close(self) -> None:
        """End the process; idempotent."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


class Executor(Protocol):
    """Makes candidates of one target module."""

    def candidate(self, qualname: str, source: str | None) -> Candidate:
        """A candidate for the function `qualname`.

        Args:
            source: the variant's fragment; None for the original function.

        Raises:
            FragmentError: the fragment does not fit the function, or its module-level statements
                fail or exceed the limits.
            SandboxError: the sandbox itself has ended.
        """
