"""The engine's side of the arena: many versions tried fast, several arenas side by side.

Scores steer a search and prove nothing: they were made in the process that the version ran in.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec

from codegenesis.arena import messages
from codegenesis.arena.messages import Example, Score, Traced
from codegenesis.errors import SandboxError, UsageError
from codegenesis.model import Gene
from codegenesis.sandbox import Work, WorkLimits, Workshop

_PLAN = "plan"
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from codegenesis.arena.main import main; main(sys.argv[2])"
)
_OURS = str(Path(messages.__file__).parents[2])
#: An arena lives as long as its search; what hangs in it is ended by the arena itself.
_WALL_S = 6 * 3600.0
_START_S = 120.0
#: Versions handed to one arena at a time: few enough that both are done at about the same time.
_PART = 64
#: Times as many steps for a version that is looked at by itself.
_GENEROUS = 10
_LOST = Score(error="the arena ended while it was tried")


class Arena:
    """Tries versions of one function on its cases; a context manager.

    Args:
        examples: the cases; or else
        tests: files and directories with pytest tests.
        project: directory that the tests are run in; the gene's root by default.
        jobs: arenas side by side, one process each.
        case_s: CPU seconds allowed for one case.
        setup: as `sandbox_setup`.

    Attributes:
        cases: their names, in order.
        steps: rounds of loops and calls that a version is allowed for one case.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
        SandboxError: the arena cannot be opened; says why.
        UsageError: no case can be used.
    """

    def __init__(
        self,
        gene: Gene,
        *,
        examples: Sequence[Example] = (),
        tests: Sequence[Path] = (),
        project: Path | None = None,
        jobs: int = 2,
        steps: int = 20_000,
        case_s: float = 2.0,
        setup: str = "",
        python: str = sys.executable,
    ) -> None:
        home = (project or Path(gene.root)).resolve()
        plan = messages.Plan(
            module=gene.module,
            path=gene.path,
            qualname=gene.qualname,
            root=gene.root,
            setup=setup,
            project=str(home),
            examples=tuple(examples),
            tests=tuple(str(home / path) for path in tests),
            case_s=case_s,
        )
        self.steps = steps
        visible = dict.fromkeys([str(home), gene.root, _OURS, *plan.tests])
        workshop = Workshop(visible=list(visible), python=python)
        self._seats: list[_Seat] = []
        self._pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="codegenesis-arena")
        try:
            self._seats = list(self._pool.map(lambda _: _Seat(workshop, plan, python), range(jobs)))
        except BaseException:
            self.close()
            raise
        self.cases = self._seats[0].cases
        self._free: queue.Queue[_Seat] = queue.Queue()
        for seat in self._seats:
            self._free.put(seat)

    def score(self, sources: Sequence[str], *, first_failure: bool = False) -> list[Score]:
        """How these versions do, in order.

        Args:
            first_failure: stop each at the first case that it does not pass.
        """
        parts = _parts(sources, len(self._seats))
        asked = [messages.Try(part, self.steps, first_failure) for part in parts]
        return [score for part in self._pool.map(self._tried, asked) for score in part]

    def confirm(self, source: str) -> Score:
        """How one version does alone, with all the steps it may want."""
        return self._tried(messages.Try([source], _GENEROUS * self.steps, False, True))[0]

    def alone(self, source: str) -> Score:
        """How one version does alone, as it stands, with nothing counted."""
        return self._tried(messages.Try([source], 0, False, True))[0]

    def trace(self, source: str) -> list[Traced]:
        """What each case goes through in this version."""
        with self._seat() as seat:
            said = seat.ask(messages.Trace(source, self.steps))
        return said.traced if isinstance(said, messages.Went) else []

    def _tried(self, wanted: messages.Try) -> list[Score]:
        with self._seat() as seat:
            said = seat.ask(wanted)
        scores = said.scores if isinstance(said, messages.Scored) else []
        missing = len(wanted.sources) - len(scores)
        if missing and len(wanted.sources) > 1:  # one of them took the arena down: which one?
            return [s for each in wanted.sources for s in self._tried(_only(wanted, each))]
        return [*scores, *[_LOST] * missing]

    def _seat(self) -> _Borrowed:
        return _Borrowed(self._free)

    def close(self) -> None:
        """End all arenas; idempotent."""
        for seat in self._seats:
            seat.close()
        self._seats = []
        self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _only(wanted: messages.Try, source: str) -> messages.Try:
    return messages.Try([source], wanted.steps, wanted.first_failure, wanted.alone)


def _parts(sources: Sequence[str], jobs: int) -> Iterator[list[str]]:
    size = max(1, min(_PART, -(-len(sources) // jobs)))
    for start in range(0, len(sources), size):
        yield list(sources[start : start + size])


class _Borrowed:
    """A seat that nobody else uses meanwhile."""

    def __init__(self, free: queue.Queue[_Seat]) -> None:
        self._free = free

    def __enter__(self) -> _Seat:
        self._seat = self._free.get()
        return self._seat

    def __exit__(self, *_: object) -> None:
        self._free.put(self._seat)


class _Seat:
    """One arena in a workshop; opened again when it is taken down."""

    def __init__(self, workshop: Workshop, plan: messages.Plan, python: str) -> None:
        self._workshop, self._plan, self._python = workshop, plan, python
        self.cases: tuple[str, ...] = ()
        self._open()

    def _open(self) -> None:
        self._talk = _Talk(self._workshop, self._plan, self._python)
        ready = self._talk.hear(_START_S)
        if not isinstance(ready, messages.Ready):
            raise SandboxError(f"the arena did not open: {self._talk.ending}")
        if ready.trouble:
            self.close()
            raise UsageError(ready.trouble, remedy="Mend that first; nothing was tried.")
        self.cases = tuple(ready.cases)

    def ask(self, question: messages.Heard) -> messages.Said | None:
        """None when that took the arena down; it is open again then."""
        self._talk.say(question)
        said = self._talk.hear(_WALL_S)
        if said is None:
            self._open()
        return said

    def close(self) -> None:
        self._talk.say(messages.Close())
        self._talk.join()


class _Talk:
    """Turns the workshop's questions into ours: what the tool says is an answer to us."""

    def __init__(self, workshop: Workshop, plan: messages.Plan, python: str) -> None:
        self._said: queue.Queue[messages.Said | None] = queue.Queue()
        self._asked: queue.Queue[messages.Heard] = queue.Queue()
        self._work: Work | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, args=(workshop, plan, python), daemon=True
        )
        self._thread.start()

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self._work is None:
            return str(self._error or "it did not answer")
        said = self._work.stderr.decode(errors="replace").strip().splitlines()
        return self._work.died or (said or [f"status {self._work.status}"])[-1][:300]

    def say(self, question: messages.Heard) -> None:
        self._asked.put(question)

    def hear(self, patience_s: float) -> messages.Said | None:
        """What it says next; None when it ended. Raises what the workshop raised."""
        with suppress(queue.Empty):
            said = self._said.get(timeout=patience_s)
            if said is None and self._error is not None:
                raise self._error
            return said
        return None

    def join(self) -> None:
        self._thread.join()

    def _run(self, workshop: Workshop, plan: messages.Plan, python: str) -> None:
        try:
            self._work = workshop.run(
                [python, "-P", "-c", _BOOT, _OURS, _PLAN],
                files={_PLAN: messages.encode(plan)},
                limits=WorkLimits(cpu_s=_WALL_S, wall_s=_WALL_S),
                answer=self._answer,
            )
        except BaseException as error:  # noqa: BLE001 (thread boundary: handed on)
            self._error = error
        self._said.put(None)

    def _answer(self, frame: bytes) -> bytes:
        try:
            self._said.put(messages.said(frame))
        except msgspec.DecodeError as error:
            raise SandboxError(f"the arena says what cannot be read: {error}") from error
        return messages.encode(self._asked.get())
