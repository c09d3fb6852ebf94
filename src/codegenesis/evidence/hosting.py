"""The engine's side of a run of the user's tests: starts the host, answers it, takes notes."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from codegenesis.evidence.answering import Answering
from codegenesis.hosted import messages
from codegenesis.model import Gene, Record
from codegenesis.sandbox import Work, WorkLimits, Workshop

_PLAN = "plan.json"
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from codegenesis.hosted.main import main; main(sys.argv[2])"
)
_OURS = str(Path(messages.__file__).parents[2])
_MOST_CALLS = 2000


class Told(Record, frozen=True, kw_only=True):
    """What became of one test; `seconds` from its begin to its end, fixtures included."""

    test: str
    status: messages.Status
    words: str
    calls: int
    unsent: int
    seconds: float


class Notes:
    """What one run came to.

    Attributes:
        found: tests that were collected; None when it did not get that far.
        function: the function was found among what they import.
        errors: of the collection, in words.
        told: tests that came to their end, in order.
        running: the one under way when the run ended; empty when there was none.
        calls: distinct calls of the function, in order; while watching.
        startup_s: until the tests were collected.
    """

    def __init__(self) -> None:
        self.found: int | None = None
        self.function = False
        self.errors: list[str] = []
        self.told: list[Told] = []
        self.running = ""
        self.calls: dict[bytes, None] = {}
        self.startup_s = 0.0


class Host:
    """Runs the tests of one project with one function watched, or answered.

    Args:
        project: directory to run them in.
        paths: what pytest is given; its own `testpaths` when empty.
        workshop: by default one that sees the project and nothing else.
    """

    def __init__(
        self,
        gene: Gene,
        *,
        project: Path,
        paths: Sequence[Path] = (),
        workshop: Workshop | None = None,
        python: str = sys.executable,
    ) -> None:
        self._gene, self._project, self._python = gene, project, python
        self._paths = tuple(str(path if path.is_absolute() else project / path) for path in paths)
        visible = dict.fromkeys([str(project), gene.root, _OURS, *self._paths])
        self._workshop = workshop or Workshop(visible=list(visible), python=python)

    def watch(
        self, *, wall_s: float, only: Sequence[str] | None = None, backwards: bool = False
    ) -> tuple[Notes, Work]:
        """Run tests on the original.

        Raises:
            SandboxError: the workshop itself has failed.
        """
        plan = self._plan("watch", only, backwards=backwards)
        return self._run(plan, None, wall_s)

    def send(
        self,
        answering: Answering,
        *,
        only: Sequence[str],
        wall_s: float,
        first_failure: bool = False,
    ) -> tuple[Notes, Work]:
        """Run these tests with the function's calls answered.

        Raises:
            FragmentError: the variant does not fit the function.
            SandboxError: the workshop or the sandbox itself has failed.
        """
        plan = self._plan("send", only, first_failure=first_failure)
        return self._run(plan, answering, wall_s)

    def _plan(
        self,
        mode: messages.Mode,
        only: Sequence[str] | None,
        *,
        backwards: bool = False,
        first_failure: bool = False,
    ) -> messages.Plan:
        files = None if only is None else dict.fromkeys(each.partition("::")[0] for each in only)
        return messages.Plan(
            mode=mode,
            module=self._gene.module,
            path=self._gene.path,
            qualname=self._gene.qualname,
            root=self._gene.root,
            project=str(self._project),
            paths=self._paths if files is None else tuple(files),
            only=None if only is None else frozenset(only),
            backwards=backwards,
            first_failure=first_failure,
        )

    def _run(
        self, plan: messages.Plan, answering: Answering | None, wall_s: float
    ) -> tuple[Notes, Work]:
        secretary = _Secretary(answering)
        work = self._workshop.run(
            [self._python, "-P", "-c", _BOOT, _OURS, _PLAN],
            files={_PLAN: messages.planned(plan)},
            limits=WorkLimits(cpu_s=wall_s, wall_s=wall_s),
            answer=secretary.answer,
        )
        return secretary.notes, work


class _Secretary:
    """Answers the host's messages, and writes down what they say."""

    def __init__(self, answering: Answering | None) -> None:
        self.notes = Notes()
        self._answering = answering
        self._started = self._begun = time.monotonic()

    def answer(self, frame: bytes) -> bytes:
        try:
            said = messages.said(frame)
        except msgspec.DecodeError:
            return messages.encode(messages.Noted())
        return messages.encode(self._heard(said))

    def _heard(self, said: messages.Said) -> messages.Heard:
        notes = self.notes
        match said:
            case messages.Ask(call) if self._answering:
                return self._answering.ask(call)
            case messages.Collected(tests, function, errors):
                notes.found, notes.function, notes.errors = tests, function, errors
                notes.startup_s = time.monotonic() - self._started
            case messages.Begun(test):
                notes.running, self._begun = test, time.monotonic()
                if self._answering:
                    self._answering.begin(test)
            case messages.Called(call):
                if len(notes.calls) < _MOST_CALLS:
                    notes.calls[call] = None
            case messages.Finished():
                self._finished(said)
        return messages.Noted()

    def _finished(self, said: messages.Finished) -> None:
        self.notes.running = ""
        self.notes.told.append(
            Told(
                test=said.test,
                status=said.status,
                words=said.words,
                calls=said.calls,
                unsent=said.unsent,
                seconds=time.monotonic() - self._begun,
            )
        )
