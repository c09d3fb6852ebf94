"""The conversation with one evaluator's host: the workshop's questions turned into ours.

The host asks for the next program by telling what it made of the last, and asks the program through
the engine meanwhile. All of that comes in the thread that the workshop runs in; who wants a program
scored waits in another, and can end the host when that takes too long.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

import codegenesis
from codegenesis.errors import SandboxError
from codegenesis.hosted.evaluating import messages
from codegenesis.hosted.evaluating.messages import Plan
from codegenesis.sandbox import Work, WorkLimits, Workshop
from codegenesis.scenarios.discover.evaluating.stage import Stage

_PLAN = "plan.json"
_OURS = str(Path(codegenesis.__file__).parents[1])
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from codegenesis.hosted.evaluating.main import main; main(sys.argv[2])"
)
#: A host lives as long as the run; what hangs in it is ended from here.
_LONG_S = 7 * 86_400.0
_START_S = 60.0
#: Several hosts share the cores; threads of numeric libraries would only get in each other's way.
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_NAME_BYTES = 12
_OVER = messages.Gone("the evaluation that this program belongs to is over")


def _nothing_to_end(_words: str) -> None:
    """Before it exists."""


class Talk:
    """One host from start to end.

    Args:
        memory_bytes: of the evaluator's world together.
    """

    def __init__(self, workshop: Workshop, plan: Plan, *, memory_bytes: int) -> None:
        self._said: queue.SimpleQueue[messages.Said | None] = queue.SimpleQueue()
        self._asked: queue.SimpleQueue[messages.Heard] = queue.SimpleQueue()
        self._stage: Stage | None = None
        self._exists = threading.Event()
        self._halt: Callable[[str], None] = _nothing_to_end
        self._work: Work | None = None
        self._error: BaseException | None = None
        self._limits = WorkLimits(cpu_s=_LONG_S, wall_s=_LONG_S, memory_bytes=memory_bytes)
        self._thread = threading.Thread(
            target=self._run, args=(workshop, plan), daemon=True, name="codegenesis-evaluator"
        )
        self._thread.start()

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self._work is None:
            return str(self._error or "it did not answer")
        said = self._work.stderr.decode(errors="replace").strip().splitlines()
        words = (said or [f"it ended itself with status {self._work.status}"])[-1]
        return self._work.died or words[:300]

    def say(self, stage: Stage, text: str) -> None:
        """Have a program evaluated."""
        self._stage = stage
        self._asked.put(messages.Evaluate(stage.token, text))

    def hear(self, patience_s: float) -> messages.Said | None:
        """What it says next; None when it has ended; raises what the workshop raised.

        Raises:
            TimeoutError: nothing was said so long.
        """
        try:
            said = self._said.get(timeout=max(0.0, patience_s))
        except queue.Empty:
            raise TimeoutError from None
        if said is None and self._error is not None:
            raise self._error
        return said

    def end(self, words: str) -> None:
        """End it now, and wait until it has ended."""
        self._exists.wait(_START_S)
        self._halt(words)
        self.close()

    def close(self) -> None:
        """Let it come to its end; idempotent."""
        self._asked.put(messages.Close())
        self._thread.join()

    def _run(self, workshop: Workshop, plan: Plan) -> None:
        try:
            self._work = workshop.run(
                [sys.executable, "-P", "-c", _BOOT, _OURS, _PLAN],
                files={_PLAN: messages.planned(plan)},
                env=_ONE_THREAD,
                limits=self._limits,
                answer=self._answer,
                begun=self._begun,
            )
        except BaseException as error:  # noqa: BLE001 (thread boundary: handed on)
            self._error = error
        self._exists.set()
        self._said.put(None)

    def _begun(self, halt: Callable[[str], None]) -> None:
        self._halt = halt
        self._exists.set()

    def _answer(self, frame: bytes) -> bytes:
        name, body = frame[:_NAME_BYTES], frame[_NAME_BYTES:]
        try:
            said = messages.said(body)
        except msgspec.DecodeError as error:
            raise SandboxError(f"the evaluator says what cannot be read: {error}") from error
        return name + messages.encode(self._heard(said))

    def _heard(self, said: messages.Said) -> messages.Heard:
        stage = self._stage
        match said:
            case messages.Ready() | messages.Done():
                self._said.put(said)
                return self._asked.get()
            case messages.Staged():
                if stage and stage.token == said.token:
                    stage.prolong()
                    self._said.put(said)
                return messages.Noted()
        if stage is None or stage.token != said.token:
            return _OVER
        if isinstance(said, messages.Open):
            return stage.open(said.name, given=said.given)
        return stage.ask(said)
