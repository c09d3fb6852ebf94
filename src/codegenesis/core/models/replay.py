"""Real answers, written down once and given again: tests with a model's own words, without a model.

One JSON line for each answer: the request, its digest, the answer. Nothing of how it was had (no
address, header or key) is written.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec

from codegenesis.core.models.cache import request_digest
from codegenesis.core.models.model import Answer, Model, Request
from codegenesis.errors import ModelError, UsageError
from codegenesis.model import Record


class _Line(Record, frozen=True, kw_only=True):
    request_digest: str
    request: Request
    answer: Answer


class Recorder:
    """A model whose answers are written down; see `Model`.

    Args:
        model: that is asked.
        file: answers are added at its end.
    """

    def __init__(self, model: Model, file: Path) -> None:
        self.name = model.name
        self._model = model
        self._file = file
        self._lock = threading.Lock()

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Answer:
        """See `Model.ask`."""
        answer = self._model.ask(request, told=told, cancelled=cancelled)
        line = _Line(request_digest=request_digest(request), request=request, answer=answer)
        with self._lock, self._file.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
        return answer


class Replay:
    """A model that gives recorded answers; see `Model`.

    Where a request was recorded several times its answers come in that order, then the last again.

    Args:
        file: of a `Recorder`.

    Raises:
        UsageError: it cannot be read.
    """

    def __init__(self, file: Path, *, name: str = "replay") -> None:
        self.name = name
        self._file = file
        self._lock = threading.Lock()
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        try:
            for line in file.read_bytes().splitlines():
                recorded = msgspec.json.decode(line, type=_Line)
                self._answers[recorded.request_digest].append(recorded.answer)
        except (OSError, msgspec.MsgspecError) as error:
            raise UsageError(
                f"{file}: expected recorded answers ({error})", remedy="Record them again."
            ) from error

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Answer:
        """See `Model.ask`."""
        del cancelled
        with self._lock:
            answers = self._answers.get(request_digest(request), [])
            answer = answers.pop(0) if len(answers) > 1 else next(iter(answers), None)
        if answer is None:
            raise self._missing(request)
        if told:
            told(answer.text)
        return msgspec.structs.replace(answer, model=self.name)

    def _missing(self, request: Request) -> ModelError:
        asked = request.messages[-1].text if request.messages else ""
        return ModelError(
            f"{self._file} has no answer to request {request_digest(request)[:12]} "
            f"({request.purpose or 'no purpose'}, seed {request.seed}: {asked[:80]!r}); "
            f"it has {len(self._answers)} others",
            remedy="Record it with codegenesis.core.models.Recorder.",
        )
