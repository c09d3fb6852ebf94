"""A model for tests, ours and yours: it says what it is told to and counts how often."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from codegenesis.core.models.failing import Failure
from codegenesis.core.models.model import Answer, Request, Usage
from codegenesis.errors import ModelError
from codegenesis.model import Record

Answers = Sequence[str | ModelError] | Callable[[Request], str]


class _PerAnswer(Record, frozen=True):
    each: float

    def usd(self, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
        """See `Price`."""
        del input_tokens, output_tokens, cached_tokens
        return self.each


class FakeModel:
    """Answers from a list or from a function; see `Model`.

    Args:
        answers: texts in the order in which they are given, again from the start when they are
            used up (an error among them is raised); or a function from request to text.
        name: what it is called in answers.
        usd: price of each answer; None where nobody knows.

    Attributes:
        price: the same, as a fleet wants to know it.
        requests: what it was asked, in order.
    """

    def __init__(self, answers: Answers, *, name: str = "fake", usd: float | None = 0.0) -> None:
        self.name = name
        self.requests: list[Request] = []
        self._answers = answers
        self.price = None if usd is None else _PerAnswer(usd)
        self._lock = threading.Lock()

    @property
    def calls(self) -> int:
        """How often it was asked."""
        return len(self.requests)

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Answer:
        """See `Model.ask`."""
        if cancelled is not None and cancelled.is_set():
            raise Failure(f"{self.name}: cancelled", kind="cancelled", free=True)
        with self._lock:
            turn = len(self.requests)
            self.requests.append(request)
        text = self._text(request, turn)
        if told:
            told(text)
        return Answer(text=text, model=self.name, usage=self._usage(request, text))

    def _text(self, request: Request, turn: int) -> str:
        if callable(self._answers):
            return self._answers(request)
        said = self._answers[turn % len(self._answers)]
        if isinstance(said, ModelError):
            raise said
        return said

    def _usage(self, request: Request, text: str) -> Usage:
        """One token a word."""
        words = sum(len(message.text.split()) for message in request.messages)
        usd = self.price.each if self.price else 0.0
        return Usage(input_tokens=words, output_tokens=len(text.split()), usd=usd)
