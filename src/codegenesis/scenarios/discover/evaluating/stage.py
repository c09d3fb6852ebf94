"""One evaluation as the engine sees it: a program that is loaded, asked, and ended in time.

What evaluator and program tell each other passes here as bytes. The outer records are checked, the
values in them are not opened: they are for the evaluator's jail to decode.
"""

from __future__ import annotations

import hashlib
import time

import msgspec

from codegenesis.errors import SandboxError
from codegenesis.hosted.evaluating import messages
from codegenesis.sandbox import Sandbox
from codegenesis.sandbox.candidate import JailedCandidate
from codegenesis.sandbox.channel import CandidateDied

SERVER = "codegenesis.hosted.evaluating.program:serve"
#: Programs loaded at a time in one evaluation; an evaluator may do it once per worker process.
_MOST_LOADED = 8
_MOST_PRINTED = 4000
_MOST_STORY = 3000
#: Left to the evaluator, of the time for an evaluation, when a program has used all of its own.
_GRACE_SHARE, _MOST_GRACE_S = 0.1, 5.0


class Stage:
    """The program's side of one evaluation.

    Args:
        load_cpu_s: CPU seconds for the program's module level.
        seconds: for the evaluation, or one stage of a cascade.

    Attributes:
        seconds: as given.
        ends: `time.monotonic` at which the evaluation is over.
        printed, story: what the program printed, and its last traceback.
        loaded: times it was loaded.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        program: str,
        *,
        token: int,
        shared: tuple[str, ...],
        seconds: float,
        load_cpu_s: float,
    ) -> None:
        self._sandbox = sandbox
        self._program = program.encode("utf-8", "backslashreplace").decode()
        self._shared, self.seconds, self._load_cpu_s = shared, seconds, load_cpu_s
        self.token = token
        self._instances: dict[int, JailedCandidate] = {}
        self._answers = hashlib.sha256()
        self._answered = 0
        self.printed = self.story = ""
        self.loaded = 0
        self.prolong()

    def prolong(self) -> None:
        """All the time again, from now."""
        self.ends = time.monotonic() + self.seconds

    @property
    def behaviour(self) -> str:
        """Digest of all answers so far; empty when there were none."""
        return self._answers.hexdigest() if self._answered else ""

    def open(self, name: str, *, given: bytes = b"") -> messages.Heard:
        """Load the program in a process of its own; see `messages.Load`."""
        if len(self._instances) >= _MOST_LOADED:
            self._instances.pop(min(self._instances)).close()
        self.loaded += 1
        number = self.loaded
        try:
            candidate = self._sandbox.conversation(SERVER)
        except SandboxError as error:
            return messages.Gone(f"the program cannot be started: {error}")
        self._instances[number] = candidate
        load = messages.Load(self._program, name, list(self._shared), given)
        body = messages.encode(load)
        return self._said(number, body, cpu_s=self._load_cpu_s, wall_s=2 * self._load_cpu_s)

    def ask(self, question: messages.Ask) -> messages.Heard:
        """Pass a question on."""
        if question.instance not in self._instances:
            return messages.Gone("the program was loaded again, and this one was ended")
        seconds = self._seconds_left()
        if question.within_s > 0:
            seconds = min(seconds, question.within_s)
        return self._said(question.instance, question.body, cpu_s=seconds, wall_s=seconds)

    def close(self) -> None:
        """End the program; idempotent."""
        while self._instances:
            self._instances.popitem()[1].close()

    def _seconds_left(self) -> float:
        grace = min(_MOST_GRACE_S, _GRACE_SHARE * self.seconds)
        return self.ends - grace - time.monotonic()

    def _said(self, number: int, body: bytes, *, cpu_s: float, wall_s: float) -> messages.Heard:
        wall_s = min(wall_s, self._seconds_left())
        if wall_s <= 0:
            return messages.Gone("the program's time for this evaluation is over")
        try:
            answer, _ = self._instances[number].say(body, cpu_s=cpu_s, wall_s=wall_s)
            return self._noted(number, answer, messages.of_program(answer))
        except CandidateDied as error:
            return messages.Gone(f"the program gave no answer: {error}")
        except msgspec.DecodeError:
            self._instances[number].close()
            return messages.Gone("the program gave no answer: it is malformed")

    def _noted(self, number: int, body: bytes, said: messages.OfProgram) -> messages.Heard:
        if not isinstance(said, messages.Back):
            self.printed = (self.printed + said.printed)[:_MOST_PRINTED]
        if isinstance(said, messages.Raised):
            self.story = said.story[:_MOST_STORY]
        if isinstance(said, messages.Returned | messages.Raised):
            self._answered += 1
            self._answers.update(len(said.value).to_bytes(8, "little") + said.value)
        return messages.Answered(number, body)
